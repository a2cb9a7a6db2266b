"""A whole cloud in this process, for tests and for ``tocsin cloud``.

One thread with one asyncio loop serves gRPC and HTTP on ports of this machine; the
services' shelves can be read from any thread under ``world.lock``.

>>> with RunningCloud() as cloud:
...     cloud.http_url.startswith("http://127.0.0.1:"), cloud.grpc_address[:10]
(True, '127.0.0.1:')
"""

import asyncio
import threading
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tocsin.clock import Clock, SystemClock
from tocsin.rehearsal.cloud.faults import Faults
from tocsin.rehearsal.cloud.journal import Journal
from tocsin.rehearsal.cloud.page import Page
from tocsin.rehearsal.cloud.parts import parts_of
from tocsin.rehearsal.cloud.rulebook import Rulebook
from tocsin.rehearsal.cloud.server import Server
from tocsin.rehearsal.cloud.world import World


class RunningCloud:
    """Open as long as its block runs."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        without: Collection[str] = (),
        data_dir: Path | None = None,
        prometheus: str = "off",
        host: str = "127.0.0.1",
        http_port: int = 0,
        grpc_port: int = 0,
    ) -> None:
        self.world = World(clock=clock or SystemClock(), rules=Rulebook(without=without))
        self.parts = parts_of(self.world, prometheus=prometheus)
        self.journal: Journal | None = None
        self.host = host
        self._data_dir = data_dir
        self._ports = {"http_port": http_port, "grpc_port": grpc_port}
        self._server: Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._open = threading.Event()
        self._failure: BaseException | None = None

    @property
    def faults(self) -> Faults:
        """Trouble on request."""
        return self.world.faults

    @property
    def monitoring(self) -> Any:
        """Cloud Monitoring's time series."""
        return self.parts["monitoring"]

    @property
    def logs(self) -> Any:
        """Cloud Logging."""
        return self.parts["logs"]

    @property
    def errors(self) -> Any:
        """Error Reporting."""
        return self.parts["errors"]

    @property
    def traces(self) -> Any:
        """Cloud Trace."""
        return self.parts["traces"]

    @property
    def otlp(self) -> Any:
        """What speaks OTLP."""
        return self.parts["otlp"]

    @property
    def configuration(self) -> Any:
        """Policies, channels, checks, dashboards, buckets, log metrics."""
        return self.parts["configuration"]

    @property
    def grpc_address(self) -> str:
        """``host:port`` of the gRPC door."""
        return f"{self._reachable}:{self._server.grpc_port if self._server else 0}"

    @property
    def http_url(self) -> str:
        """The HTTP door, without a slash at its end."""
        return f"http://{self._reachable}:{self._server.http_port if self._server else 0}"

    @property
    def _reachable(self) -> str:
        """An address under which this machine reaches the host that is listened on."""
        if self.host in ("", "0.0.0.0", "::"):  # noqa: S104 - recognised, not bound
            return "127.0.0.1"
        return f"[{self.host}]" if ":" in self.host else self.host

    def __enter__(self) -> Self:
        self._take_back()
        self._thread = threading.Thread(target=self._run, name="rehearsal-cloud", daemon=True)
        self._thread.start()
        self._open.wait()
        if self._failure is not None:
            self._thread.join()
            self._close_journal()
            raise self._failure
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._loop is not None and self._stop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
        self._close_journal()

    def _take_back(self) -> None:
        """Read what an earlier run on this folder received; then go on writing there."""
        if self._data_dir is None:
            return
        self.journal = Journal(self._data_dir)
        with self.world.lock:
            for kind, body, received_ns in self.journal.entries():
                part = self.parts.get(kind.partition(".")[0])
                if part is not None and hasattr(part, "recall"):
                    part.recall(kind, body, received_ns)
        self.world.keep = self.journal.keep

    def _close_journal(self) -> None:
        if self.journal is not None:
            self.journal.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except Exception as error:  # noqa: BLE001 - raised where the cloud was asked for
            self._failure = error
        finally:
            self._open.set()

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._server = Server(self.world, self.parts, page=Page(self).routes())
        try:
            await self._server.open(self.host, **self._ports)
            self._open.set()
            await self._stop.wait()
        finally:
            await self._server.close()
