"""Writing series: each one checked by itself, the good ones kept though others are refused.

>>> from google.cloud.monitoring_v3.types import TimeSeries
>>> from tocsin.rehearsal.cloud.world import World
>>> world = World()
>>> writer = Writer(world, Shelf(), Descriptors(world.rules))
>>> [problem.reason for problem in writer.write("p", [TimeSeries.pb()(resource={"type": "x"})])]
['Field timeSeries[0].metric.type had an invalid value: The metric type must be a \
URL-formatted string with a domain and non-empty path.']
"""

from collections.abc import Sequence
from typing import Any, Final

from google.api.distribution_pb2 import Distribution
from google.api.metric_pb2 import MetricDescriptor

from tocsin.rehearsal.cloud.monitoring import naming, rules
from tocsin.rehearsal.cloud.monitoring.answers import (
    INTERNAL,
    INTERNAL_REASON,
    Problem,
    UnwritableError,
    invalid,
)
from tocsin.rehearsal.cloud.monitoring.answers import RESOURCE_EXHAUSTED as EXHAUSTED
from tocsin.rehearsal.cloud.monitoring.descriptors import (
    AUTOMATIC,
    KIND,
    TYPE,
    Descriptors,
    check_sort,
)
from tocsin.rehearsal.cloud.monitoring.distributions import check_distribution
from tocsin.rehearsal.cloud.monitoring.intervals import check_order, check_span, check_window
from tocsin.rehearsal.cloud.monitoring.shelf import SeriesName, Shelf, StoredPoint, Value
from tocsin.rehearsal.cloud.monitoring.times import nanoseconds
from tocsin.rehearsal.cloud.world import World

_TYPES: Final = {
    "bool_value": TYPE.BOOL,
    "int64_value": TYPE.INT64,
    "double_value": TYPE.DOUBLE,
    "string_value": TYPE.STRING,
    "distribution_value": TYPE.DISTRIBUTION,
    None: TYPE.VALUE_TYPE_UNSPECIFIED,
}


class Writer:
    """Puts on the shelf what no rule stands against."""

    def __init__(self, world: World, shelf: Shelf, descriptors: Descriptors) -> None:
        self._world = world
        self._shelf = shelf
        self._descriptors = descriptors

    def write(self, project: str, series: Sequence[Any], *, broken: bool = False) -> list[Problem]:
        """Keep the good ones of these ``TimeSeries``; what was wrong with the others.

        ``broken`` lets every other one fail for no reason of its own, the first to begin with.
        """
        problems: list[Problem] = []
        seen: set[SeriesName] = set()
        for index, one in enumerate(series):
            if broken and index % 2 == 0:
                problems.append(Problem(index, INTERNAL_REASON, INTERNAL))
                continue
            try:
                self._write(index, project, one, seen)
            except UnwritableError as error:
                problems.append(Problem(index, error.reason, error.code))
        return problems

    def keep(self, project: str, one: Any) -> None:
        """Put a series on the shelf, no question asked: it was accepted before."""
        name = named(project, one)
        for point in one.points:
            value_type = _TYPES[point.value.WhichOneof("value")]
            self._put(name, one, (one.metric_kind or KIND.GAUGE, value_type), point)

    def _write(self, index: int, project: str, one: Any, seen: set[SeriesName]) -> None:
        held = self._world.rules
        naming.check_metric_type(held, index, one.metric.type)
        naming.check_labels(held, index, one.metric.type, one.metric.labels)
        naming.check_resource(held, one.resource)
        name = named(project, one)
        if held.broken(rules.DUPLICATE, when=name in seen):
            reason = (
                "Duplicate TimeSeries encountered. Only one point can be written per "
                "TimeSeries per request."
            )
            raise invalid(index, "", "", reason)
        seen.add(name)
        if held.broken(rules.ONE_POINT, when=len(one.points) != 1):
            reason = f"A TimeSeries is written with one point, this one has {len(one.points)}."
            raise invalid(index, "points", "", reason)
        for point in one.points:
            sort = self._check_sort(index, name, one, point)
            self._check_point(index, name, KIND.Name(sort[0]), point)
            self._put(name, one, sort, point)

    def _check_sort(self, index: int, name: SeriesName, one: Any, point: Any) -> tuple[int, int]:
        """Kind and value type, by the descriptor that there is or will be."""
        held, which = self._world.rules, point.value.WhichOneof("value")
        if held.broken(rules.NO_VALUE, when=which is None):
            raise invalid(index, "points[0].value", "", "A point has a value.")
        value_type, metric_type = _TYPES[which], name.metric_type
        declared = one.value_type and one.value_type != value_type
        if held.broken(rules.DECLARED_TYPE, when=bool(declared)):
            reason = f"The value of the point is of type {TYPE.Name(value_type)}."
            raise invalid(index, "valueType", TYPE.Name(one.value_type), reason)
        known = self._descriptors.get(name.project, metric_type)
        self._check_label_count(name)
        if known is None:
            kind = one.metric_kind or KIND.GAUGE
            check_sort(held, metric_type, kind, value_type)
            if reason := self._descriptors.is_full(name.project, metric_type):
                raise UnwritableError(reason, EXHAUSTED)
            return kind, value_type
        differs = one.metric_kind and one.metric_kind != known.metric_kind
        if held.broken(rules.KIND, when=bool(differs)):
            raise UnwritableError(
                f"Metric kind for metric {metric_type} must be {KIND.Name(known.metric_kind)}, "
                f"but is {KIND.Name(one.metric_kind)}."
            )
        if held.broken(rules.VALUE_TYPE, when=value_type != known.value_type):
            raise UnwritableError(
                f"Value type for metric {metric_type} must be {TYPE.Name(known.value_type)}, "
                f"but is {TYPE.Name(value_type)}."
            )
        return known.metric_kind, value_type

    def _check_label_count(self, name: SeriesName) -> None:
        known = self._descriptors.label_keys(name.project, name.metric_type)
        added = sum(key not in known for key, _ in name.metric_labels)
        at_most = naming.labels_at_most(name.metric_type)
        over = len(known) + added > at_most
        if self._world.rules.broken(rules.LABEL_COUNT, when=over):
            raise UnwritableError(
                f"The new labels would cause the metric {name.metric_type} to have over "
                f"{at_most} labels."
            )

    def _check_point(self, index: int, name: SeriesName, kind: str, point: Any) -> None:
        held = self._world.rules
        if held.broken(rules.NO_END, when=not point.interval.HasField("end_time")):
            raise invalid(index, "points[0].interval.end_time", "", "A point has an end time.")
        interval = _interval(point)
        check_window(held, index, interval[1], self._world.clock.wall_ns())
        check_span(held, index, (name.metric_type, kind), interval)
        if point.value.WhichOneof("value") == "distribution_value":
            check_distribution(held, index, point.value.distribution_value)
        last = self._shelf.last(name)
        if last is not None:
            check_order(held, kind, last, interval)

    def _put(self, name: SeriesName, one: Any, sort: tuple[int, int], point: Any) -> None:
        descriptor = self._descriptors.get(name.project, name.metric_type)
        if descriptor is None:
            wanted = MetricDescriptor(
                type=name.metric_type,
                metric_kind=sort[0],
                value_type=sort[1],
                unit=one.unit,
                description=one.description or AUTOMATIC,
            )
            descriptor = self._descriptors.keep(name.project, wanted)
        elif one.unit and not descriptor.unit:
            descriptor.unit = one.unit
        self._descriptors.learn(descriptor, name.project, [key for key, _ in name.metric_labels])
        start_ns, end_ns = _interval(point)
        stored = StoredPoint(start_ns, end_ns, _value(point.value))
        self._shelf.add(name, KIND.Name(sort[0]), TYPE.Name(sort[1]), stored)
        self._world.usage.took_point(name.metric_type, stored.value, end_ns)


def named(project: str, one: Any) -> SeriesName:
    """What names this ``TimeSeries``."""
    resource = {"project_id": project, **one.resource.labels}
    return SeriesName(
        project,
        one.metric.type,
        tuple(sorted(one.metric.labels.items())),
        one.resource.type,
        tuple(sorted(resource.items())),
    )


def _interval(point: Any) -> tuple[int, int]:
    end_ns = nanoseconds(point.interval.end_time)
    given = point.interval.HasField("start_time")
    return (nanoseconds(point.interval.start_time) if given else end_ns), end_ns


def _value(value: Any) -> Value:
    """Free of the request: a part of a message would keep the whole of it in memory."""
    which = value.WhichOneof("value")
    if which is None:
        return 0
    if which != "distribution_value":
        plain: Value = getattr(value, which)
        return plain
    copy = Distribution()
    copy.CopyFrom(value.distribution_value)
    return copy
