r"""A line of ours as the ``LogEntry`` that Google's agent would make of it.

The special fields leave the payload for the entry's own
(docs.cloud.google.com/logging/docs/structured-logging); the rest is ``jsonPayload``. An
entry that would be heavier than Google takes (256 KiB, quotas page) keeps its payload as
text, which weighs what the line weighs: at most 64 KiB. A line that is no JSON object
(somebody else's words on our stream) is text, too.

>>> entry = entry_of("life-1", b'{"severity":"INFO","message":"paid","cents":5}\n')
>>> entry.severity, entry.insert_id, entry.json_payload["cents"]
(200, 'life-1', 5.0)
"""

from typing import Any, Final

import orjson
from google.cloud.logging_v2.types import LogEntry
from google.logging.type.log_severity_pb2 import LogSeverity
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.struct_pb2 import Struct

from tocsin.telemetry.logs.entry import INSERT_ID, LABELS, NOTES, SAMPLED, SOURCE, SPAN, TRACE

ENTRY_BYTES: Final = 250_000
RawEntry: Any = LogEntry.pb(LogEntry()).__class__

_TEXT_BYTES: Final = 65_536
_TOO_HEAVY: Final = "payload: kept as text, as an object it is heavier than an entry may be"


def entry_of(insert_id: str, line: bytes) -> Any:
    """The entry; total, whatever the line is."""
    entry = RawEntry(insert_id=insert_id)
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        record = None
    if not isinstance(record, dict):
        entry.text_payload = _text(line)
        return entry
    _lift(record, entry)
    try:
        entry.json_payload.CopyFrom(_struct(record))
    except (ValueError, TypeError, RecursionError):
        entry.text_payload = _text(line)
    if entry.ByteSize() > ENTRY_BYTES:
        payload = {"message": str(record.get("message", ""))[:1_000], NOTES: [_TOO_HEAVY]}
        entry.json_payload.CopyFrom(_struct({**payload, "line": _text(line)}))
    return entry


def _lift(record: dict[str, Any], entry: Any) -> None:
    severity = str(record.pop("severity", ""))
    if severity in LogSeverity.keys():  # noqa: SIM118 - an enum's wrapper, not a dict
        entry.severity = LogSeverity.Value(severity)
    _lift_time(record, entry)
    _lift_request(record, entry)
    entry.insert_id = str(record.pop(INSERT_ID, "")) or entry.insert_id
    entry.trace = str(record.pop(TRACE, ""))
    entry.span_id = str(record.pop(SPAN, ""))
    entry.trace_sampled = record.pop(SAMPLED, False) is True
    labels = record.pop(LABELS, None)
    if isinstance(labels, dict):
        entry.labels.update({str(key): str(value) for key, value in labels.items()})
    source = record.pop(SOURCE, None)
    if isinstance(source, dict):
        entry.source_location.file = str(source.get("file", ""))
        entry.source_location.function = str(source.get("function", ""))
        line = str(source.get("line", ""))
        entry.source_location.line = int(line) if line.isdecimal() else 0


def _lift_time(record: dict[str, Any], entry: Any) -> None:
    try:
        entry.timestamp.FromJsonString(str(record.get("time", "")))
    except ValueError:
        return
    del record["time"]


def _lift_request(record: dict[str, Any], entry: Any) -> None:
    request = record.get("httpRequest")
    if not isinstance(request, dict):
        return
    try:
        ParseDict(request, entry.http_request)
    except ParseError:
        entry.ClearField("http_request")
        return
    del record["httpRequest"]


def _struct(record: dict[str, Any]) -> Any:
    struct = Struct()
    struct.update(record)
    return struct


def _text(line: bytes) -> str:
    return line[:_TEXT_BYTES].decode("utf-8", "replace").rstrip("\n")
