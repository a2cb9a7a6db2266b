"""Who writes, and from where: Google's monitored resource of this very process.

A writer's identity is its own (D-10): two processes that write one series overwrite each
other (D04), and Cloud Run gives all processes of an instance the same names, and every
instance the host name `localhost`. So ``task_id`` is made of instance, process and the
moment of its making, the first time it is asked for in a process: after every fork.

Project, location and instance are told by the service, or else asked of the metadata
server, which exists on Google Cloud only; there is no default project (D10) and no default
region (D11). The paths: https://cloud.google.com/run/docs/container-contract#metadata-server

>>> from tocsin.telemetry.metrics import Resource
>>> who = Writer(Resource("shop", "production", instance="i-1"), project="shop-prod",
...              location="europe-west1")
>>> who.task().labels["job"], who.task().labels["location"]
('shop', 'europe-west1')
"""

import os
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tocsin.clock import Clock, SystemClock
from tocsin.errors import DeclarationError
from tocsin.telemetry.metrics import Resource

METADATA_URL: Final = "http://metadata.google.internal/computeMetadata/v1/"
NOWHERE: Final = "global"
"""The location of a process that runs outside of Google Cloud."""

_TIMEOUT_S: Final = 1.0
_ANSWER_AT_MOST_BYTES: Final = 1000
_NO_NAMES: Final = frozenset({"", "unknown", "localhost", "localhost.localdomain"})
_MICROSECOND_NS: Final = 1000

Get = Callable[[str, float], str]
"""Fetches a URL within a time limit in seconds; raises ``OSError`` where there is none."""


def over_http(url: str, timeout_s: float) -> str:
    """Ask the metadata server, past any proxy.

    Raises:
        OSError: it does not answer.
    """
    # The address is fixed, above; the header is the server's condition for an answer.
    request = urllib.request.Request(url, headers={"Metadata-Flavor": "Google"})  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=timeout_s) as answer:
        return str(answer.read(_ANSWER_AT_MOST_BYTES).decode())


class MetadataServer:
    """What Google Cloud tells a process about itself; remembers what it was told.

    Where it does not answer it is not asked again: outside of Google Cloud each question
    would cost the time limit.
    """

    def __init__(self, get: Get = over_http, *, timeout_s: float = _TIMEOUT_S) -> None:
        self._get = get
        self._timeout_s = timeout_s
        self._known: dict[str, str] = {}
        self._is_absent = False

    def ask(self, path: str) -> str:
        """The value at ``path``; empty if there is none or no server."""
        if path not in self._known and not self._is_absent:
            try:
                self._known[path] = self._get(METADATA_URL + path, self._timeout_s).strip()
            except OSError:
                self._is_absent = True
        return self._known.get(path, "")

    def project(self) -> str:
        """The project's id."""
        return self.ask("project/project-id")

    def location(self) -> str:
        """The region; the server answers with a path that ends in it."""
        return self.ask("instance/region").rpartition("/")[2]

    def instance(self) -> str:
        """The instance's id."""
        return self.ask("instance/id")


NO_METADATA: Final = MetadataServer(timeout_s=0.0, get=lambda _url, _limit: "")


@dataclass(frozen=True, slots=True)
class GenericTask:
    """Google's ``generic_task``: https://cloud.google.com/monitoring/api/resources."""

    project: str
    location: str
    namespace: str
    job: str
    task_id: str

    @property
    def labels(self) -> dict[str, str]:
        """The labels by Google's names."""
        return {
            "project_id": self.project,
            "location": self.location,
            "namespace": self.namespace,
            "job": self.job,
            "task_id": self.task_id,
        }


class Writer:
    """The identity under which this process writes; found out when it is first asked for."""

    def __init__(
        self,
        resource: Resource,
        *,
        project: str = "",
        location: str = "",
        metadata: MetadataServer = NO_METADATA,
        clock: Clock | None = None,
    ) -> None:
        """Take what the service told; what is empty is asked of ``metadata``.

        ``metadata`` is :class:`MetadataServer` on Google Cloud, nobody elsewhere.
        """
        self._resource = resource
        self._project = project
        self._location = location
        self._metadata = metadata
        self._clock: Clock = clock if clock is not None else SystemClock()
        self._pid = 0
        self._task: GenericTask | None = None

    def task(self) -> GenericTask:
        """The resource; the same one for as long as the process lives.

        Raises:
            DeclarationError: nobody told the project.
        """
        pid = os.getpid()
        if self._task is None or self._pid != pid:
            self._task, self._pid = self._made(pid), pid
        return self._task

    def _made(self, pid: int) -> GenericTask:
        project = self._project or self._metadata.project()
        if not project:
            raise DeclarationError(
                "no Google Cloud project is given and no metadata server tells one: "
                "name the project in the service's settings"
            )
        told = self._resource.instance
        instance = (self._metadata.instance() or told) if told in _NO_NAMES else told
        started = f"{self._clock.wall_ns() // _MICROSECOND_NS:x}"
        return GenericTask(
            project=project,
            location=self._location or self._metadata.location() or NOWHERE,
            namespace=self._resource.environment,
            job=self._resource.service,
            task_id=f"{instance or 'unknown'}-{pid}-{started}",
        )
