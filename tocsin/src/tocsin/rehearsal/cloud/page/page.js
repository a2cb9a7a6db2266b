// What came from outside goes into text nodes and attributes only: never into HTML.
"use strict";

const TABS = [
  ["metrics", "Metrics", "metrics"], ["logs", "Logs", "log entries"], ["traces", "Traces", "traces"],
  ["errors", "Errors", "error groups"], ["rules", "Broken rules", ""], ["faults", "Faults", ""],
  ["setup", "Set up", ""],
];
const EVERY_MS = 3000;
const state = { fields: {}, open: new Set(), shown: "", summary: null };
const main = document.getElementById("main");

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const count = (value) => grouped.format(value);
const clock = (ms) => new Date(ms).toLocaleTimeString("en-GB", { hour12: false }) +
  "." + String(Math.floor(ms % 1000)).padStart(3, "0");
const day = (ms) => new Date(ms).toLocaleString("en-GB", { hour12: false });
const took = (ms) => ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;
// Long dotted and slashed names may break after their marks rather than anywhere.
const breakable = (text) => text.split(/(?<=[/_.])/).flatMap((part) => [part, el("wbr")]);
const note = (text, bad) => el("p", { class: bad ? "note bad" : "note" }, text);
const card = (children, empty) => el("div", { class: "card" }, children.length ? children : [note(empty)]);

async function read(name, asked = {}) {
  const query = new URLSearchParams(asked).toString();
  const answer = await fetch(`read/${name}${query ? "?" + query : ""}`);
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error || `${answer.status}`);
  return told;
}

async function send(path, body) {
  const answer = await fetch(path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
}

function sparkline(line) {
  const NS = "http://www.w3.org/2000/svg";
  const low = Math.min(0, ...line), high = Math.max(...line, low + 1e-9);
  const at = (value, index) => `${(index / (line.length - 1) * 200).toFixed(1)},${(32 - (value - low) / (high - low) * 29).toFixed(1)}`;
  const points = line.map(at).join(" ");
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", "0 0 200 34");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  for (const [tag, css, given] of [["polygon", "fill", `0,33 ${points} 200,33`], ["polyline", "stroke", points]]) {
    const shape = document.createElementNS(NS, tag);
    shape.setAttribute("class", css);
    shape.setAttribute("points", given);
    svg.append(shape);
  }
  return svg;
}

const labels = (told) => el("div", { class: "labels" }, Object.entries(told).map(([key, value]) =>
  el("span", { class: "label" }, el("b", {}, key + " "), value === "" ? "–" : String(value))));

function folded(key, summary, ...inside) {
  const details = el("details", { ontoggle: () => details.open ? state.open.add(key) : state.open.delete(key) },
    summary, ...inside);
  details.open = state.open.has(key);
  return details;
}

function search(name, hint) {
  const input = el("input", { class: "wide", name, placeholder: hint, "aria-label": hint, spellcheck: "false", autocomplete: "off" });
  input.value = state.fields[name] || "";
  input.addEventListener("input", () => { state.fields[name] = input.value; });
  return el("form", { onsubmit: (event) => { event.preventDefault(); show(true); } }, input, el("button", {}, "Filter"));
}

const unit = (told) => ({ "1": "", "": "" }[told] ?? told);

async function metrics(parts) {
  if (parts[0]) return series(decodeURIComponent(parts[0]));
  const told = await read("metrics", { text: state.fields.metric || "" });
  const rows = told.map((one) => el("button", { class: "row metric", onclick: () => { location.hash = `metrics/${encodeURIComponent(one.type)}`; } },
    el("div", { class: "main-text" }, breakable(one.type), el("div", { class: "sub" },
      `${one.kind.toLowerCase()} ${one.value_type.toLowerCase()} · ${count(one.series)} series · ${count(one.points)} points · ${clock(one.last_ms)}`)),
    sparkline(one.line),
    el("div", { class: "number" }, count(one.value), el("small", {}, [one.value_type === "DISTRIBUTION" ? "observations" : one.kind === "CUMULATIVE" ? "in all" : "now", one.value_type === "DISTRIBUTION" ? "" : unit(one.unit)].join(" ").trim()))));
  return [search("metric", "Part of a metric’s name"), card(rows, state.fields.metric ? "No metric is called like that." : "No metric has arrived yet.")];
}

async function series(metric) {
  const told = await read("series", { metric });
  const rows = told.series.map((one) => el("div", { class: "row metric" },
    el("div", { class: "main-text" }, labels(one.labels), el("div", { class: "sub" },
      Object.entries(one.resource).map(([key, value]) => `${key} ${value}`).join(" · "))),
    sparkline(one.line),
    el("div", { class: "number" }, count(one.value), el("small", {}, `${count(one.points)} points`))));
  return [el("button", { class: "back", onclick: () => { location.hash = "metrics"; } }, "← All metrics"), el("h2", {}, breakable(metric)),
    card(rows, "No series has this type."), told.left_off ? el("p", { class: "hint" }, `${count(told.left_off)} more series are not shown.`) : null];
}

const severityClass = (severity) => ({ WARNING: "badge warn", ERROR: "badge bad", CRITICAL: "badge bad", ALERT: "badge bad", EMERGENCY: "badge bad" }[severity] || "badge");

async function logs() {
  const told = await read("logs", { filter: state.fields.filter || "" });
  const rows = told.entries.map((one) => folded(`log ${one.entry.insertId}`,
    el("summary", { class: "row entry" }, el("small", { class: "mono" }, clock(one.time_ms)),
      el("span", { class: severityClass(one.severity) }, one.severity),
      el("span", { class: "main-text" }, one.message || one.log, one.trace ? el("small", {}, ` · trace ${one.trace.slice(0, 8)}`) : null)),
    one.trace ? el("p", { class: "hint", style: "margin:8px 16px" }, el("a", { href: `#traces/${encodeURIComponent(one.trace)}`, style: "color:var(--accent)" }, "Show its trace")) : null,
    el("pre", {}, JSON.stringify(one.entry, null, 2))));
  return [search("filter", "Logging’s query language: severity>=WARNING AND jsonPayload.event=\"…\""),
    el("p", { class: "hint" }, told.found > rows.length ? `The newest ${rows.length} of ${count(told.found)} entries.` : `${count(told.found)} entries.`),
    card(rows, state.fields.filter ? "No entry is let through." : "No log entry has arrived yet.")];
}

async function traces(parts) {
  if (parts[0]) return waterfall(decodeURIComponent(parts[0]));
  const told = await read("traces", { text: state.fields.trace || "" });
  const rows = told.traces.map((one) => el("button", { class: "row trace", onclick: () => { location.hash = `traces/${one.trace_id}`; } },
    el("div", { class: "main-text" }, one.name, " ", one.failed ? el("span", { class: "badge bad" }, "ERROR") : null,
      el("div", { class: "sub" }, [clock(one.start_ms), one.services.join(" → "), one.trace_id.slice(0, 8)].filter(Boolean).join(" · "))),
    el("small", {}, `${count(one.spans)} span${one.spans === 1 ? "" : "s"}`), el("div", { class: "number" }, took(one.took_ms))));
  return [search("trace", "Part of a root’s name, or a trace id"), card(rows, "No trace has arrived yet.")];
}

async function waterfall(trace) {
  const told = await read("spans", { trace });
  const start = Math.min(...told.map((one) => one.start_ms));
  const all = Math.max(...told.map((one) => one.start_ms + one.took_ms)) - start || 1;
  const services = [...new Set(told.map((one) => one.service || "unnamed"))];
  const colour = (service) => `var(--s${services.indexOf(service || "unnamed") % 6})`;
  const rows = told.map((one) => folded(`span ${one.span_id}`,
    el("summary", { class: "row span" },
      el("div", { class: "main-text", style: `padding-left:${Math.min(one.depth, 8) * 14}px` }, one.name, " ", one.status === "ERROR" ? el("span", { class: "badge bad" }, "ERROR") : null),
      el("div", { class: "lane" }, el("div", { class: "bar", style: `left:${((one.start_ms - start) / all * 100).toFixed(2)}%;width:${(one.took_ms / all * 100).toFixed(2)}%;background:${one.status === "ERROR" ? "var(--bad)" : colour(one.service)}` })),
      el("div", { class: "number" }, took(one.took_ms))),
    el("pre", {}, JSON.stringify({ service: one.service, kind: one.kind, span_id: one.span_id, attributes: one.attributes, events: one.events }, null, 2))));
  return [el("button", { class: "back", onclick: () => { location.hash = "traces"; } }, "← All traces"),
    el("h2", { class: "mono" }, trace),
    el("div", { class: "legend" }, services.map((service) => el("span", {}, el("i", { style: `background:${colour(service)}` }), service)), el("span", {}, `${told.length} spans in ${took(all)}`)),
    card(rows, "No span of this trace is held.")];
}

async function errors() {
  const told = await read("errors");
  const rows = told.map((one) => folded(`error ${one.group_id}`,
    el("summary", { class: "row error" },
      el("div", { class: "main-text" }, one.kind ? el("b", {}, one.kind) : null, one.kind && one.message.startsWith(one.kind) ? one.message.slice(one.kind.length) : ` ${one.message}`,
        el("div", { class: "sub" }, `${one.services.join(", ")} · first ${day(one.first_ms)} · last ${clock(one.last_ms)} · ${count(one.users)} user${one.users === 1 ? "" : "s"}`)),
      el("div", { class: "number" }, count(one.count), el("small", {}, one.count === 1 ? "event" : "events"))),
    el("pre", {}, one.sample)));
  return [card(rows, "No error has been reported.")];
}

async function rules() {
  const told = await read("breaches");
  const rows = told.map((one) => el("div", { class: "row rule" },
    el("div", { class: "main-text" }, one.says || one.rule, el("div", { class: "sub mono" }, one.rule)),
    el("div", { class: "number" }, count(one.count), el("small", {}, one.count === 1 ? "time" : "times"))));
  const without = state.summary?.without || [];
  return [without.length ? el("p", { class: "drops" }, `Switched off: ${without.join(", ")}`) : null,
    card(rows, "No rule has been broken: Google would have taken all of it.")];
}

async function faults() {
  const told = await read("faults");
  const field = (name, made) => { made.value = state.fields[name] ?? made.value; made.addEventListener("input", () => { state.fields[name] = made.value; }); return made; };
  const kind = field("kind", el("select", { "aria-label": "Fault" }, told.kinds.map((one) => el("option", { value: one, selected: one === "unavailable" }, one.replaceAll("_", " ")))));
  const on = field("on", el("select", { "aria-label": "Method" }, el("option", { value: "*" }, "every method"), told.methods.map((one) => el("option", {}, one))));
  const times = field("times", el("input", { type: "number", min: "1", placeholder: "for ever", "aria-label": "Times" }));
  const seconds = field("seconds", el("input", { type: "number", min: "0", step: "0.1", placeholder: "seconds", "aria-label": "Seconds, for slow ones" }));
  const form = el("form", { onsubmit: async (event) => {
    event.preventDefault();
    try { await send("faults", { kind: kind.value, on: on.value, times: times.value, seconds: seconds.value }); } catch (error) { failed(error); return; }
    show(true);
  } }, kind, on, times, seconds, el("button", { class: "main" }, "Ask for it"));
  const rows = told.asked.map((one) => el("div", { class: "row fault" },
    el("div", { class: "main-text" }, one.kind.replaceAll("_", " "), el("div", { class: "sub" }, `${one.on === "*" ? "every method" : one.on}${one.seconds ? ` · ${one.seconds} s` : ""}`)),
    el("div", {}, el("span", { class: one.active ? "badge on" : "badge" }, one.active ? "active" : "over"), el("small", {}, ` ${count(one.happened)}${one.times ? ` of ${count(one.times)}` : ""} met`)),
    one.active ? el("button", { onclick: async () => { await send("faults/lift", { number: one.number }); show(true); } }, "Lift") : el("span")));
  return [form, card(rows, "No fault was asked for: everything is answered as Google would on a good day.")];
}

async function setup() {
  const told = await read("configuration");
  const found = Object.entries(told).filter(([, items]) => items.length);
  if (!found.length) return [card([], "Nothing was set up yet: gcloud and the client libraries can.")];
  return found.flatMap(([sort, items]) => [el("h2", {}, sort.replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase())),
    card(items.map((item) => folded(`setup ${sort} ${item.name}`,
      el("summary", { class: "row" }, el("div", { class: "main-text" }, item.displayName || item.config?.name || item.name, el("div", { class: "sub mono" }, item.name))),
      el("pre", {}, JSON.stringify(item, null, 2)))), "")]);
}

const VIEWS = { metrics, logs, traces, errors, rules, faults, setup };

function tabs(current) {
  const told = state.summary;
  document.getElementById("tabs").replaceChildren(...TABS.map(([name, title, held]) => {
    const number = !told ? 0 : held ? told.held[held] : name === "rules" ? told.breaches : name === "faults" ? told.faults : 0;
    return el("a", { href: `#${name}`, "aria-current": name === current ? "page" : undefined }, title,
      number ? el("span", { class: name === "rules" ? "count bad" : "count" }, count(number)) : null);
  }));
}

function failed(error) {
  const box = document.getElementById("state");
  box.className = "lost";
  box.textContent = error instanceof TypeError ? "The cloud does not answer." : error.message;
}

// A click or a filter draws anew at once; the timer does only where nobody is typing.
async function show(now) {
  const [name, ...parts] = location.hash.slice(1).split("/");
  const current = VIEWS[name] ? name : "metrics";
  if (!now && (document.hidden || main.contains(document.activeElement) && document.activeElement.matches("input, select"))) return;
  try {
    state.summary = await read("summary");
    const made = await VIEWS[current](parts);
    if (location.hash.slice(1).split("/")[0] !== name) return;
    const typing = document.activeElement?.name;
    const drops = Object.entries(state.summary.dropped).filter(([, number]) => number);
    main.replaceChildren(...[drops.length ? el("p", { class: "drops" }, `Dropped to stay within memory: ${drops.map(([what, number]) => `${count(number)} ${what}`).join(", ")}`) : null, ...made].filter(Boolean));
    if (typing) main.querySelector(`[name="${CSS.escape(typing)}"]`)?.focus();
    tabs(current);
    if (state.shown !== current) {
      const bar = document.getElementById("tabs"), tab = bar.querySelector("[aria-current]");
      bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
      state.shown = current;
    }
    document.getElementById("addresses").replaceChildren("gRPC ", el("code", {}, state.summary.grpc), "  ·  REST ", el("code", {}, state.summary.http));
    const box = document.getElementById("state");
    box.className = "";
    box.textContent = `as of ${clock(state.summary.now_ms).slice(0, 8)}`;
  } catch (error) { failed(error); }
}

window.addEventListener("hashchange", () => { window.scrollTo(0, 0); show(true); });
document.addEventListener("visibilitychange", () => show(false));
setInterval(() => show(false), EVERY_MS);
show(true);
