"""Dashboards of ``google.monitoring.dashboard.v1``; ``validateOnly`` keeps nothing.

Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v1/projects.dashboards

>>> from tocsin.rehearsal.cloud.world import World
>>> sorted(rpc.method for rpc in Dashboards(World()).rpcs())[0]
'CreateDashboard'
"""

from typing import Any

from google.cloud import monitoring_dashboard_v1

from tocsin.rehearsal.cloud.configuration.alerting import Room
from tocsin.rehearsal.cloud.configuration.checks import hold
from tocsin.rehearsal.cloud.configuration.methods import Sort
from tocsin.rehearsal.cloud.configuration.rules import DASHBOARDS
from tocsin.rehearsal.cloud.refusals import Refusal


class Dashboards(Room):
    """Dashboards."""

    sort = Sort(
        "google.monitoring.dashboard.v1.DashboardsService",
        "Dashboard",
        "Dashboards",
        types=monitoring_dashboard_v1,
        collection="/v1/{parent=projects/*}/dashboards",
        one="/v1/{name=projects/*/dashboards/*}",
        field="dashboard",
    )
    kind = "configuration.dashboard"
    items_field = "dashboards"
    checks = DASHBOARDS
    parent_field = "parent"

    def create(self, request: Any) -> Any:
        """A name may be chosen here, unlike elsewhere."""
        item = request.dashboard
        hold(self.world.rules, self.checks, item)
        if not item.name:
            item.name = f"{request.parent}/dashboards/{self.shelf.new_id()}"
        if request.validate_only:
            return item
        self.dress(item)
        return self.shelf.add(item)

    def update(self, request: Any) -> Any:
        """The whole dashboard is replaced; an ``etag`` that is not the newest is refused."""
        item = request.dashboard
        old = self.shelf.get(item.name)
        if item.etag and item.etag != old.etag:
            raise Refusal(10, "The dashboard was changed since: its etag is another now.")
        hold(self.world.rules, self.checks, item)
        if request.validate_only:
            return item
        self.dress(item)
        return self.shelf.put(item)

    def dress(self, item: Any) -> None:
        """Another etag for another content."""
        item.etag = self.shelf.new_id()
