"""Finished spans to Cloud Trace's Telemetry API, or to any collector.

Takes batches of ``opentelemetry.sdk.trace.ReadableSpan``. A large batch goes in several
requests, each for itself: what one of them meets costs no other (behaviour 5). The resource
is ours: what a tracer provider says of itself stays unless we say otherwise.

Limits that Google cuts at are those of a span, and cut there without an error
(https://docs.cloud.google.com/trace/docs/quotas); ours are lower and hold at its making.

>>> from tocsin.telemetry.exporters.otlp.endpoint import OtlpEndpoint
>>> carrier = SpanCarrier(OtlpEndpoint.of("http://127.0.0.1:4317"), lambda: {"service.name": "a"})
>>> carrier.carry([], timeout_s=1.0).delivered
0
"""

from collections.abc import Sequence
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.sdk.trace import ReadableSpan

from tocsin.clock import Clock, SystemClock
from tocsin.telemetry.delivery.carrier import Receipt
from tocsin.telemetry.exporters.otlp.batches import carried
from tocsin.telemetry.exporters.otlp.call import Line
from tocsin.telemetry.exporters.otlp.endpoint import OtlpEndpoint
from tocsin.telemetry.exporters.otlp.resource import impose
from tocsin.telemetry.exporters.otlp.writer import WhoWrites

SPANS_PER_REQUEST: Final = 256
"""With our spans of about 1 KiB far below gRPC's usual 4 MiB."""
_CLOCK: Final = SystemClock()


class SpanCarrier:
    """A :class:`~tocsin.telemetry.delivery.carrier.Carrier` of finished spans."""

    def __init__(self, endpoint: OtlpEndpoint, who: WhoWrites, *, clock: Clock = _CLOCK) -> None:
        self._line = Line(endpoint, TraceServiceStub)
        self._who = who
        self._clock = clock

    def carry(self, batch: Sequence[ReadableSpan], *, timeout_s: float) -> Receipt:
        """Take ``batch`` out within ``timeout_s``.

        Raises:
            Undelivered: nothing of it was taken.
        """
        parts = [
            batch[at : at + SPANS_PER_REQUEST] for at in range(0, len(batch), SPANS_PER_REQUEST)
        ]
        return carried(parts, self._send, timeout_s=timeout_s, clock=self._clock)

    def renew_in_child(self) -> None:
        """Let go of the parent's connection."""
        self._line.renew_in_child()

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def _send(self, spans: Sequence[ReadableSpan], timeout_s: float) -> int:
        request = encode_spans(spans)
        attributes = self._who()
        for group in request.resource_spans:
            impose(group.resource, attributes)
        answer: Any = self._line.send(request, timeout_s=timeout_s)
        return int(answer.partial_success.rejected_spans)
