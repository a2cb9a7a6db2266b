"""OTLP's spans, kept by Cloud Trace.

>>> from opentelemetry.proto.trace.v1.trace_pb2 import Span
>>> usable(Span(trace_id=bytes(16), span_id=b"12345678"), Rulebook())
'A trace id is 16 bytes, not all zero.'
"""

from collections.abc import Callable
from typing import Any, Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tocsin.rehearsal.cloud.otlp import rules
from tocsin.rehearsal.cloud.otlp.resources import attributes_of, project_of
from tocsin.rehearsal.cloud.rulebook import Rulebook
from tocsin.rehearsal.cloud.traces.span import SpanEvent, SpanLink, StoredSpan
from tocsin.rehearsal.cloud.world import World

METHOD: Final = "opentelemetry.proto.collector.trace.v1.TraceService/Export"
_BROKEN: Final = "Internal error encountered."
_KINDS: Final = ("", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
_STATUSES: Final = ("UNSET", "OK", "ERROR")
_TRACE_BYTES: Final = 16
_SPAN_BYTES: Final = 8


def export(
    request: Any, world: World, keep: Callable[[StoredSpan], None]
) -> ExportTraceServiceResponse:
    """Keep the spans that can be; tell how many could not.

    Raises:
        Refusal: a resource says no project.
    """
    answer = ExportTraceServiceResponse()
    held = world.rules
    groups = [
        (project_of(held, attributes), attributes, group)
        for group in request.resource_spans
        for attributes in [attributes_of(group.resource.attributes)]
    ]
    broken = world.faults.take(METHOD, "partial_failure") is not None
    for project, attributes, group in groups:
        found = (span for scope in group.scope_spans for span in scope.spans)
        for number, span in enumerate(found):
            wrong = _BROKEN if broken and not number % 2 else usable(span, held)
            if wrong:
                answer.partial_success.rejected_spans += 1
                answer.partial_success.error_message = wrong
            else:
                keep(_stored(span, project, str(attributes.get("service.name", ""))))
    return answer


def usable(span: Any, held: Rulebook) -> str:
    """Why this span cannot be kept; empty if it can."""
    for rule, text, length in (
        (rules.TRACE_ID, span.trace_id, _TRACE_BYTES),
        (rules.SPAN_ID, span.span_id, _SPAN_BYTES),
    ):
        if held.broken(rule, when=len(text) != length or not any(text)):
            return rule.says
    return ""


def _stored(span: Any, project: str, service: str) -> StoredSpan:
    return StoredSpan(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        name=span.name,
        kind=_named(span.kind, _KINDS),
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        attributes=attributes_of(span.attributes),
        status=_named(span.status.code, _STATUSES),
        status_message=span.status.message,
        service=service,
        events=tuple(
            SpanEvent(one.time_unix_nano, one.name, attributes_of(one.attributes))
            for one in span.events
        ),
        links=tuple(
            SpanLink(one.trace_id.hex(), one.span_id.hex(), attributes_of(one.attributes))
            for one in span.links
        ),
        project=project,
    )


def _named(number: int, names: tuple[str, ...]) -> str:
    return names[number] if 0 <= number < len(names) else names[0]
