"""OTLP's metrics, written to Cloud Monitoring.

>>> from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
...     ExportMetricsServiceRequest,
... )
>>> from tocsin.rehearsal.cloud.monitoring import Monitoring
>>> world = World()
>>> answer = Metrics(world, Monitoring(world)).export(ExportMetricsServiceRequest())
>>> answer.partial_success.rejected_data_points
0
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from google.api.metric_pb2 import MetricDescriptor
from google.cloud.monitoring_v3.types import TimeSeries
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)

from tocsin.rehearsal.cloud.monitoring.answers import INTERNAL_REASON, Problem
from tocsin.rehearsal.cloud.otlp import rules
from tocsin.rehearsal.cloud.otlp.resources import attributes_of, info, project_of, target
from tocsin.rehearsal.cloud.otlp.series import PROMETHEUS, UnusableError, points_of
from tocsin.rehearsal.cloud.refusals import invalid_argument
from tocsin.rehearsal.cloud.world import World

METHOD: Final = "opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
POINTS_AT_MOST: Final = 200
RESOURCES_AT_MOST: Final = 200
_SPACING_NS: Final = 5_000_000_000
_TARGETS_AT_MOST: Final = 10_000
_REASONS_AT_MOST: Final = 5
_Series: Final[Any] = TimeSeries.pb()


class Shelves(Protocol):
    """Cloud Monitoring, as far as OTLP needs it."""

    def write(self, project: str, series: list[Any]) -> list[Problem]:
        """Take raw series; what was refused."""
        ...


class Metrics:
    """``MetricsService`` of one cloud."""

    def __init__(self, world: World, monitoring: Shelves) -> None:
        self._held = world.rules
        self._faults = world.faults
        self._monitoring = monitoring
        self._told: OrderedDict[tuple[str, ...], int] = OrderedDict()

    def export(self, request: Any) -> ExportMetricsServiceResponse:
        """Keep what can be kept; tell how many data points could not.

        Raises:
            Refusal: the whole request cannot be taken.
        """
        self._check(request)
        projects = [
            project_of(self._held, attributes_of(one.resource.attributes))
            for one in request.resource_metrics
        ]
        broken = self._faults.take(METHOD, "partial_failure") is not None
        batch = _Batch(broken=broken)
        for project, group in zip(projects, request.resource_metrics, strict=True):
            self._gather(group, project, batch)
        for project, series in batch.series.items():
            problems = self._monitoring.write(project, [one for one, _ in series])
            for problem in problems:
                batch.refuse(series[problem.index][1], problem.reason)
        answer = ExportMetricsServiceResponse()
        if batch.refused:
            answer.partial_success.rejected_data_points = len(batch.refused)
            answer.partial_success.error_message = batch.message()
        return answer

    def _check(self, request: Any) -> None:
        groups = len(request.resource_metrics)
        if self._held.broken(rules.RESOURCES, when=groups > RESOURCES_AT_MOST):
            raise invalid_argument(
                f"A request may hold {RESOURCES_AT_MOST} ResourceMetrics; this one has {groups}."
            )
        points = sum(1 for _ in _data_points(request))
        if self._held.broken(rules.POINTS, when=points > POINTS_AT_MOST):
            raise invalid_argument(
                f"A request may hold {POINTS_AT_MOST} data points; this one has {points}."
            )

    def _gather(self, group: Any, project: str, batch: "_Batch") -> None:
        attributes = attributes_of(group.resource.attributes)
        labels = target(attributes)
        end_ns = 0
        for scope in group.scope_metrics:
            for metric in scope.metrics:
                for made in points_of(metric, project, self._held):
                    batch.add(project, made, labels)
        for _, point in _points_in(group):
            end_ns = max(end_ns, point.time_unix_nano)
        if end_ns and self._is_news(project, labels, end_ns):
            batch.add_free(project, _target_info(attributes, end_ns), labels)

    def _is_news(self, project: str, labels: Mapping[str, str], end_ns: int) -> bool:
        """Whether ``target_info`` is due: it too has a sampling period."""
        name = (project, *labels.values())
        if end_ns - self._told.get(name, -_SPACING_NS) < _SPACING_NS:
            return False
        if not self._held.broken(rules.TARGET_INFO, when=True):
            return False
        self._told[name] = end_ns
        self._told.move_to_end(name)
        while len(self._told) > _TARGETS_AT_MOST:
            self._told.popitem(last=False)
        return True


class _Batch:
    """The series of one request by project, each with the number of its data point."""

    def __init__(self, *, broken: bool) -> None:
        self._is_broken = broken
        self.series: dict[str, list[tuple[Any, int]]] = defaultdict(list)
        self.refused: dict[int, str] = {}
        self._count = 0

    def add(self, project: str, made: list[Any] | UnusableError, labels: Mapping[str, str]) -> None:
        self._count += 1
        if self._is_broken and self._count % 2:
            self.refuse(self._count, INTERNAL_REASON)
            return
        if isinstance(made, UnusableError):
            self.refuse(self._count, str(made))
            return
        for one in made:
            _place(one, labels)
            self.series[project].append((one, self._count))

    def add_free(self, project: str, one: Any, labels: Mapping[str, str]) -> None:
        """A series that no data point stands for, and whose refusal is nobody's."""
        _place(one, labels)
        self.series[project].append((one, 0))

    def refuse(self, number: int, reason: str) -> None:
        if number:
            self.refused.setdefault(number, reason)

    def message(self) -> str:
        reasons = list(dict.fromkeys(self.refused.values()))
        more = len(reasons) - _REASONS_AT_MOST
        return "; ".join(reasons[:_REASONS_AT_MOST]) + (f"; and {more} more" if more > 0 else "")


def _place(one: Any, labels: Mapping[str, str]) -> None:
    one.resource.type = "prometheus_target"
    for key, value in labels.items():
        one.resource.labels[key] = value


def _target_info(attributes: Mapping[str, Any], end_ns: int) -> Any:
    one = _Series(metric_kind=MetricDescriptor.MetricKind.GAUGE)
    one.metric.type = f"{PROMETHEUS}/target_info/gauge"
    for key, value in info(attributes).items():
        one.metric.labels[key] = value
    point = one.points.add()
    point.interval.end_time.FromNanoseconds(end_ns)
    point.value.double_value = 1.0
    return one


def _data_points(request: Any) -> Iterator[Any]:
    for group in request.resource_metrics:
        yield from _points_in(group)


def _points_in(group: Any) -> Iterator[tuple[Any, Any]]:
    for scope in group.scope_metrics:
        for metric in scope.metrics:
            which = metric.WhichOneof("data")
            for point in getattr(metric, which).data_points if which else ():
                yield metric, point
