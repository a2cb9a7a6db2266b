"""A series' numbers in OTLP's form: a cumulative sum, a gauge, or a histogram.

Names and labels stay as they are declared, so that PromQL at Google finds ``shop_x`` under
``shop_x``: they fit ``[a-zA-Z][a-zA-Z0-9_:./-]*`` and ``[a-zA-Z_][a-zA-Z0-9_.]*``, which
Google asks for. Whole numbers go as doubles, for Google makes doubles of them all
(https://github.com/GoogleCloudPlatform/opentelemetry-operations-python MIGRATION.md). Upper
bounds of buckets are inclusive on both sides, so nothing moves from bucket to bucket.

>>> from tocsin.telemetry.delivery import Reading
>>> orders = Reading("shop_orders_total", "counter", "Orders.", (), (), 1, [2.0])
>>> [metric] = metrics_of([Stamped(orders, 1_000, 2_000)])
>>> metric.name, metric.sum.is_monotonic, metric.sum.data_points[0].as_double
('shop_orders_total', True, 2.0)
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
)

from tocsin.telemetry.delivery import Reading

_CUMULATIVE: Final = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
# A collector that translates to Prometheus' names adds the unit's word to a name that lacks
# it; of these two the names have it already, under the same word.
_UNITS: Final = {"seconds": "s", "bytes": "By"}


class Stamped(NamedTuple):
    """A reading, and the time it stands for."""

    reading: Reading
    start_ns: int
    end_ns: int

    def dated(self, end_ns: int) -> "Stamped":
        """The same at another moment; what counts keeps its start."""
        if end_ns == self.end_ns:
            return self
        start_ns = end_ns if self.reading.kind == "gauge" else self.start_ns
        return Stamped(self.reading, start_ns, end_ns)


def metrics_of(batch: Iterable[Stamped]) -> list[Metric]:
    """One ``Metric`` per instrument, a point per series."""
    metrics: dict[tuple[str, str, tuple[float, ...]], Metric] = {}
    for stamped in batch:
        reading = stamped.reading
        key = (reading.name, reading.kind, reading.buckets)
        if key not in metrics:
            unit = _UNITS.get(reading.name.removesuffix("_total").rpartition("_")[2], "")
            metrics[key] = Metric(name=reading.name, description=reading.help, unit=unit)
        _add(metrics[key], stamped)
    return list(metrics.values())


def _add(metric: Metric, stamped: Stamped) -> None:
    reading = stamped.reading
    if reading.kind == "histogram":
        metric.histogram.aggregation_temporality = _CUMULATIVE
        metric.histogram.data_points.append(_histogram(stamped))
        return
    point = NumberDataPoint(time_unix_nano=stamped.end_ns, as_double=reading.cells[0])
    _label(point, reading)
    if reading.kind == "counter":
        point.start_time_unix_nano = stamped.start_ns
        metric.sum.aggregation_temporality = _CUMULATIVE
        metric.sum.is_monotonic = True
        metric.sum.data_points.append(point)
    else:
        metric.gauge.data_points.append(point)


def _histogram(stamped: Stamped) -> HistogramDataPoint:
    total, *counts = stamped.reading.cells
    point = HistogramDataPoint(
        start_time_unix_nano=stamped.start_ns,
        time_unix_nano=stamped.end_ns,
        count=int(sum(counts)),
        sum=total,
        bucket_counts=[int(count) for count in counts],
        explicit_bounds=stamped.reading.buckets,
    )
    _label(point, stamped.reading)
    for one in stamped.reading.exemplars:
        point.exemplars.add(
            as_double=one.value,
            time_unix_nano=one.wall_ns,
            trace_id=bytes.fromhex(one.trace_id),
            span_id=bytes.fromhex(one.span_id),
        )
    return point


def _label(point: Any, reading: Reading) -> None:
    for name, value in zip(reading.label_names, reading.label_values, strict=True):
        point.attributes.add(key=name).value.string_value = value
