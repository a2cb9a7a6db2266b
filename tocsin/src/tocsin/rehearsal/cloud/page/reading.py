"""What the cloud holds, as JSON for the page and for whoever likes to script it.

>>> from tocsin.rehearsal.cloud.running import RunningCloud
>>> summary(RunningCloud(), {})["held"]["spans"]
0
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.json_format import MessageToDict

from tocsin.rehearsal.cloud.all_rules import RULES
from tocsin.rehearsal.cloud.faults import FOR_EVER, KINDS
from tocsin.rehearsal.cloud.logs.messages import ns_of
from tocsin.rehearsal.cloud.logs.query import Query, QueryError

_SHOWN: Final = 200
_MS: Final = 1_000_000
_SAYS: Final = {rule.name: rule.says for rule in RULES}
Asked = Mapping[str, str]


class UnreadableError(ValueError):
    """What was asked for cannot be read."""


def summary(cloud: Any, _asked: Asked) -> Any:
    """How much is held, and what was dropped or refused."""
    shelf = cloud.monitoring.shelf
    with cloud.world.lock:
        series = shelf.names()
    return {
        "grpc": cloud.grpc_address,
        "http": cloud.http_url,
        "now_ms": cloud.world.clock.wall_ns() / _MS,
        "held": {
            "metrics": len({one.metric_type for one in series}),
            "series": len(series),
            "log entries": len(cloud.logs.entries()),
            "traces": len({span.trace_id for span in cloud.traces.spans()}),
            "spans": len(cloud.traces.spans()),
            "error groups": len(cloud.errors.groups()),
        },
        "dropped": {
            "series": shelf.series_dropped,
            "points": shelf.points_dropped,
            "log entries": cloud.logs.dropped,
            "spans": cloud.traces.dropped,
            "error groups": cloud.errors.dropped,
            "journal entries": cloud.journal.lost if cloud.journal else 0,
        },
        "breaches": sum(cloud.world.rules.breaches.values()),
        "faults": sum(fault.happened for fault in cloud.faults.asked),
        "without": sorted(cloud.world.rules.without),
    }


def logs(cloud: Any, asked: Asked) -> Any:
    """The newest entries that the filter, in Logging's query language, lets through."""
    try:
        query = Query(asked.get("filter", ""))
    except QueryError as error:
        raise UnreadableError(f"the filter cannot be read: {error}") from error
    entries = [entry for entry in cloud.logs.entries() if query.matches(entry)]
    entries.sort(key=lambda entry: ns_of(entry.timestamp), reverse=True)
    return {
        "entries": [_entry(entry) for entry in entries[:_SHOWN]],
        "found": len(entries),
    }


def _entry(entry: Any) -> dict[str, Any]:
    told = MessageToDict(entry)
    payload = told.get("jsonPayload") or told.get("protoPayload") or {}
    message = entry.text_payload or payload.get("message") or payload.get("event") or ""
    return {
        "time_ms": ns_of(entry.timestamp) / _MS,
        "severity": told.get("severity", "DEFAULT"),
        "log": entry.log_name.rpartition("/logs/")[2],
        "message": str(message)[:2_000],
        "trace": entry.trace.rpartition("/")[2],
        "entry": told,
    }


def traces(cloud: Any, asked: Asked) -> Any:
    """The newest traces, each by its root."""
    by_trace: dict[str, list[Any]] = defaultdict(list)
    for span in cloud.traces.spans():
        by_trace[span.trace_id].append(span)
    told = [_trace(trace_id, found) for trace_id, found in by_trace.items()]
    wanted = asked.get("text", "").lower()
    told = [one for one in told if wanted in f"{one['name']} {one['trace_id']}".lower()]
    told.sort(key=lambda one: -float(one["start_ms"]))
    return {"traces": told[:_SHOWN], "found": len(told)}


def _trace(trace_id: str, found: list[Any]) -> dict[str, Any]:
    ids = {span.span_id for span in found}
    root = min(found, key=lambda span: (span.parent_id in ids, span.start_ns))
    start_ns = min(span.start_ns for span in found)
    return {
        "trace_id": trace_id,
        "name": root.name,
        "services": sorted({span.service for span in found if span.service}),
        "spans": len(found),
        "failed": any(span.status == "ERROR" for span in found),
        "start_ms": start_ns / _MS,
        "took_ms": (max(span.end_ns for span in found) - start_ns) / _MS,
    }


def spans(cloud: Any, asked: Asked) -> Any:
    """One trace's spans, each after its parent, with how deep it stands."""
    found = cloud.traces.spans(asked.get("trace", ""))
    if not asked.get("trace"):
        raise UnreadableError("say which trace: ?trace=…")
    children: dict[str, list[Any]] = defaultdict(list)
    ids = {span.span_id for span in found}
    for span in sorted(found, key=lambda span: span.start_ns):
        children[span.parent_id if span.parent_id in ids else ""].append(span)
    in_order: list[dict[str, Any]] = []
    ahead = [(span, 0) for span in reversed(children[""])]
    while ahead:
        span, depth = ahead.pop()
        in_order.append(_span(span, depth))
        ahead.extend((child, depth + 1) for child in reversed(children.pop(span.span_id, [])))
    return in_order[: _SHOWN * 5]


def _span(span: Any, depth: int) -> dict[str, Any]:
    return {
        "span_id": span.span_id,
        "depth": depth,
        "name": span.name,
        "service": span.service,
        "kind": span.kind,
        "status": span.status,
        "start_ms": span.start_ns / _MS,
        "took_ms": (span.end_ns - span.start_ns) / _MS,
        "attributes": {key: str(value) for key, value in span.attributes.items()},
        "events": [{"name": event.name, "ms": event.time_ns / _MS} for event in span.events],
    }


def errors(cloud: Any, _asked: Asked) -> Any:
    """Error groups, the newest first."""
    groups = sorted(cloud.errors.groups(), key=lambda group: -group.last_ns)
    return [
        {
            "group_id": group.group_id,
            "kind": group.kind,
            "message": group.message,
            "count": group.count,
            "users": len(group.users),
            "services": list(group.services),
            "first_ms": group.first_ns / _MS,
            "last_ms": group.last_ns / _MS,
            "sample": group.events[-1].message[:20_000] if group.events else "",
        }
        for group in groups[:_SHOWN]
    ]


def faults(cloud: Any, _asked: Asked) -> Any:
    """What was asked for, how often it happened, and what can be asked for."""
    asked = list(enumerate(cloud.faults.asked))[-_SHOWN:]
    return {
        "kinds": sorted(KINDS),
        "methods": sorted({rpc.method for part in cloud.parts.values() for rpc in part.rpcs()}),
        "asked": [
            {
                "number": number,
                "kind": fault.kind,
                "on": fault.on,
                "times": 0 if fault.times == FOR_EVER else fault.times,
                "seconds": fault.seconds,
                "happened": fault.happened,
                "active": fault.happened < fault.times,
            }
            for number, fault in reversed(asked)
        ],
    }


def breaches(cloud: Any, _asked: Asked) -> Any:
    """Which rules were broken, the most broken first."""
    counted = cloud.world.rules.breaches.most_common()
    return [{"rule": name, "says": _SAYS.get(name, ""), "count": count} for name, count in counted]


def usage(cloud: Any, _asked: Asked) -> Any:
    """What arrived so far, as a bill counts it; `tocsin cost --measured` reads it."""
    with cloud.world.lock:
        return cloud.world.usage.told()


def configuration(cloud: Any, _asked: Asked) -> Any:
    """Everything that was set up, by its sort."""
    return {
        sort: [MessageToDict(item) for item in cloud.configuration.all(sort)[:_SHOWN]]
        for sort in cloud.configuration.rooms
    }
