"""Reading back: lists of series, of metric descriptors and of monitored resources, in pages.

>>> page([1, 2, 3], size=2, token="")
([1, 2], '2')
>>> page([1, 2, 3], size=2, token="2")
([3], '')
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

from google.api.label_pb2 import LabelDescriptor
from google.api.metric_pb2 import MetricDescriptor
from google.api.monitored_resource_pb2 import MonitoredResourceDescriptor
from google.cloud.monitoring_v3.types import ListTimeSeriesResponse, Point, TimeSeries

from tocsin.rehearsal.cloud.monitoring import filters, rules
from tocsin.rehearsal.cloud.monitoring.descriptors import KIND, TYPE, Descriptors
from tocsin.rehearsal.cloud.monitoring.naming import RESOURCES
from tocsin.rehearsal.cloud.monitoring.shelf import SeriesName, Shelf, StoredPoint, Value
from tocsin.rehearsal.cloud.monitoring.times import nanoseconds, timestamp
from tocsin.rehearsal.cloud.refusals import Refusal, invalid_argument
from tocsin.rehearsal.cloud.world import World

POINTS_AT_MOST: Final = 100_000
DESCRIPTORS_AT_MOST: Final = 10_000
_END_OF_TIME_NS: Final = 1 << 62
_FULL: Final = 0
_UNIMPLEMENTED: Final = 12
_SETTERS: Final = {
    bool: "bool_value",
    int: "int64_value",
    float: "double_value",
    str: "string_value",
}

Item = TypeVar("Item")


class Reader:
    """Answers what is asked of the shelves."""

    def __init__(self, world: World, shelf: Shelf, descriptors: Descriptors) -> None:
        self._world = world
        self._shelf = shelf
        self._descriptors = descriptors

    def series(self, project: str, request: Any) -> Any:
        """A ``ListTimeSeriesResponse``, points newest first.

        Raises:
            Refusal: the request is none that can be answered.
        """
        metric_type = self._metric_of(project, request)
        start_ns, end_ns = self._interval_of(request)
        wanted = filters.parse(request.filter)
        names = [
            name
            for name in self._shelf.names(metric_type, project)
            if wanted(lambda path, name=name: looked_up(name, path))  # type: ignore[misc]
        ]
        size = request.page_size if request.page_size > 0 else POINTS_AT_MOST
        if self._world.rules.broken(rules.LIST_PAGE, when=size > POINTS_AT_MOST):
            size = POINTS_AT_MOST
        found = [(name, list(self._within(name, start_ns, end_ns))) for name in names]
        found = [(name, points) for name, points in found if points]
        response = ListTimeSeriesResponse.pb()()
        if request.view == _FULL:
            flat = [(name, point) for name, points in found for point in points]
            chosen, response.next_page_token = page(flat, size=size, token=request.page_token)
            self._fill(response, chosen)
        else:
            names, response.next_page_token = page(
                [name for name, _ in found], size=size, token=request.page_token
            )
            for name in names:
                response.time_series.append(self._header(name))
        return response

    def descriptors(self, project: str, request: Any) -> tuple[list[MetricDescriptor], str]:
        """Descriptors that the request's filter lets through, and the next page's token."""
        wanted = filters.parse(request.filter)
        found = [
            one
            for one in self._descriptors.every(project)
            if wanted({"metric.type": one.type, "project": project}.get)
        ]
        size = min(request.page_size or DESCRIPTORS_AT_MOST, DESCRIPTORS_AT_MOST)
        return page(found, size=size, token=request.page_token)

    def _metric_of(self, project: str, request: Any) -> str:
        held = self._world.rules
        if request.HasField("aggregation"):
            raise Refusal(
                _UNIMPLEMENTED, "This cloud does not align or reduce: ask for raw series."
            )
        if held.broken(rules.LIST_ORDER, when=bool(request.order_by)):
            raise invalid_argument(
                f'Field order_by had an invalid value of "{request.order_by}": must be blank.'
            )
        metric_type = filters.exact(request.filter, "metric.type")
        if held.broken(rules.LIST_METRIC, when=not metric_type):
            raise invalid_argument(
                f'Field filter had an invalid value of "{request.filter}": '
                "it must specify a single metric type."
            )
        unknown = bool(metric_type) and self._descriptors.get(project, metric_type) is None
        if held.broken(rules.LIST_UNKNOWN, when=unknown):
            raise invalid_argument("The provided filter doesn't refer to any known metric.")
        return metric_type

    def _interval_of(self, request: Any) -> tuple[int, int]:
        interval = request.interval
        given = interval.HasField("end_time")
        end_ns = nanoseconds(interval.end_time)
        start_ns = nanoseconds(interval.start_time) if interval.HasField("start_time") else end_ns
        if self._world.rules.broken(rules.LIST_INTERVAL, when=not given or start_ns > end_ns):
            raise invalid_argument(
                "Field interval had an invalid value: it needs an end time, and a start time "
                "that is not after it."
            )
        return (start_ns, end_ns) if given else (0, _END_OF_TIME_NS)

    def _within(self, name: SeriesName, start_ns: int, end_ns: int) -> Iterator[StoredPoint]:
        for point in reversed(self._shelf.points(name)):
            if point.end_ns < start_ns:
                return
            if point.end_ns <= end_ns:
                yield point

    def _fill(self, response: Any, chosen: Sequence[tuple[SeriesName, StoredPoint]]) -> None:
        last: SeriesName | None = None
        for name, point in chosen:
            if name != last:
                response.time_series.append(self._header(name))
                last = name
            points = response.time_series[-1].points
            points.append(_as_message(point))

    def _header(self, name: SeriesName) -> Any:
        stored = self._shelf.sort(name)
        descriptor = self._descriptors.get(name.project, name.metric_type)
        return TimeSeries.pb()(
            metric={"type": name.metric_type, "labels": dict(name.metric_labels)},
            resource={"type": name.resource_type, "labels": dict(name.resource_labels)},
            metric_kind=KIND.Value(stored[0]),
            value_type=TYPE.Value(stored[1]),
            unit=descriptor.unit if descriptor else "",
        )


def looked_up(name: SeriesName, path: str) -> str | None:
    """What a filter's path means for this series."""
    whole = {
        "metric.type": name.metric_type,
        "resource.type": name.resource_type,
        "project": name.project,
    }
    for prefix, labels in (
        ("metric.labels.", name.metric_labels),
        ("resource.labels.", name.resource_labels),
    ):
        if path.startswith(prefix):
            return dict(labels).get(path.removeprefix(prefix))
    return whole.get(path)


def page(items: Sequence[Item], *, size: int, token: str) -> tuple[list[Item], str]:
    """The items of one page, and the token of the next if there is one.

    Raises:
        Refusal: the token is none of ours.
    """
    if token and not token.isdigit():
        raise invalid_argument("Field page_token had an invalid value.")
    start = int(token or 0)
    end = start + size
    return list(items[start:end]), str(end) if end < len(items) else ""


def resources(project: str) -> list[MonitoredResourceDescriptor]:
    """The monitored resources that take users' metrics."""
    return [
        MonitoredResourceDescriptor(
            name=f"projects/{project}/monitoredResourceDescriptors/{resource}",
            type=resource,
            labels=[LabelDescriptor(key=key) for key in keys],
        )
        for resource, keys in RESOURCES.items()
    ]


def _as_message(point: StoredPoint) -> Any:
    value: Value = point.value
    setter = _SETTERS.get(type(value), "distribution_value")
    return Point.pb()(
        interval={
            "start_time": timestamp(point.start_ns),
            "end_time": timestamp(point.end_ns),
        },
        value={setter: value},
    )
