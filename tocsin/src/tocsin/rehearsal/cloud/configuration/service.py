"""All of configuration as one service of the cloud.

>>> from tocsin.rehearsal.cloud.world import World
>>> len(list(Configuration(World()).rpcs())) > 30
True
"""

from collections.abc import Iterator
from typing import Any

from tocsin.rehearsal.cloud.configuration.alerting import Channels, Policies, UptimeChecks
from tocsin.rehearsal.cloud.configuration.dashboards import Dashboards
from tocsin.rehearsal.cloud.configuration.enabling import Enabling
from tocsin.rehearsal.cloud.configuration.log_storage import Buckets, LogMetrics
from tocsin.rehearsal.cloud.rpc import Rpc
from tocsin.rehearsal.cloud.world import World


class Configuration:
    """What people set up; reads are taken under ``world.lock`` and give copies."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.rooms: dict[str, Any] = {
            "policies": Policies(world),
            "channels": Channels(world),
            "uptime_checks": UptimeChecks(world),
            "dashboards": Dashboards(world),
            "buckets": Buckets(world),
            "log_metrics": LogMetrics(world),
            "services": Enabling(world),
        }

    def rpcs(self) -> Iterator[Rpc]:
        """The methods of all."""
        for room in self.rooms.values():
            yield from room.rpcs()

    def all(self, sort: str) -> list[Any]:
        """Every ``policies``, ``channels``, ``uptime_checks``, ``dashboards`` and so on."""
        with self._world.lock:
            return list(self.rooms[sort].shelf)

    def recall(self, kind: str, body: bytes, received_ns: int) -> None:  # noqa: ARG002
        """Take back one entry of the journal."""
        for room in self.rooms.values():
            if room.shelf.recall(kind, body):
                return
