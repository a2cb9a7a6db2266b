r"""The agent: makes an entry of one line of standard output.

It is total: whatever bytes a process prints, one line is one entry, or none if empty. A
line that is no JSON object becomes text. Special fields leave the payload for the entry's
own; a ``message`` that is all that remains becomes text too.

Sources: docs.cloud.google.com/logging/docs/structured-logging for the fields; Google's
fluentd plugin for what they may hold (the agent of Cloud Run itself is not public). Ours,
for want of a source: JSON nested deeper than 24 levels is kept as text from there on, for
protobuf reads no more than 100 messages deep; numbers that JSON cannot hold become text.

>>> from tocsin.rehearsal.cloud.rulebook import Rulebook
>>> line = b'{"severity":"warn","message":"slow","logging.googleapis.com/labels":{"a":"b"}}'
>>> entry = entry_of_line(line, "demo", Rulebook(), now_ns=0)
>>> entry.severity, entry.text_payload, dict(entry.labels)
(400, 'slow', {'a': 'b'})
"""

import json
from typing import Any, Final, NoReturn

from tocsin.rehearsal.cloud.logs import rules as r
from tocsin.rehearsal.cloud.logs.agent_request import read_request
from tocsin.rehearsal.cloud.logs.agent_values import (
    as_int,
    as_text,
    fill_struct,
    severity_of,
    time_of,
    trace_name,
)
from tocsin.rehearsal.cloud.logs.messages import LogEntry, set_ns
from tocsin.rehearsal.cloud.rulebook import Rulebook

PREFIX: Final = "logging.googleapis.com/"
_TRUE: Final = (True, "true", 1)
_INT64_AT_MOST: Final = 2**63 - 1


def entry_of_line(line: bytes, project: str, rules: Rulebook, *, now_ns: int) -> Any | None:
    """The entry without log name and resource; None for an empty line."""
    text = line.decode("utf-8", "replace").strip("\r\n")
    if not text.strip():
        return None
    entry = LogEntry()
    set_ns(entry.timestamp, now_ns)
    record = _record(text)
    if record is None:
        entry.text_payload = text
        return entry
    _lift_fields(record, entry, project, rules, now_ns)
    message = record.get("message")
    if len(record) == 1 and isinstance(message, str):
        entry.text_payload = as_text(message)
    else:
        fill_struct(entry.json_payload, record)
    return entry


def _record(text: str) -> dict[str, Any] | None:
    try:
        record = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of RFC 8259")


def _lift_fields(
    record: dict[str, Any], entry: Any, project: str, rules: Rulebook, now_ns: int
) -> None:
    if "severity" in record:
        entry.severity = severity_of(record.pop("severity"), rules)
    if (time_ns := time_of(record, rules)) is not None:
        set_ns(entry.timestamp, time_ns)
    else:
        set_ns(entry.timestamp, now_ns)
    read_request(record, entry.http_request, rules)
    _lift_labels(record, entry, rules)
    if (trace := record.pop(f"{PREFIX}trace", None)) is not None:
        entry.trace = trace_name(as_text(trace), project)
    if (span_id := record.pop(f"{PREFIX}spanId", None)) is not None:
        entry.span_id = as_text(span_id)
    if (sampled := record.pop(f"{PREFIX}trace_sampled", None)) is not None:
        entry.trace_sampled = sampled in _TRUE
    if (insert_id := record.pop(f"{PREFIX}insertId", None)) is not None:
        entry.insert_id = as_text(insert_id)
    _lift_operation(record, entry)
    _lift_source(record, entry)


def _lift_labels(record: dict[str, Any], entry: Any, rules: Rulebook) -> None:
    labels = record.pop(f"{PREFIX}labels", None)
    if labels is None:
        return
    table = labels if isinstance(labels, dict) else {}
    plain = isinstance(labels, dict) and all(isinstance(one, str) for one in labels.values())
    if rules.broken(r.LINE_LABELS, when=not plain):
        return
    for key, value in table.items():
        entry.labels[as_text(key)] = as_text(value)


def _lift_operation(record: dict[str, Any], entry: Any) -> None:
    operation = record.get(f"{PREFIX}operation")
    if not isinstance(operation, dict):
        return
    del record[f"{PREFIX}operation"]
    entry.operation.id = as_text(operation.get("id", ""))
    entry.operation.producer = as_text(operation.get("producer", ""))
    entry.operation.first = operation.get("first") in _TRUE
    entry.operation.last = operation.get("last") in _TRUE


def _lift_source(record: dict[str, Any], entry: Any) -> None:
    source = record.get(f"{PREFIX}sourceLocation")
    if not isinstance(source, dict):
        return
    del record[f"{PREFIX}sourceLocation"]
    entry.source_location.file = as_text(source.get("file", ""))
    entry.source_location.function = as_text(source.get("function", ""))
    entry.source_location.line = as_int(source.get("line"), _INT64_AT_MOST) or 0
