"""A tracer provider for libraries: it asks our request context, and makes our spans.

OpenTelemetry's instrumentations are given this one instead of the SDK's. Of a request that
is not sampled they get a span that records nothing but knows its place, so an outgoing
call still carries the trace (flag 00); outside of any request they get what was current.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Tracer,
    TracerProvider,
    get_current_span,
    use_span,
)

from tocsin.telemetry.context import current
from tocsin.telemetry.traces.live import innermost

if TYPE_CHECKING:
    from tocsin.telemetry.traces.tracing import Tracing


class GatedProvider(TracerProvider):
    """Gives tracers that record nothing but what belongs to a sampled request or job."""

    def __init__(self, tracing: "Tracing") -> None:
        self._tracing = tracing

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,  # noqa: ARG002 - OpenTelemetry's signature
        attributes: Mapping[str, Any] | None = None,  # noqa: ARG002 - as above
    ) -> Tracer:
        """A tracer under a library's name."""
        # The schema is left out: attributes come out under the present conventions.
        version = instrumenting_library_version or ""
        return _GatedTracer(self._tracing, (instrumenting_module_name, version, ""))


class _GatedTracer(Tracer):
    def __init__(self, tracing: "Tracing", scope: tuple[str, str, str]) -> None:
        self._tracing = tracing
        self._scope = scope

    def start_span(  # noqa: PLR0917 - OpenTelemetry's signature
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, Any] | None = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,  # noqa: FBT001, FBT002, ARG002 - as above
        set_status_on_exception: bool = True,  # noqa: FBT001, FBT002, ARG002 - as above
    ) -> Span:
        ours = current()
        if ours is None:
            return NonRecordingSpan(get_current_span(context).get_span_context())
        if ours.span is None:
            return NonRecordingSpan(
                SpanContext(int(ours.trace_id, 16), int(ours.span_id, 16), is_remote=False)
            )
        span = self._tracing.child(
            innermost(ours.span), name, attributes, kind=kind, scope=self._scope
        )
        for link in links or ():
            span.add_link(link.context)
        return span.begin(start_time)

    @contextmanager
    def start_as_current_span(  # type: ignore[override] # noqa: PLR0917 - OpenTelemetry's signature
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, Any] | None = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,  # noqa: FBT001, FBT002 - as above
        set_status_on_exception: bool = True,  # noqa: FBT001, FBT002 - as above
        end_on_exit: bool = True,  # noqa: FBT001, FBT002 - as above
    ) -> Iterator[Span]:
        span = self.start_span(name, context, kind, attributes, links, start_time)
        with use_span(span, end_on_exit, record_exception, set_status_on_exception) as used:
            yield used
