"""The service: its shelves, what is written to them, what tests and the page read of them.

>>> from tocsin.rehearsal.cloud.world import World
>>> len(tuple(Monitoring(World()).rpcs()))
8
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from google.api.metric_pb2 import MetricDescriptor
from google.cloud.monitoring_v3 import types

from tocsin.rehearsal.cloud.monitoring.answers import Problem
from tocsin.rehearsal.cloud.monitoring.descriptors import Descriptors, copied
from tocsin.rehearsal.cloud.monitoring.methods import Methods
from tocsin.rehearsal.cloud.monitoring.reading import Reader
from tocsin.rehearsal.cloud.monitoring.shelf import Shelf, StoredSeries
from tocsin.rehearsal.cloud.monitoring.writing import Writer
from tocsin.rehearsal.cloud.rpc import Rpc
from tocsin.rehearsal.cloud.world import World

_WRITTEN: Final = "monitoring.series"
_DESCRIBED: Final = "monitoring.descriptor"
_DELETED: Final = "monitoring.descriptor_deleted"
_WriteRequest: Final = types.CreateTimeSeriesRequest.pb()
_DescribeRequest: Final = types.CreateMetricDescriptorRequest.pb()


class Monitoring:
    """``google.monitoring.v3.MetricService`` of one cloud."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.shelf = Shelf()
        self._descriptors = Descriptors(world.rules)
        self._writer = Writer(world, self.shelf, self._descriptors)
        self._reader = Reader(world, self.shelf, self._descriptors)

    def rpcs(self) -> Iterable[Rpc]:
        """The service's methods."""
        return Methods(self, self._reader, self._descriptors).rpcs()

    def write(self, project: str, series: Sequence[Any], *, broken: bool = False) -> list[Problem]:
        """Take raw ``TimeSeries`` as ``CreateTimeSeries`` does, for OTLP too; what was refused.

        ``broken`` lets every other one fail for no reason of its own.
        """
        with self.world.lock:
            problems = self._writer.write(project, series, broken=broken)
            refused = {problem.index for problem in problems}
            accepted = [one for index, one in enumerate(series) if index not in refused]
            if accepted:
                self._keep(_WRITTEN, _WriteRequest(name=project, time_series=accepted))
            return problems

    def describe(self, project: str, wanted: MetricDescriptor) -> MetricDescriptor:
        """Make a descriptor as ``CreateMetricDescriptor`` does, for OTLP too.

        Raises:
            Refusal: it is none that a user can have.
        """
        with self.world.lock:
            made = self._descriptors.create(project, wanted)
            self._keep(_DESCRIBED, _DescribeRequest(name=project, metric_descriptor=made))
            return made

    def forget(self, project: str, metric_type: str) -> bool:
        """Delete a descriptor, and with it the data of its type; whether there was one."""
        with self.world.lock:
            if not self._descriptors.delete(project, metric_type):
                return False
            self.shelf.forget(project, metric_type)
            gone = MetricDescriptor(type=metric_type)
            self._keep(_DELETED, _DescribeRequest(name=project, metric_descriptor=gone))
            return True

    def recall(self, kind: str, body: bytes, received_ns: int) -> None:  # noqa: ARG002 - a point knows its time
        """Take back a journal entry that an earlier run kept."""
        if kind == _WRITTEN:
            written = _WriteRequest.FromString(body)
            for one in written.time_series:
                self._writer.keep(written.name, one)
            return
        made = _DescribeRequest.FromString(body)
        if kind == _DESCRIBED:
            self._descriptors.keep(made.name, made.metric_descriptor)
        elif kind == _DELETED:
            self._descriptors.delete(made.name, made.metric_descriptor.type)
            self.shelf.forget(made.name, made.metric_descriptor.type)

    def series(
        self, metric_type: str = "", project: str = "", *, since_ns: int = 0
    ) -> list[StoredSeries]:
        """The series of this type and project, or of all; copies, points oldest first.

        With ``since_ns`` only points that end then or later, and series that have any: the
        cheap way for whoever asks again and again.
        """
        with self.world.lock:
            return [
                self.shelf.copy(name, unit=self._unit(*name[:2]), since_ns=since_ns)
                for name in self.shelf.names(metric_type, project)
                if self.shelf.points(name)[-1].end_ns >= since_ns
            ]

    def total(self, metric_type: str, **metric_labels: str) -> float:
        """What was counted by all writers over all resets; of a distribution the observations."""
        with self.world.lock:
            asked = metric_labels.items()
            return sum(
                self.shelf.counted(name)
                for name in self.shelf.names(metric_type)
                if asked <= dict(name.metric_labels).items()
            ) + (0 if metric_labels else self.shelf.counted_by_dropped(metric_type))

    def descriptors(self) -> list[MetricDescriptor]:
        """Every descriptor, of all projects; copies."""
        with self.world.lock:
            return [copied(one) for one in self._descriptors.every()]

    def _unit(self, project: str, metric_type: str) -> str:
        descriptor = self._descriptors.get(project, metric_type)
        return str(descriptor.unit) if descriptor else ""

    def _keep(self, kind: str, message: Any) -> None:
        self.world.keep(kind, message.SerializeToString(), self.world.clock.wall_ns())
