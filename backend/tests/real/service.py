"""The service as a deployment runs it: its own processes, a port, signals, exit codes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol

import httpx
import pytest

from real.programs import free_port
from tocsin.telemetry.testing import parse_lines

How = Literal["run", "uvicorn", "gunicorn", "gunicorn --preload", "worker"]

_BACKEND = Path(__file__).parents[2]
_SOURCES = (_BACKEND, _BACKEND.parent / "tocsin" / "src")
_FACTORY = "app.main:app_factory"
_POLL_S = 0.05
_STARTS_WITHIN_S = 60.0

Entry = dict[str, Any]


class ServiceEndedError(Exception):
    """The service ended instead of answering; the text is its own last words."""


class Service:
    """One start of the service; ``base_url`` is where it answers."""

    def __init__(
        self, command: list[str], *, port: int, folder: Path, env: Mapping[str, str]
    ) -> None:
        self.base_url = f"http://127.0.0.1:{port}"
        self.port = port
        self.folder = folder
        self._stdout = folder / f"stdout-{port}.log"
        self._stderr = folder / f"stderr-{port}.log"
        with self._stdout.open("wb") as output, self._stderr.open("wb") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                cwd=folder,
                env=dict(env),
                start_new_session=True,  # a group of its own, as under a terminal
            )

    @property
    def pid(self) -> int:
        """The process that was started; its workers are its children."""
        return self.process.pid

    @property
    def raw_lines(self) -> list[bytes]:
        """Standard output so far, line by line."""
        return self._stdout.read_bytes().splitlines()

    @property
    def log_lines(self) -> list[Entry]:
        """Standard output so far, strictly parsed: each line must be one JSON object."""
        written = self._stdout.read_bytes()
        if self.process.poll() is None:  # the line that is being written just now
            written = written[: written.rfind(b"\n") + 1]
        return parse_lines(written)

    @property
    def notices(self) -> str:
        """Standard error so far: what is meant for the person who started it."""
        return self._stderr.read_text(errors="replace")

    def messages(self) -> list[str]:
        """The messages of the log so far."""
        return [str(entry.get("message")) for entry in self.log_lines]

    def wait_until(self, holds: Any, *, timeout_s: float = _STARTS_WITHIN_S) -> None:
        """Wait until ``holds()``.

        Raises:
            ServiceEndedError: it ended first, or the time did.
        """
        end = time.monotonic() + timeout_s
        while not holds():
            if self.process.poll() is not None or time.monotonic() > end:
                words = (self._stdout.read_text(errors="replace") + self.notices)[-4000:]
                raise ServiceEndedError(f"exit code {self.process.poll()}: {words}")
            time.sleep(_POLL_S)

    def is_ready(self) -> bool:
        """Whether it answers that it is."""
        try:
            return httpx.get(f"{self.base_url}/health/ready", timeout=2.0).is_success
        except httpx.TransportError:
            return False

    def send(self, how: signal.Signals, *, group: bool = False) -> None:
        """Send a signal to the process, or to its group as a terminal's Ctrl-C does."""
        (os.killpg if group else os.kill)(self.process.pid, how)

    def wait(self, timeout_s: float = 20.0) -> int:
        """Wait for the end and return the exit code."""
        return self.process.wait(timeout_s)

    def stop(self, how: signal.Signals = signal.SIGTERM, timeout_s: float = 20.0) -> int:
        """Ask it to end, wait, and return the exit code; end it by force if it will not."""
        if self.process.poll() is None:
            self.send(how)
        try:
            return self.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL, group=True)
            self.wait()
            raise


class StartService(Protocol):
    """Starts the service with settings of its own, and stops it after the test."""

    def __call__(
        self,
        how: How = "run",
        *,
        workers: int = 1,
        env: Mapping[str, str] | None = None,
        wait: bool = True,
        port: int | None = None,
    ) -> Service:
        """Start; with ``wait`` return when it is ready."""
        ...


@pytest.fixture
def running_service(tmp_path: Path) -> Iterator[StartService]:
    """Start the real service on a free port, on a migrated SQLite of this test's own."""
    with services_in(tmp_path) as start:
        yield start


@contextmanager
def services_in(folder: Path) -> Iterator[StartService]:
    """What starts services that share ``folder``, and has stopped them at the block's end."""
    started: list[Service] = []

    def start(
        how: How = "run",
        *,
        workers: int = 1,
        env: Mapping[str, str] | None = None,
        wait: bool = True,
        port: int | None = None,
    ) -> Service:
        chosen = free_port() if port is None else port
        environ = service_environ(folder, chosen, workers) | dict(env or {})
        if wait:
            _migrate(environ, folder)
        service = Service(_command(how, chosen, workers), port=chosen, folder=folder, env=environ)
        started.append(service)
        if wait:
            service.wait_until(_is_at_work(service) if how == "worker" else service.is_ready)
        return service

    try:
        yield start
    finally:
        for service in started:
            service.stop()


def service_environ(folder: Path, port: int, workers: int = 1) -> dict[str, str]:
    """A whole configuration that touches nothing outside ``folder``."""
    return bare_environ() | {
        "ENVIRONMENT": "test",
        "SECRET_KEY": "a secret key for tests, 32 characters and more",
        "TELEMETRY_KEY": "a telemetry key for tests, 32 characters and more",
        "DATABASE_URL": f"sqlite:///{folder / 'vividly.db'}",
        "ARTEFACT_DIR": str(folder / "artefacts"),
        "PORT": str(port),
        "REHEARSAL_CLOUD": "off",  # a test that wants a cloud has one of its own
        "WORKERS": str(workers),
    }


def bare_environ() -> dict[str, str]:
    """What a process needs to run our sources at all; no setting of the service."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, _SOURCES)),
        "PYTHONUNBUFFERED": "1",
    }


def _command(how: How, port: int, workers: int) -> list[str]:
    python = [sys.executable, "-m"]
    if how in ("run", "worker"):
        return [*python, "app", how]
    if how == "uvicorn":
        place = ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
        return [*python, "uvicorn", _FACTORY, "--factory", *place]
    place = ["--bind", f"127.0.0.1:{port}", "--workers", str(workers)]
    worker = ["--worker-class", "uvicorn_worker.UvicornWorker", "--no-control-socket"]
    preload = ["--preload"] if how.endswith("--preload") else []
    return [*python, "gunicorn", f"{_FACTORY}()", *place, *worker, *preload]


def _migrate(environ: Mapping[str, str], folder: Path) -> None:
    command = [sys.executable, "-m", "app", "migrate"]
    subprocess.run(command, env=dict(environ), cwd=folder, check=True, timeout=60)


def _is_at_work(service: Service) -> Any:
    return lambda: "content_worker_started" in service.messages()
