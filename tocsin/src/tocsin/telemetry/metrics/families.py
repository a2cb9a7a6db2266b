"""Our numbers in prometheus_client's form: one ``Metric`` per instrument.

>>> from tocsin.telemetry.metrics.catalogue import Shape
>>> waits = Shape("shop_wait_seconds", "histogram", buckets=(0.1, 1.0))
>>> [(s.name, s.labels, s.value) for s in family(waits, [((), [1.5, 2.0, 1.0, 0.0])]).samples][:2]
[('shop_wait_seconds_bucket', {'le': '0.1'}, 2.0), ('shop_wait_seconds_bucket', {'le': '1.0'}, 3.0)]
"""

import math
from collections.abc import Iterable
from itertools import accumulate

from prometheus_client.metrics_core import Metric
from prometheus_client.utils import floatToGoString

from tocsin.telemetry.metrics.catalogue import Shape

Row = tuple[tuple[str, ...], list[float]]


def family(shape: Shape, rows: Iterable[Row]) -> Metric:
    """One instrument's series; a row is the label values and the cells (``Shape.width``)."""
    # A counter's family goes without `_total`: the writer of the format puts it back.
    metric = Metric(shape.name.removesuffix("_total"), shape.help, shape.kind)
    for values, cells in rows:
        labels = dict(zip(shape.label_names, values, strict=True))
        if shape.kind == "histogram":
            _add_histogram(metric, shape, labels, cells)
        else:
            metric.add_sample(shape.name, labels, cells[0])
    return metric


def _add_histogram(
    metric: Metric, shape: Shape, labels: dict[str, str], cells: list[float]
) -> None:
    bounds = (*shape.buckets, math.inf)
    for bound, count in zip(bounds, accumulate(cells[1:]), strict=True):
        bucket = labels | {"le": floatToGoString(bound)}  # type: ignore[no-untyped-call]
        metric.add_sample(f"{shape.name}_bucket", bucket, count)
    metric.add_sample(f"{shape.name}_count", labels, sum(cells[1:]))
    metric.add_sample(f"{shape.name}_sum", labels, cells[0])
