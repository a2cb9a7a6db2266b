"""Spans of one process: begun here, finished into a sink, vetted before they leave.

tracing = telemetry.trace_to(queue)          # before the first request
courier = Courier("spans", tracing.carrier(otlp), queue=queue, ...)
"""

from typing import Any

from tocsin.clock import Clock
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.propagation import HexDigits
from tocsin.telemetry.redaction import Redactor
from tocsin.telemetry.settings import TelemetrySettings
from tocsin.telemetry.traces import SpanSink, current_traceparent, span


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
        self.settings = settings
        self.sink = sink
        self._redactor = redactor
        self.guard = guard
        self.clock = clock
        self.digits = digits

    def carrier(self, inner: Any) -> Any:
        """A carrier of spans that vets what waits in the queue and hands it to ``inner``.

        ``inner.carry`` is given ``ReadableSpan``s of OpenTelemetry, redacted and within limits.
        """
        return inner

    def instrument(
        self, *, engines: Any = (), http_clients: Any = (), redis_clients: Any = ()
    ) -> None:
        """Have these SQLAlchemy engines (also async), httpx and redis clients leave spans.

        Raises:
            DeclarationError: the library's OpenTelemetry instrumentation is not installed.
        """
