"""Serve the API with uvicorn, one process or several, until told to stop.

The port is taken before anything else is started, so that a port in use is one clear
line; the first process to listen tells where (``PORT=0`` takes any free port). SIGTERM
and Ctrl-C finish the requests in flight, stop the worker and flush the logs; both are
orderly ends with exit code 0.
"""

import errno
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE
from uvicorn.server import HANDLED_SIGNALS
from uvicorn.supervisors import Multiprocess

from app.core.config import ConfigurationError, Settings
from app.main import as_whole_process, create_app
from app.request_head import BoundedHeadProtocol
from tocsin.telemetry.metrics.client import WORKERS_VARIABLE

FACTORY = "app.main:app_factory"
_GRACE_S = 5  # Cloud Run kills 10 s after SIGTERM; the worker's drain comes after this
_BACKLOG = 2048
_BECOMES_READY_S = 60.0

Announce = Callable[[str], None]
"""Told the service's address once it answers."""


def serve(settings: Settings, announce: Announce) -> int:
    """Serve until a signal ends it; return the exit code.

    Raises:
        ConfigurationError: the address cannot be had, or a setting cannot work.
    """
    with _listener(settings.host, settings.port) as listener:
        address = _address(settings.host, listener)
        # Built here even where other processes will serve: what is wrong is told once,
        # and the supervisor's own lines are to be in our shape.
        app = as_whole_process(create_app(settings))
        if settings.workers == 1:
            _Server(_configuration(settings, app), lambda: announce(address)).run([listener])
            return 0
        with _shared_numbers():
            config = _configuration(settings, FACTORY)
            supervisor = _Supervisor(config, listener, lambda: announce(address))
            supervisor.run()
            return supervisor.exit_code()


def _configuration(settings: Settings, app: FastAPI | str) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=settings.workers,
        http=BoundedHeadProtocol,
        ws="none",  # refused before our layers, without headers or limits; we serve none
        log_config=None,  # the application installs its own, in every process
        access_log=False,  # one access line per request comes from our middleware
        # The client's address is found by our own rule, from TRUSTED_PROXIES.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        lifespan="on",
    )


def _listener(host: str, port: int) -> socket.socket:
    try:
        family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise ConfigurationError([f"HOST: cannot be resolved: {error.strerror}"]) from None
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(place)
        # Listening from here on: whoever connects while we start waits and is served.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError([_why_not(port, error)]) from None
    listener.set_inheritable(True)
    return listener


def _why_not(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"PORT: {port} is in use by another program: stop it or choose another, PORT={port + 1}"
        )
    if error.errno == errno.EACCES:
        return f"PORT: {port} needs rights that this user has not: choose one from 1024 on"
    return f"HOST, PORT: cannot be listened on: {(error.strerror or str(error)).lower()}"


def _address(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    # An address to open, not the one to listen on: nobody can visit 0.0.0.0.
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - recognised, not bound
    return f"http://{shown}:{port}"


class _Server(uvicorn.Server):
    """One process; tells when it listens."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn does, but an end that was asked for is a success.

        uvicorn raises the signal anew after its orderly end, so that a supervisor sees
        death by signal.
        """
        before = {one: signal.signal(one, self.handle_exit) for one in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


class _Supervisor(Multiprocess):
    """Several processes; tells when each has started."""

    def __init__(
        self, config: uvicorn.Config, listener: socket.socket, on_ready: Callable[[], None]
    ) -> None:
        super().__init__(config, [listener])
        self._on_ready = on_ready

    def init_processes(self) -> None:
        """Start each process, then tell."""
        super().init_processes()
        if all(process.wait_until_ready(_BECOMES_READY_S) for process in self.processes):
            self._on_ready()

    def exit_code(self) -> int:
        """The code of uvicorn for «did not start» if that is what happened to a process, else 0."""
        failed = any(process.exitcode == STARTUP_FAILURE for process in self.processes)
        return STARTUP_FAILURE if failed else 0


@contextmanager
def _shared_numbers() -> Iterator[None]:
    """A folder in which the processes' metrics meet: the one that is named, or a fresh one."""
    if os.environ.get(WORKERS_VARIABLE):
        yield
        return
    folder = tempfile.mkdtemp(prefix="vividly-metrics-")
    os.environ[WORKERS_VARIABLE] = folder
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
