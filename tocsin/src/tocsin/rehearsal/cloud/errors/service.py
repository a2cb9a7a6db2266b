r"""The services: their methods, the groups, what tests and the page read of them.

>>> errors = Errors(World())
>>> text = b'{"message": "Traceback (most recent call last):\\nKeyError: 1"}'
>>> entry = errors.logs.take_line(text, project="demo")
>>> [(group.kind, group.count) for group in errors.groups()]
[('KeyError', 1)]
"""

from collections.abc import Iterable
from typing import Any, Final

from tocsin.rehearsal.cloud.errors import messages as m
from tocsin.rehearsal.cloud.errors.capture import captured
from tocsin.rehearsal.cloud.errors.groups import ErrorGroup, GroupShelf
from tocsin.rehearsal.cloud.errors.reporting import entry_of_report
from tocsin.rehearsal.cloud.logs import Logs
from tocsin.rehearsal.cloud.logs.vetting import vet
from tocsin.rehearsal.cloud.refusals import not_found
from tocsin.rehearsal.cloud.rpc import Http, Rpc
from tocsin.rehearsal.cloud.world import World

_PACKAGE: Final = "google.devtools.clouderrorreporting.v1beta1"
REPORTS: Final = f"{_PACKAGE}.ReportErrorsService"
GROUPS: Final = f"{_PACKAGE}.ErrorGroupService"
STATS: Final = f"{_PACKAGE}.ErrorStatsService"
GROUP_KIND: Final = "errors.group"
CLEARED_KIND: Final = "errors.cleared"
_V1: Final = "/v1beta1/{project_name=projects/*}"


class Errors:
    """Error Reporting of one cloud; follows the entries of ``logs`` and writes reports there."""

    def __init__(self, world: World, *, logs: Any = None) -> None:
        self.world = world
        self.logs = logs if isinstance(logs, Logs) else Logs(world)
        self._shelf = GroupShelf()
        self.logs.followers.append(self._read)

    @property
    def dropped(self) -> int:
        """Groups that left because there were too many."""
        return self._shelf.dropped

    def rpcs(self) -> Iterable[Rpc]:
        """The services' methods."""
        return (
            Rpc(
                REPORTS,
                "ReportErrorEvent",
                m.ReportErrorEventRequest,
                m.ReportErrorEventResponse,
                self._report,
                (Http("POST", f"{_V1}/events:report", "event"),),
            ),
            Rpc(
                GROUPS,
                "GetGroup",
                m.GetGroupRequest,
                m.GroupMessage,
                lambda request: m.group_message(self._group(request.group_name)),
                (Http("GET", "/v1beta1/{group_name=projects/*/groups/*}"),),
            ),
            Rpc(
                GROUPS,
                "UpdateGroup",
                m.UpdateGroupRequest,
                m.GroupMessage,
                self._update_group,
                (Http("PUT", "/v1beta1/{group.name=projects/*/groups/*}", "group"),),
            ),
            Rpc(
                STATS,
                "ListGroupStats",
                m.ListGroupStatsRequest,
                m.ListGroupStatsResponse,
                self._list_group_stats,
                (Http("GET", f"{_V1}/groupStats"),),
            ),
            Rpc(
                STATS,
                "ListEvents",
                m.ListEventsRequest,
                m.ListEventsResponse,
                self._list_events,
                (Http("GET", f"{_V1}/events"),),
            ),
            Rpc(
                STATS,
                "DeleteEvents",
                m.DeleteEventsRequest,
                m.DeleteEventsResponse,
                self._delete_events,
                (Http("DELETE", f"{_V1}/events"),),
            ),
        )

    def groups(self, project: str = "") -> list[ErrorGroup]:
        """The groups of a project or all, the one seen last at the end."""
        with self.world.lock:
            return self._shelf.groups(project)

    def recall(self, kind: str, body: bytes, received_ns: int) -> None:  # noqa: ARG002 - people's marks bear no time
        """Take back a journal entry; the events themselves come back with the log entries."""
        if kind == GROUP_KIND:
            self._mark(m.GroupMessage.FromString(body))
        elif kind == CLEARED_KIND:
            self._shelf.clear(body.decode())

    def _read(self, entry: Any) -> None:
        if (seen := captured(entry, self.world.rules)) is not None:
            self._shelf.add(seen)

    def _report(self, request: Any) -> Any:
        now_ns = self.world.clock.wall_ns()
        entry = entry_of_report(request, self.world.rules, now_ns=now_ns)
        vet(entry, "event", self.world.rules, now_ns=now_ns)
        self.logs.store(entry)
        return m.ReportErrorEventResponse()

    def _group(self, name: str) -> ErrorGroup:
        parts = name.split("/")
        found = self._shelf.get(parts[1], parts[-1]) if len(parts) > 1 else None
        if found is None:
            raise not_found(f"There is no error group {name}.")
        return found

    def _mark(self, told: Any) -> bool:
        parts = told.name.split("/")
        urls = tuple(issue.url for issue in told.tracking_issues)
        return len(parts) > 1 and self._shelf.mark(
            parts[1], parts[-1], told.resolution_status, urls
        )

    def _update_group(self, request: Any) -> Any:
        if not self._mark(request.group):
            raise not_found(f"There is no error group {request.group.name}.")
        body = request.group.SerializeToString()
        self.world.keep(GROUP_KIND, body, self.world.clock.wall_ns())
        return m.group_message(self._group(request.group.name))

    def _list_group_stats(self, request: Any) -> Any:
        wanted = set(request.group_id)
        service = request.service_filter.service
        found = [
            group
            for group in self._shelf.groups(_project(request))
            if (not wanted or group.group_id in wanted)
            and (not service or service in group.services)
        ]
        found.sort(key=lambda group: -group.count)
        return m.ListGroupStatsResponse(error_group_stats=map(m.stats_message, found))

    def _list_events(self, request: Any) -> Any:
        found = self._shelf.get(_project(request), request.group_id)
        service = request.service_filter.service
        events = [
            m.event_message(event)
            for event in reversed(found.events if found else ())
            if service in ("", event.service)
        ]
        return m.ListEventsResponse(error_events=events)

    def _delete_events(self, request: Any) -> Any:
        project = _project(request)
        self._shelf.clear(project)
        self.world.keep(CLEARED_KIND, project.encode(), self.world.clock.wall_ns())
        return m.DeleteEventsResponse()


def _project(request: Any) -> str:
    return str(request.project_name).removeprefix("projects/").partition("/")[0]
