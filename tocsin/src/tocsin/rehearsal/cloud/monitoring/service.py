"""The service: its methods, its shelves, what tests and the page read of them."""

from collections.abc import Iterable
from typing import Any

from google.api.metric_pb2 import MetricDescriptor

from tocsin.rehearsal.cloud.monitoring.shelf import Shelf, StoredSeries
from tocsin.rehearsal.cloud.rpc import Rpc
from tocsin.rehearsal.cloud.world import World


class Monitoring:
    """``google.monitoring.v3.MetricService`` of one cloud."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.shelf = Shelf()

    def rpcs(self) -> Iterable[Rpc]:
        """The service's methods."""
        return ()

    def recall(self, kind: str, body: bytes, received_ns: int) -> None:
        """Take back a journal entry that an earlier run kept."""

    def series(self, metric_type: str = "", project: str = "") -> list[StoredSeries]:
        """The series of this type and project, or of all; copies, points oldest first."""
        with self.world.lock:
            return [self.shelf.copy(name) for name in self.shelf.names(metric_type, project)]

    def total(self, metric_type: str, **metric_labels: str) -> float:
        """What was counted by all writers over all resets; of a distribution the observations."""
        return 0

    def descriptors(self) -> list[MetricDescriptor]:
        """Every descriptor, of all projects."""
        return []

