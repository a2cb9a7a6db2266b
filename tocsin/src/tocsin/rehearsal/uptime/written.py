"""Writes what a prober found where Google writes it: on Cloud Monitoring's shelf.

The metric is ``monitoring.googleapis.com/uptime_check/check_passed`` (GAUGE, BOOL) of the
resource ``uptime_url``; only Google itself may write it, so it does not come by the API
(https://cloud.google.com/monitoring/api/metrics_gcp_i_o#gcp-monitoring).

>>> from tocsin.rehearsal.cloud.monitoring import Monitoring
>>> world = World()
>>> written = Written(world, Monitoring(world), project="demo", check_id="health-1", host="h")
>>> written(Probed("usa-iowa", passed=True, status=200))
"""

from typing import Any, Final

from tocsin.rehearsal.cloud.monitoring.shelf import SeriesName, StoredPoint
from tocsin.rehearsal.cloud.world import World
from tocsin.rehearsal.uptime.prober import Probed

CHECK_PASSED: Final = "monitoring.googleapis.com/uptime_check/check_passed"


class Written:
    """Puts one point on the shelf for each answer."""

    def __init__(
        self, world: World, monitoring: Any, *, project: str, check_id: str, host: str
    ) -> None:
        self._world = world
        self._shelf = monitoring.shelf
        self._project = project
        self._check_id = check_id
        self._host = host

    def __call__(self, probed: Probed) -> None:
        """Write one down."""
        labels = (("check_id", self._check_id), ("checker_location", probed.location))
        resource = (("host", self._host), ("project_id", self._project))
        name = SeriesName(self._project, CHECK_PASSED, labels, "uptime_url", resource)
        with self._world.lock:
            now_ns = self._world.clock.wall_ns()
            self._shelf.add(name, "GAUGE", "BOOL", StoredPoint(now_ns, now_ns, probed.passed))
