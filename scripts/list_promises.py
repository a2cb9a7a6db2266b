"""Writes the page that says which test proves which promise.

Each test names at its sentence's end what it proves: a defect of the earlier system (D24)
or a behaviour that peers get wrong (behaviour 25). This script collects them:

    python scripts/list_promises.py > backend/docs/PROMISES.md

What is owed so far stands in OWED; a promise without a test shows as «no test».
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOMES = ("tocsin/tests", "backend/tests", "tests")

OWED = {
    "D01": "recording does no I/O and does not block",
    "D02": "counters are cumulative, with a start that stays; and read back to the last increment",
    "D03": "histograms arrive as distributions, from which percentiles are computable",
    "D04": "two writers never share a series",
    "D05": "a cloud that holds Google's rules refuses nothing of ours",
    "D06": "exact totals under threads",
    "D07": "what was recorded last is flushed when the process ends",
    "D08": "no address, e-mail or account in any series",
    "D09": "endpoints are route templates, bounded in number",
    "D10": "the project is told once and never guessed",
    "D11": "the location comes from settings or from Google",
    "D12": "a failed start of an exporter disables nothing for good",
    "D13": "an outage of Google is a line a minute, not a traceback a request",
    "D14": "every declared instrument is moved by the running service",
    "D16": "API and worker share one instrument library; every way out has its outcome",
    "D17": "JSON logs under every spelling of the environment",
    "D18": "a rejected value is neither logged nor answered",
    "D19": "nothing prints; no e-mail in any log",
    "D20": "reserved fields are safe, secrets masked, no line lost",
    "D21": "levels are honoured, the source location is true",
    "D22": "every documented example runs",
    "D23": "the access line names the signed-in user by pseudonym",
    "D24": "ids are validated, returned and passed on to the worker",
    "D25": "trace and httpRequest fields in Google's form",
    "D26": "error lines are what Error Reporting reads",
    "D27": "every process writes JSON only",
    "D28": "no personal data in log fields",
    "D29": "telemetry cannot fail the pipeline",
    "D30": "the plan's libraries are used, or a decision says why not",
    "D31": "telemetry is outermost: a 429 has a metric, a line and an id",
    "D32": "refusals say when to return",
    "D33": "one error, one record, with the request's id",
    "D34": "streams are measured to their last byte",
    "D35": "probes are kept out of the indicators",
    "D42": "no rate of a gauge, no difference of a counter, in any alarm or panel",
    "D43": "a percentile comes from a distribution, never from means",
    "D44": "every declared instrument has a live producer",
    "D45": "four dashboards of the plan with all their panels",
    "D46": "thresholds stand on their panels, with the alarms' own numbers",
    "D47": "an error rate is a ratio with a guard, proved on the engine",
    "D48": "each alarm has the plan's condition and severity",
    "D49": "every alarm of the plan exists, and rings",
    "D50": "every alarm reaches somebody, and a plan without a channel fails",
    "D51": "an alarm watches what the service uses, by the service's own names",
    "D52": "names of metrics that others write are checked against a list",
    "D53": "state lies remote, a second plan is empty, nothing approves itself",
    "D54": "environments of one project do not mix",
    "D55": "an alarm, its text and its panel speak of one unit",
    "D56": "runbooks, escalation, buckets and grants are there",
    "D57": "a release is judged by its own revision's figures",
    "D58": "the budget stands in Terraform, and no policy lacks a condition",
    "D68": "Sentry starts in every process",
    "D69": "all server errors are reported alike",
    "D70": "what goes to Sentry is scrubbed, whatever its spelling",
    "D71": "Sentry gets a pseudonym and nothing else of a person",
    "D72": "monitoring needs a right",
    "D73": "no side effect without signing in",
    "D74": "a logged-out or refresh token opens nothing",
    "D75": "a client's address cannot be forged; a school is not one client",
    "D76": "no e-mail in a URL; looking at a child's records is recorded",
    "D77": "a teacher sees one organisation",
    "D78": "no secret in a URL",
    "D79": "an error answer carries no exception text",
    "D80": "another spelling of an e-mail does not evade a lockout",
    "D81": "a sign-in runs once",
    "D82": "stores of limits and lockouts are bounded",
    "D83": "processes share limits through Redis",
    "D84": "every route has a limit that bites",
    "D89": "durations come from the real pipeline",
    "D90": "completed means that a lesson exists",
    "D91": "one vocabulary of statuses, held by the database",
    "D92": "settings load from what a deployment sends",
    "D93": "one vocabulary of environments",
    "D94": "a platform that freezes the processor between requests loses nothing",
    "D95": "telemetry names the release that it comes from",
    "behaviour 1": "on SIGTERM the last span, line and point get out, under every server",
    "behaviour 2": "what was counted before a fork is not multiplied",
    "behaviour 3": "two workers of one instance write apart",
    "behaviour 4": "the final flush is never too frequent, and loses no increment",
    "behaviour 5": "a failing batch stops no other; only what may be retried is",
    "behaviour 6": "ten minutes of outage cost no request anything, and no count",
    "behaviour 7": "a frozen process loses and doubles nothing",
    "behaviour 8": "a clock put back, or a restart, makes no refused point",
    "behaviour 9": "invented values cannot blind the metrics",
    "behaviour 10": "templates survive 404, 405, HEAD, mounts and prefixes",
    "behaviour 11": "each way to end has one outcome, counted once",
    "behaviour 12": "background time is apart; event streams do not wreck latency",
    "behaviour 13": "the in-flight gauge returns to zero",
    "behaviour 14": "concurrent requests exchange nothing",
    "behaviour 15": "a failing label does not fail the request",
    "behaviour 16": "web sockets are measured",
    "behaviour 17": "exclusions match whole paths",
    "behaviour 18": "whole numbers and fractions go into one metric",
    "behaviour 19": "the page of several workers is the sum of what they did",
    "behaviour 20": "every line is one JSON object",
    "behaviour 21": "logging never raises, mutates or loses",
    "behaviour 22": "extra fields and tracebacks appear",
    "behaviour 23": "user text cannot forge fields",
    "behaviour 24": "trace fields on every kind of line",
    "behaviour 25": "the request id is on every answer",
    "behaviour 26": "a user bound anywhere reaches the access line",
    "behaviour 27": "time is the event's, to the microsecond",
    "behaviour 28": "DEBUG is sampled by trace and kept for failures",
    "behaviour 29": "the server's own loggers use our shape, once",
    "behaviour 30": "planted secrets do not leave",
    "behaviour 31": "failing redaction withholds; its cost is linear",
    "behaviour 32": "one exception is one event; storms are limited and counted",
    "behaviour 34": "probes are kept out of service levels",
    "behaviour 35": "each alarm rings on its failure, is silent on near misses, and clears",
    "behaviour 36": "a renamed metric, label or value turns the checks red",
    "behaviour 37": "a first apply works on an empty project, a second plan is empty",
    "behaviour 38": "each alarm has a runbook whose commands and queries are checked",
    "behaviour 39": "the time to detect is stated, and proved on the engine",
}
TAG = re.compile(r"\bD\d\d\b|\bbehaviours? \d+(?:, \d+| and \d+)*")


def tags(sentence: str) -> Iterator[str]:
    """The promises that one docstring names."""
    for tag in TAG.findall(sentence):
        if tag.startswith("D"):
            yield tag
        else:
            yield from (f"behaviour {number}" for number in re.findall(r"\d+", tag))


def proofs() -> dict[str, list[str]]:
    """Tests by the promise that they name."""
    found: dict[str, list[str]] = defaultdict(list)
    for home in HOMES:
        for path in sorted((ROOT / home).rglob("test_*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                if named and node.name.startswith("test_"):
                    for tag in dict.fromkeys(tags(ast.get_docstring(node) or "")):
                        found[tag].append(f"`{path.relative_to(ROOT)}` {node.name}")
    return found


def page() -> str:
    """The whole page."""
    found = proofs()
    lines = [
        "# Which test proves which promise",
        "",
        "D01 to D98 are defects of an earlier implementation; the behaviours are what the best",
        "implementation must get right where its peers fail. Tests name them at the end of their",
        "sentence, and `python scripts/list_promises.py` collects them into this page.",
        "",
        "| | promise | tests |",
        "|---|---|---|",
    ]
    for tag, promise in OWED.items():
        tests = "<br>".join(found.get(tag, ["**no test**"]))
        lines.append(f"| {tag} | {promise} | {tests} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.stdout.write(page())
