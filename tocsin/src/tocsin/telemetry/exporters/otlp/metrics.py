"""The registry's numbers to Google's Telemetry API, or to any collector.

A round's batches come from :meth:`MetricsCarrier.collect`, at most 200 points each (Google's
bound for a request); each is a request of its own, so one that fails costs no other its
points (behaviour 5). A request that is sent again, because nothing is known of the first, is
dated anew: if the first was taken after all, its points are later points of the same count.

>>> from tocsin.telemetry.delivery import Readings
>>> from tocsin.telemetry.metrics import MetricsClient
>>> client = MetricsClient("shop")
>>> client.counter("orders_total", "Orders.").inc()
>>> endpoint = OtlpEndpoint.of("http://127.0.0.1:4317")
>>> carrier = MetricsCarrier(Readings(client), endpoint, lambda: {"service.name": "shop"})
>>> [stamped.reading.name for stamped in next(carrier.collect())][-1]
'shop_orders_total'
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from math import isfinite
from typing import Final

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import MetricsServiceStub

from tocsin.clock import Clock, SystemClock
from tocsin.telemetry.delivery import Reading, Readings, Receipt, Undelivered
from tocsin.telemetry.exporters.otlp.batches import PARTIAL
from tocsin.telemetry.exporters.otlp.call import Line
from tocsin.telemetry.exporters.otlp.endpoint import OtlpEndpoint
from tocsin.telemetry.exporters.otlp.points import Stamped, metrics_of
from tocsin.telemetry.exporters.otlp.resource import impose
from tocsin.telemetry.exporters.otlp.times import SPACING_NS, SeriesName, Times
from tocsin.telemetry.exporters.otlp.writer import WhoWrites

POINTS_PER_REQUEST: Final = 200
"""https://docs.cloud.google.com/stackdriver/docs/reference/telemetry/quotas"""
SCOPE: Final = "tocsin"
_CLOCK: Final = SystemClock()


class MetricsCarrier:
    """A periodic carrier; its courier gets ``collect`` as well."""

    def __init__(
        self, readings: Readings, endpoint: OtlpEndpoint, who: WhoWrites, *, clock: Clock = _CLOCK
    ) -> None:
        self._readings = readings
        self._line = Line(endpoint, MetricsServiceStub)
        self._who = who
        self._clock = clock
        self._times = Times()
        self._unsure: dict[int, int] = {}

    def collect(self) -> Iterator[list[Stamped]]:
        """The numbers of now, a request's worth at a time."""
        self._unsure.clear()
        end_ns = self._times.end_of_round(now_ns=self._clock.wall_ns())
        seen: set[SeriesName] = set()
        stamped = (
            self._stamped(reading, end_ns, seen)
            for reading in self._readings.take()
            # Other libraries' gauges may be no number.
            if all(map(isfinite, reading.cells))
        )
        while batch := list(islice(stamped, POINTS_PER_REQUEST)):
            yield batch
        self._times.keep_only(seen)

    def carry(self, batch: Sequence[Stamped], *, timeout_s: float) -> Receipt:
        """Send one of the round's batches.

        Raises:
            Undelivered: nothing of it is known to be taken.
        """
        end_ns = self._end_of(batch)
        dated = [one.dated(end_ns) for one in batch]
        try:
            answer = self._line.send(self._request(dated), timeout_s=timeout_s)
        except Undelivered as error:
            if error.again:
                self._unsure[id(batch)] = end_ns
                self._times.taken(end_ns)
            raise
        refused = min(max(int(answer.partial_success.rejected_data_points), 0), len(batch))
        if refused < len(batch):
            self._times.taken(end_ns)
        return Receipt(len(batch) - refused, {PARTIAL: refused} if refused else {})

    def renew_in_child(self) -> None:
        """A child is a writer of its own: nothing was told of it yet."""
        self._line.renew_in_child()
        self._times = Times()
        self._unsure.clear()

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def _stamped(self, reading: Reading, end_ns: int, seen: set[SeriesName]) -> Stamped:
        name = (reading.name, reading.label_values)
        seen.add(name)
        if reading.kind == "gauge":
            return Stamped(reading, end_ns, end_ns)
        start_ns = self._times.start_of(name, reading.origin, reading.started_ns)
        return Stamped(reading, start_ns, end_ns)

    def _request(self, batch: Sequence[Stamped]) -> ExportMetricsServiceRequest:
        request = ExportMetricsServiceRequest()
        group = request.resource_metrics.add()
        impose(group.resource, self._who())
        scope = group.scope_metrics.add()
        scope.scope.name = SCOPE
        scope.metrics.extend(metrics_of(batch))
        return request

    def _end_of(self, batch: Sequence[Stamped]) -> int:
        """The end of its points: the round's, unless an earlier try may have been taken."""
        tried_ns = self._unsure.get(id(batch))
        if tried_ns is None:
            return batch[0].end_ns if batch else 0
        return max(tried_ns + SPACING_NS, self._clock.wall_ns())
