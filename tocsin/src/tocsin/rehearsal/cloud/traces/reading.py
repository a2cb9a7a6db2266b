"""Reads a ``google.devtools.cloudtrace.v2.Span``: refuses what is malformed.

The texts of the refusals are ours; Google's were not found in public.
"""

import re
from typing import Any, Final

from tocsin.rehearsal.cloud.refusals import invalid_argument
from tocsin.rehearsal.cloud.rulebook import Rule, Rulebook
from tocsin.rehearsal.cloud.traces import rules as r
from tocsin.rehearsal.cloud.traces.span import SpanEvent, SpanLink, StoredSpan

_NAME: Final = re.compile(r"projects/([^/]+)/traces/([0-9a-fA-F]{32})/spans/([0-9a-fA-F]{16})")
_LOOSE_NAME: Final = re.compile(r"projects/([^/]*)/traces/([^/]*)/spans/([^/]*)")
_SPAN_ID: Final = re.compile(r"[0-9a-fA-F]{16}")
_KINDS: Final = ("", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
# Where exporters say who made the span: OpenTelemetry's own name, and the one that Google's
# exporter gives to a label of the monitored resource.
_SERVICE_KEYS: Final = ("service.name", "g.co/r/generic_task/job")


def read_span(raw: Any, where: str, rules: Rulebook) -> StoredSpan:
    """``raw`` as it will be kept; ``where`` names it in refusals.

    Raises:
        Refusal: a rule forbids it.
    """
    project, trace_id, span_id = _identity(raw, where, rules)
    _refuse_unfinished(raw, where, rules)
    attributes = _attributes(raw.attributes)
    return StoredSpan(
        trace_id=trace_id.lower(),
        span_id=span_id.lower(),
        parent_id=raw.parent_span_id.lower(),
        name=raw.display_name.value,
        kind=_KINDS[raw.span_kind] if 0 <= raw.span_kind < len(_KINDS) else "",
        start_ns=_ns(raw.start_time),
        end_ns=_ns(raw.end_time),
        attributes=attributes,
        status=_status(raw),
        status_message=raw.status.message,
        service=next((str(attributes[key]) for key in _SERVICE_KEYS if key in attributes), ""),
        events=tuple(_event(event) for event in raw.time_events.time_event),
        links=tuple(
            SpanLink(link.trace_id.lower(), link.span_id.lower(), _attributes(link.attributes))
            for link in raw.links.link
        ),
        project=project,
    )


def _identity(raw: Any, where: str, rules: Rulebook) -> tuple[str, str, str]:
    match = _NAME.fullmatch(raw.name)
    if rules.broken(r.SPAN_NAME, when=match is None):
        raise _refused(r.SPAN_NAME, f"{where}.name", raw.name)
    loose = match or _LOOSE_NAME.fullmatch(raw.name)
    project, trace_id, span_id = loose.groups() if loose else ("", raw.name, raw.span_id)
    if rules.broken(r.ZERO_TRACE, when=trace_id == "0" * 32):
        raise _refused(r.ZERO_TRACE, f"{where}.name", raw.name)
    if rules.broken(r.ZERO_SPAN, when=span_id == "0" * 16):
        raise _refused(r.ZERO_SPAN, f"{where}.name", raw.name)
    if rules.broken(r.SPAN_ID, when=raw.span_id.lower() != span_id.lower()):
        raise _refused(r.SPAN_ID, f"{where}.span_id", raw.span_id)
    parent = raw.parent_span_id
    if rules.broken(r.PARENT_ID, when=bool(parent) and not _SPAN_ID.fullmatch(parent)):
        raise _refused(r.PARENT_ID, f"{where}.parent_span_id", parent)
    return project, trace_id, span_id


def _refuse_unfinished(raw: Any, where: str, rules: Rulebook) -> None:
    if rules.broken(r.DISPLAY_NAME, when=not raw.display_name.value):
        raise _refused(r.DISPLAY_NAME, f"{where}.display_name", "")
    if rules.broken(r.START, when=not raw.HasField("start_time")):
        raise _refused(r.START, f"{where}.start_time", "")
    if rules.broken(r.END, when=not raw.HasField("end_time")):
        raise _refused(r.END, f"{where}.end_time", "")


def _refused(rule: Rule, field: str, value: str) -> Exception:
    return invalid_argument(f'Field {field} had an invalid value of "{value}": {rule.says}')


def _ns(stamp: Any) -> int:
    return int(stamp.seconds) * 10**9 + int(stamp.nanos)


def _status(raw: Any) -> str:
    if not raw.HasField("status"):
        return "UNSET"
    return "ERROR" if raw.status.code else "OK"


def _attributes(raw: Any) -> dict[str, Any]:
    return {key: _attribute(value) for key, value in raw.attribute_map.items()}


def _attribute(value: Any) -> Any:
    held = value.WhichOneof("value")
    if held == "string_value":
        return value.string_value.value
    return getattr(value, held) if held else ""


def _event(raw: Any) -> SpanEvent:
    time_ns = _ns(raw.time)
    if raw.WhichOneof("value") == "annotation":
        note = raw.annotation
        return SpanEvent(time_ns, note.description.value, _attributes(note.attributes))
    message = raw.message_event
    sizes = {
        "id": message.id,
        "uncompressed_size_bytes": message.uncompressed_size_bytes,
        "compressed_size_bytes": message.compressed_size_bytes,
    }
    return SpanEvent(time_ns, "message", sizes)
