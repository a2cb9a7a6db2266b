"""A whole cloud in this process, for tests and for ``tocsin cloud``.

One thread with one asyncio loop serves gRPC and HTTP on ports of this machine; the
services' shelves can be read from any thread under ``world.lock``.

>>> with RunningCloud() as cloud:  # doctest: +SKIP
...     cloud.grpc_address, cloud.http_url
('127.0.0.1:40001', 'http://127.0.0.1:40002')
"""

import asyncio
import threading
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tocsin.clock import Clock, SystemClock
from tocsin.rehearsal.cloud.faults import Faults
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
        host: str = "127.0.0.1",
        http_port: int = 0,
        grpc_port: int = 0,
    ) -> None:
        self.world = World(clock=clock or SystemClock(), rules=Rulebook(without=without))
        self.parts = parts_of(self.world)
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
        return f"{self.host}:{self._server.grpc_port if self._server else 0}"

    @property
    def http_url(self) -> str:
        """The HTTP door, without a slash at its end."""
        return f"http://{self.host}:{self._server.http_port if self._server else 0}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="rehearsal-cloud", daemon=True)
        self._thread.start()
        self._open.wait()
        if self._failure is not None:
            self._thread.join()
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
        self._server = Server(self.world, self.parts)
        try:
            await self._server.open(self.host, **self._ports)
            self._open.set()
            await self._stop.wait()
        finally:
            await self._server.close()
