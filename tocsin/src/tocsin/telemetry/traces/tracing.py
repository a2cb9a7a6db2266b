"""Spans of one process: begun here, finished into a sink, vetted before they leave.

    tracing = telemetry.trace_to(queue)          # before the first request
    courier = Courier("spans", tracing.carrier(otlp), queue=queue, every_s=5.0)

Which traces are recorded is said in :mod:`tocsin.telemetry.traces.sampling`: a caller's
decision is followed, a trace that begins here is decided by ``trace_ratio``, and a probe
is never recorded. A sink that fails costs the span, never the request.

>>> from tocsin.telemetry.testing import CapturedTelemetry
>>> from tocsin.telemetry.testing.spans import CollectedSpans
>>> from tocsin.telemetry.traces import span
>>> with CapturedTelemetry(trace_ratio=1.0) as captured:
...     spans = CollectedSpans(captured.telemetry)
...     with captured.telemetry.job(correlation_id="lesson-42", name="render"):
...         with span("render.audio", seconds=3):
...             pass
>>> [one.name for one in spans.finished()]
['render.audio', 'render']
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

from opentelemetry.trace import SpanKind, TracerProvider

from tocsin.clock import Clock
from tocsin.telemetry.context import RequestContext
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.propagation import SPAN_ID_DIGITS, TRACE_ID_DIGITS, HexDigits
from tocsin.telemetry.redaction import Redactor
from tocsin.telemetry.settings import TelemetrySettings
from tocsin.telemetry.traces import SpanSink, current_traceparent, span
from tocsin.telemetry.traces.gate import GatedProvider
from tocsin.telemetry.traces.instrumentation import instrument
from tocsin.telemetry.traces.live import CANCELLED, OURS, OUTCOME, LiveSpan
from tocsin.telemetry.traces.requests import RequestSpan
from tocsin.telemetry.traces.sampling import LOWER_HALF, below
from tocsin.telemetry.traces.vetting import VettedSpan, Vetting, VettingCarrier

_SPAN_ID: Final = slice(TRACE_ID_DIGITS, TRACE_ID_DIGITS + SPAN_ID_DIGITS)


class Tracing:
    """Makes spans of requests, jobs and the work in them."""

    span = staticmethod(span)
    current_traceparent = staticmethod(current_traceparent)

    def __init__(
        self,
        settings: TelemetrySettings,
        *,
        sink: SpanSink,
        redactor: Redactor,
        guard: Guard,
        clock: Clock,
        digits: HexDigits,
    ) -> None:
        """Prepare; nothing global changes.

        Raises:
            DeclarationError: the settings' ratio is none.
        """
        self.guard = guard
        self.clock = clock
        self.provider: TracerProvider = GatedProvider(self)
        """For libraries that speak OpenTelemetry; it may be made the global one."""
        self.request_span = partial(RequestSpan, self)
        """Makes the span of a sampled request, of its context and its caller's span id."""
        self.roots_below = below(settings.trace_ratio)
        self.unsampled_below = self.roots_below if settings.trace_unsampled_parents else ""
        self.put = sink.put
        self._digits = digits
        self._vetting = Vetting(redactor, guard, partial(resource_of, settings))

    def begin_job(self, context: RequestContext, parent_id: str, name: str) -> None:
        """Give a job its span: in its parent's trace, or in one that is decided here."""
        if not parent_id:
            context.sampled = context.trace_id[LOWER_HALF] < self.roots_below
        if context.sampled:
            kind = SpanKind.CONSUMER if parent_id else SpanKind.INTERNAL
            context.span = LiveSpan(
                self,
                name or "job",
                kind,
                context.trace_id,
                context.span_id,
                parent_id,
                {"tocsin.correlation_id": context.correlation_id},
            ).begin()
            context.span.remote_parent = True
            context.span.attach()

    def job_over(self, context: RequestContext, error: BaseException | None) -> None:
        """Finish a job's span."""
        span = context.span
        if span is None:
            return
        span.detach()
        if context.user:
            span.set_attribute("enduser.pseudo.id", context.user)
        if isinstance(error, Exception):
            span.failed(error)
        elif error is not None:
            span.set_attribute(OUTCOME, CANCELLED)
        span.end()

    def background_failed(self, span: LiveSpan, answered_ns: int, error: BaseException) -> None:
        """What failed after the last byte, as a span of its own: the request's is over."""
        failed = self.child(span, "background").begin()
        failed.start_ns += answered_ns - self.clock.monotonic_ns()
        failed.failed(error)
        failed.end()

    def child(
        self,
        parent: LiveSpan,
        name: str,
        attributes: Mapping[str, Any] | None = None,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        scope: tuple[str, str, str] = OURS,
    ) -> LiveSpan:
        """A span below ``parent``, not begun yet."""
        span_id = self._digits.take()[_SPAN_ID]
        return LiveSpan(
            self, name, kind, parent.trace_id, span_id, parent.span_id, attributes, scope
        )

    def finished(self, span: LiveSpan, size_bytes: int) -> None:
        """Give a span to the sink."""
        try:
            self.put(span, size_bytes)
        except Exception as error:  # noqa: BLE001 - a trace never fails a request
            self.guard.failed("traces.sink", error)

    def vetted(self, span: Any) -> VettedSpan | None:
        """A finished span as it may leave, or ``None`` where it must not."""
        return self._vetting.vetted(span)

    def carrier(self, inner: Any) -> VettingCarrier:
        """A carrier of spans that vets what waits in the queue and hands it to ``inner``.

        ``inner.carry`` is given ``ReadableSpan``s of OpenTelemetry, redacted and within
        limits; what may not leave is refused under the cause ``withheld``.
        """
        return VettingCarrier(self.vetted, inner)

    def instrument(
        self,
        *,
        engines: Iterable[Any] = (),
        http_clients: Iterable[Any] = (),
        redis_clients: Iterable[Any] = (),
    ) -> None:
        """Have these SQLAlchemy engines (also async), httpx and redis clients leave spans.

        They are children of the work that calls them, of sampled requests and jobs alone.
        What httpx sends carries our ``traceparent``, with flag 00 where not sampled.

        Raises:
            DeclarationError: the library's OpenTelemetry instrumentation is not installed.
        """
        instrument(self.provider, engines, http_clients, redis_clients)


def resource_of(settings: TelemetrySettings) -> dict[str, str]:
    """Who says it, by OpenTelemetry's names.

    The project is named as Google's OTLP endpoint wants it
    (https://cloud.google.com/stackdriver/docs/reference/telemetry/overview).
    """
    resource = {
        "service.name": settings.service,
        "service.version": settings.version,
        "service.instance.id": f"{settings.instance}-{settings.process}",
        "deployment.environment.name": settings.environment.value,
    }
    if settings.google_project:
        resource["gcp.project_id"] = settings.google_project
    return resource
