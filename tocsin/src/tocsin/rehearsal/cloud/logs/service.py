"""The service: its methods, its shelf, what tests, the page and Error Reporting read of it.

Others may follow what is stored: ``logs.followers.append(callable)``.

>>> logs = Logs(World())
>>> taken = logs.take_line(b'{"severity": "WARNING", "message": "slow", "ms": 900}', project="demo")
>>> [(entry.log_name, entry.severity) for entry in logs.entries("stdout")]
[('projects/demo/logs/stdout', 400)]
"""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, Final

from google.api.monitored_resource_pb2 import MonitoredResource
from google.protobuf.empty_pb2 import Empty

from tocsin.rehearsal.cloud.logs import rules as r
from tocsin.rehearsal.cloud.logs.agent import entry_of_line
from tocsin.rehearsal.cloud.logs.listing import list_entries, list_logs, list_resources
from tocsin.rehearsal.cloud.logs.messages import (
    DeleteLogRequest,
    ListLogEntriesRequest,
    ListLogEntriesResponse,
    ListLogsRequest,
    ListLogsResponse,
    ListResourcesRequest,
    ListResourcesResponse,
    LogEntry,
    WriteLogEntriesRequest,
    WriteLogEntriesResponse,
    log_id_of,
    ns_of,
    project_of,
    set_ns,
)
from tocsin.rehearsal.cloud.logs.shelf import Shelf
from tocsin.rehearsal.cloud.logs.vetting import outlived, vet
from tocsin.rehearsal.cloud.logs.writing import write
from tocsin.rehearsal.cloud.refusals import Refusal, not_found
from tocsin.rehearsal.cloud.rpc import Http, Rpc
from tocsin.rehearsal.cloud.world import World

SERVICE: Final = "google.logging.v2.LoggingServiceV2"
ENTRY_KIND: Final = "logs.entry"
DELETED_KIND: Final = "logs.deleted"
_OWNERS: Final = ("projects", "organizations", "folders", "billingAccounts")


class Logs:
    """``google.logging.v2.LoggingServiceV2`` of one cloud, and the agent before it."""

    def __init__(self, world: World, *, shelf: Shelf | None = None) -> None:
        self.world = world
        self.followers: list[Callable[[Any], None]] = []
        """Called under the world's lock with each entry that is stored."""
        self.refused_lines = 0
        """Lines of standard output whose entries the service refused."""
        self._shelf = Shelf() if shelf is None else shelf
        self._numbers = count(1)

    @property
    def dropped(self) -> int:
        """Entries that left because the shelf was full."""
        return self._shelf.dropped

    def rpcs(self) -> Iterable[Rpc]:
        """The service's methods."""
        return (
            Rpc(
                SERVICE,
                "WriteLogEntries",
                WriteLogEntriesRequest,
                WriteLogEntriesResponse,
                lambda request: write(request, self.world, self.store),
                (Http("POST", "/v2/entries:write", "*"),),
            ),
            Rpc(
                SERVICE,
                "ListLogEntries",
                ListLogEntriesRequest,
                ListLogEntriesResponse,
                lambda request: list_entries(request, self._shelf.all(), self.world.rules),
                (Http("POST", "/v2/entries:list", "*"),),
            ),
            Rpc(
                SERVICE,
                "ListLogs",
                ListLogsRequest,
                ListLogsResponse,
                lambda request: list_logs(request, self._shelf.all()),
                tuple(Http("GET", f"/v2/{{parent={owner}/*}}/logs") for owner in _OWNERS),
            ),
            Rpc(
                SERVICE,
                "ListMonitoredResourceDescriptors",
                ListResourcesRequest,
                ListResourcesResponse,
                list_resources,
                (Http("GET", "/v2/monitoredResourceDescriptors"),),
            ),
            Rpc(
                SERVICE,
                "DeleteLog",
                DeleteLogRequest,
                Empty,
                self._delete_log,
                tuple(Http("DELETE", f"/v2/{{log_name={owner}/*/logs/*}}") for owner in _OWNERS),
            ),
        )

    def entries(self, log_id: str = "", project: str = "") -> list[Any]:
        """Copies of the entries of this log and project, as they came, each once."""
        with self.world.lock:
            return [
                _copied(entry)
                for entry in self._shelf.all()
                if log_id in ("", log_id_of(entry.log_name))
                and project in ("", project_of(entry.log_name))
            ]

    def take_line(
        self,
        line: bytes,
        *,
        project: str,
        log_id: str = "stdout",
        resource: MonitoredResource | None = None,
    ) -> Any | None:
        """Read one line of a process's standard output, as Cloud Run's agent does.

        Gives a copy of the entry; None for an empty line and for one that the service
        refuses, which is counted.
        """
        with self.world.lock:
            now_ns = self.world.clock.wall_ns()
            entry = entry_of_line(line, project, self.world.rules, now_ns=now_ns)
            if entry is None:
                return None
            entry.log_name = f"projects/{project}/logs/{log_id.replace('/', '%2F')}"
            entry.resource.CopyFrom(resource or _cloud_run(project))
            try:
                vet(entry, "line", self.world.rules, now_ns=now_ns)
            except Refusal:
                self.refused_lines += 1
                return None
            self.store(entry)
            return _copied(entry)

    def store(self, entry: Any) -> None:
        """Keep a vetted entry, with the times and the id that it lacks."""
        now_ns = self.world.clock.wall_ns()
        if not entry.HasField("timestamp"):
            set_ns(entry.timestamp, now_ns)
        # Later entries of one time sort after earlier ones.
        entry.insert_id = entry.insert_id or f"rehearsal-{next(self._numbers):012x}"
        set_ns(entry.receive_timestamp, now_ns)
        if outlived(entry, self.world.rules, now_ns=now_ns):
            return
        self._shelve(entry)
        self.world.keep(ENTRY_KIND, entry.SerializeToString(), now_ns)

    def recall(self, kind: str, body: bytes, received_ns: int) -> None:  # noqa: ARG002 - stands in the entry
        """Take back a journal entry that an earlier run kept."""
        if kind == ENTRY_KIND:
            next(self._numbers)
            self._shelve(LogEntry.FromString(body))
        elif kind == DELETED_KIND:
            log_name = body.decode()
            self._shelf.remove(lambda entry: entry.log_name == log_name)

    def _shelve(self, entry: Any) -> None:
        known = self._shelf.knows(entry)
        repeats = self.world.rules.broken(r.DUPLICATE, when=known)
        self._shelf.add(entry, repeats=repeats)
        if not repeats:
            self.world.usage.took_entry(entry.ByteSize(), ns_of(entry.receive_timestamp))
            for follower in self.followers:
                follower(entry)

    def _delete_log(self, request: Any) -> Empty:
        if not self._shelf.remove(lambda entry: entry.log_name == request.log_name):
            raise not_found(f"There is no log {request.log_name}.")
        self.world.keep(DELETED_KIND, request.log_name.encode(), self.world.clock.wall_ns())
        return Empty()


def _copied(entry: Any) -> Any:
    copy = LogEntry()
    copy.CopyFrom(entry)
    return copy


def _cloud_run(project: str) -> MonitoredResource:
    return MonitoredResource(type="cloud_run_revision", labels={"project_id": project})
