"""What of a log entry is an error event.

In this order: a ``textPayload`` with a stack trace; ``stack_trace``, ``exception``,
``message`` of the payload, if one holds a stack trace; a payload marked as a
``ReportedErrorEvent``; a stack trace in any other field. Whose error it is stands in
``serviceContext``, or is taken from the entry's resource.

Source: https://docs.cloud.google.com/error-reporting/docs/formatting-error-messages

>>> from tocsin.rehearsal.cloud.logs.messages import LogEntry
>>> from tocsin.rehearsal.cloud.rulebook import Rulebook
>>> captured(LogEntry(text_payload="all is well"), Rulebook()) is None
True
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp

from tocsin.rehearsal.cloud.errors import rules as r
from tocsin.rehearsal.cloud.errors.stacks import Stack, stacks
from tocsin.rehearsal.cloud.logs.messages import ns_of, project_of
from tocsin.rehearsal.cloud.rulebook import Rulebook

REPORTED_TYPE: Final = (
    "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"
)
_FIELDS: Final = ("stack_trace", "exception", "message")
_SERVICE_LABELS: Final = ("service_name", "job", "module_id", "container_name", "job_name")


@dataclass(frozen=True)
class Captured:
    """An error event before it is grouped."""

    project: str
    time_ns: int
    service: str
    version: str
    user: str
    text: str
    stacks: tuple[Stack, ...]
    http: Mapping[str, Any]
    location: Mapping[str, Any]


def captured(entry: Any, rules: Rulebook) -> Captured | None:
    """The error event that ``entry`` tells of, if any."""
    payload = _payload(entry)
    found = _found(entry, payload, rules)
    if found is None:
        return None
    text, read = found
    whose, context = _table(payload.get("serviceContext")), _table(payload.get("context"))
    return Captured(
        project=project_of(entry.log_name),
        time_ns=_event_time_ns(payload) or ns_of(entry.timestamp),
        service=_string(whose.get("service")) or _service_of(entry.resource),
        version=_string(whose.get("version")),
        user=_string(context.get("user")),
        text=text,
        stacks=tuple(read),
        http=_table(context.get("httpRequest")),
        location=_table(context.get("reportLocation")),
    )


def _payload(entry: Any) -> Mapping[str, Any]:
    if entry.WhichOneof("payload") != "json_payload":
        return {}
    try:
        return MessageToDict(entry.json_payload)
    except Exception:  # noqa: BLE001 - a payload without a JSON form tells of no error
        return {}


def _found(
    entry: Any, payload: Mapping[str, Any], rules: Rulebook
) -> tuple[str, list[Stack]] | None:
    texts = [entry.text_payload] if entry.text_payload else []
    texts += [payload[name] for name in _FIELDS if isinstance(payload.get(name), str)]
    for text in texts:
        if read := stacks(text):
            return text, read
    if payload.get("@type") == REPORTED_TYPE:
        message = _string(payload.get("message"))
        return (message, []) if message else None
    meant = next((str(payload[name]) for name in _FIELDS[:2] if payload.get(name)), "")
    if meant:
        return None if rules.broken(r.UNREADABLE, when=True) else (meant, [])
    for text in sorted(_strings(payload)):
        if read := stacks(text):
            return text, read
    return None


def _strings(value: Any) -> list[str]:
    waiting, found = [value], []
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, str):
            found.append(one)
    return found


def _event_time_ns(payload: Mapping[str, Any]) -> int | None:
    told = payload.get("eventTime")
    if not isinstance(told, str):
        return None
    stamp = Timestamp()
    try:
        stamp.FromJsonString(told)
    except ValueError:
        return None
    return stamp.ToNanoseconds()


def _service_of(resource: Any) -> str:
    named = (resource.labels[key] for key in _SERVICE_LABELS if key in resource.labels)
    return next(named, "") or str(resource.type)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
