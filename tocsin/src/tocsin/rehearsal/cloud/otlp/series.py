"""OTLP's data points as Google's time series: the type's ending, the kind, the value.

A name becomes ``prometheus.googleapis.com/NAME/counter`` and the like; one that stands in
``workload.googleapis.com`` or ``custom.googleapis.com`` already keeps its domain
(MIGRATION.md of GoogleCloudPlatform/opentelemetry-operations-python, naming.go of
opentelemetry-operations-go).

>>> from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, NumberDataPoint
>>> gauge = Metric(name="shop_queue_items")
>>> gauge.gauge.data_points.add(as_int=2)
as_int: 2
<BLANKLINE>
>>> [[one]] = points_of(gauge, "p", Rulebook())
>>> one.metric.type, one.points[0].value.double_value
('prometheus.googleapis.com/shop_queue_items/gauge', 2.0)
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from google.api.metric_pb2 import MetricDescriptor
from google.cloud.monitoring_v3.types import TimeSeries
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality

from tocsin.rehearsal.cloud.monitoring.times import timestamp
from tocsin.rehearsal.cloud.otlp import rules
from tocsin.rehearsal.cloud.otlp.distributions import distribution, exponential
from tocsin.rehearsal.cloud.otlp.resources import attributes_of, text_of
from tocsin.rehearsal.cloud.rulebook import Rulebook

PROMETHEUS: Final = "prometheus.googleapis.com"
QUANTILES_AT_MOST: Final = 10
_KEPT_DOMAINS: Final = ("workload.googleapis.com/", "custom.googleapis.com/")
_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_:./-]*")
_KEY: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.]*")
_KIND: Final = MetricDescriptor.MetricKind
_DELTA: Final = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
_UNSAID: Final = AggregationTemporality.AGGREGATION_TEMPORALITY_UNSPECIFIED
_Series: Final[Any] = TimeSeries.pb()


class UnusableError(Exception):
    """A data point, or a metric with all of its points, cannot be taken, for this reason."""


def points_of(metric: Any, project: str, held: Rulebook) -> Iterator[list[Any] | UnusableError]:
    """For each data point its series (a summary has several), or why there is none."""
    try:
        _check_metric(metric, held)
    except UnusableError as error:
        which = metric.WhichOneof("data")
        yield from [error] * (len(getattr(metric, which).data_points) if which else 0)
        return
    which = metric.WhichOneof("data")
    make = _MAKERS.get(which)
    for point in getattr(metric, which).data_points if make else ():
        try:
            _check_point(point, metric.name, held)
            yield make(metric, point, project, held) if make else []
        except UnusableError as error:
            yield error


def _check_metric(metric: Any, held: Rulebook) -> None:
    if held.broken(rules.NAME, when=not _NAME.fullmatch(metric.name)):
        raise UnusableError(f'Metric name "{metric.name}" must match {_NAME.pattern}.')
    data = getattr(metric, metric.WhichOneof("data") or "gauge")
    if not hasattr(data, "aggregation_temporality"):
        return
    unsaid = data.aggregation_temporality == _UNSAID
    if held.broken(rules.TEMPORALITY, when=unsaid):
        raise UnusableError(f'Metric "{metric.name}" has no aggregation temporality.')
    falling = metric.WhichOneof("data") == "sum" and not data.is_monotonic
    is_delta = data.aggregation_temporality == _DELTA
    if held.broken(rules.DELTA, when=falling and is_delta):
        raise UnusableError(f'Metric "{metric.name}" is a delta sum that is not monotonic.')


def _check_point(point: Any, name: str, held: Rulebook) -> None:
    for one in point.attributes:
        if held.broken(rules.ATTRIBUTE, when=not _KEY.fullmatch(one.key)):
            raise UnusableError(f'Attribute key "{one.key}" of "{name}" must match {_KEY.pattern}.')


def _begun(metric: Any, point: Any, suffix: str, kind: int, name: str = "") -> Any:
    """A series without its value."""
    name = name or metric.name
    kept = name.startswith(_KEPT_DOMAINS)
    one = _Series(metric_kind=kind, unit=metric.unit, description=metric.description)
    one.metric.type = name if kept else f"{PROMETHEUS}/{name}/{suffix}"
    for key, value in attributes_of(point.attributes).items():
        one.metric.labels[key] = text_of(value)
    interval = one.points.add().interval
    interval.end_time.CopyFrom(timestamp(point.time_unix_nano))
    if kind != _KIND.GAUGE and point.start_time_unix_nano:
        interval.start_time.CopyFrom(timestamp(point.start_time_unix_nano))
    return one


def _number(one: Any, point: Any, held: Rulebook) -> Any:
    whole = point.WhichOneof("value") == "as_int"
    value = point.as_int if whole else point.as_double
    if held.broken(rules.WHOLE, when=whole) or not whole:
        one.points[0].value.double_value = float(value)
    else:
        one.points[0].value.int64_value = value
    return one


def _gauge(metric: Any, point: Any, _project: str, held: Rulebook) -> list[Any]:
    return [_number(_begun(metric, point, "gauge", _KIND.GAUGE), point, held)]


def _sum(metric: Any, point: Any, project: str, held: Rulebook) -> list[Any]:
    if not metric.sum.is_monotonic:
        return _gauge(metric, point, project, held)
    if metric.sum.aggregation_temporality == _DELTA:
        return [_number(_begun(metric, point, "delta", _KIND.DELTA), point, held)]
    return [_number(_begun(metric, point, "counter", _KIND.CUMULATIVE), point, held)]


def _histogram(metric: Any, point: Any, project: str, _held: Rulebook) -> list[Any]:
    which = metric.WhichOneof("data")
    if getattr(metric, which).aggregation_temporality == _DELTA:
        one = _begun(metric, point, "histogram:delta", _KIND.DELTA)
    else:
        one = _begun(metric, point, "histogram", _KIND.CUMULATIVE)
    made = distribution if which == "histogram" else exponential
    one.points[0].value.distribution_value.CopyFrom(made(point, project))
    return [one]


def _summary(metric: Any, point: Any, _project: str, held: Rulebook) -> list[Any]:
    over = len(point.quantile_values) > QUANTILES_AT_MOST
    if held.broken(rules.QUANTILES, when=over):
        raise UnusableError(f'Summary "{metric.name}" has more than {QUANTILES_AT_MOST} quantiles.')
    totals = (("_sum", "summary:counter", point.sum), ("_count", "summary", float(point.count)))
    made = []
    for ending, suffix, value in totals:
        name = metric.name + ending
        made.append(_begun(metric, point, suffix, _KIND.CUMULATIVE, name))
        made[-1].points[0].value.double_value = value
    for quantile in point.quantile_values:
        made.append(_begun(metric, point, "summary", _KIND.GAUGE))
        made[-1].metric.labels["quantile"] = f"{quantile.quantile:g}"
        made[-1].points[0].value.double_value = quantile.value
    return made


_MAKERS: Final[dict[str | None, Callable[[Any, Any, str, Rulebook], list[Any]]]] = {
    "gauge": _gauge,
    "sum": _sum,
    "histogram": _histogram,
    "exponential_histogram": _histogram,
    "summary": _summary,
}
