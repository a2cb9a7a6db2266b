"""A small Google Cloud beside a development run: everything that the service sends goes there.

It is a process of its own (``tocsin cloud``), so that what is shown is what went over the
wire. It is not waited for: exporters try again until it answers. It ends with the service,
however that ends; if it dies before, one line says so and the service goes on.

>>> wanted_by({"EXPORT_METRICS": "otlp"}), wanted_by({"PATH": "/bin"})
(False, True)
"""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROJECT: Final = "vividly-rehearsal"
ENDS_WITHIN_S: Final = 5.0

_HOST: Final = "127.0.0.1"
_TOLD_OTHERWISE: Final = (
    "EXPORT_METRICS",
    "EXPORT_TRACES",
    "EXPORT_LOGS",
    "EXPORT_ERRORS",
    "GOOGLE_ENDPOINT",
    "OTLP_ENDPOINT",
)
# Standard input is a pipe from us that nobody writes to: it ends when we do, kill -9 included.
_PROGRAM: Final = """
import os, signal, sys, threading
from tocsin.cli.main import main

def outlive_nobody():
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=outlive_nobody, daemon=True).start()
sys.exit(main(sys.argv[1:]))
"""

Say = Callable[[str], None]


def wanted_by(environ: Mapping[str, str]) -> bool:
    """Whether nobody has told where telemetry is to go."""
    return not any(environ.get(name) for name in _TOLD_OTHERWISE)


@dataclass(frozen=True)
class Doors:
    """Where one cloud listens."""

    http_port: int
    grpc_port: int

    @property
    def page(self) -> str:
        """Where a person looks."""
        return f"http://{_HOST}:{self.http_port}/"

    def point(self, environ: MutableMapping[str, str]) -> None:
        """Send there whatever the service has to say; what is set already stays."""
        sent = {
            "GOOGLE_ENDPOINT": f"{_HOST}:{self.grpc_port}",
            "GCP_PROJECT_ID": environ.get("GOOGLE_CLOUD_PROJECT") or PROJECT,
            "EXPORT_METRICS": "cloud_monitoring",
            "EXPORT_TRACES": "otlp",
            "EXPORT_LOGS": "cloud_logging",
            "EXPORT_EVERY_S": "10",
            "TRACE_RATIO": "1.0",
        }
        for name, value in sent.items():
            if not environ.get(name):
                environ[name] = value


@contextmanager
def rehearsal_cloud(folder: Path | None, say: Say) -> Iterator[Doors]:
    """A cloud as long as the block runs; it keeps what it receives in ``folder``."""
    with socket.socket() as one, socket.socket() as other:
        for door in (one, other):
            door.bind((_HOST, 0))
        doors = Doors(one.getsockname()[1], other.getsockname()[1])
    with _Child(doors, folder, say):
        yield doors


class _Child:
    """The process, and a thread that waits for its end."""

    def __init__(self, doors: Doors, folder: Path | None, say: Say) -> None:
        kept = ["--data-dir", str(folder)] if folder is not None else []
        ports = ["--port", str(doors.http_port), "--grpc-port", str(doors.grpc_port)]
        self._command = [sys.executable, "-c", _PROGRAM, "cloud", *ports, *kept]
        self._say = say
        self._is_stopping = False

    def __enter__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,  # Ctrl-C is for the service, which flushes to us
        )
        self._watch = threading.Thread(target=self._wait, name="rehearsal-cloud", daemon=True)
        self._watch.start()

    def __exit__(self, *_exception: object) -> None:
        self._is_stopping = True
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._watch.join(ENDS_WITHIN_S)

    def _wait(self) -> None:
        errors = self._process.stderr
        last = ""
        if errors is not None:
            for line in errors:
                last = line.decode(errors="replace").strip() or last
        code = self._process.wait()
        if not self._is_stopping:
            self._say(
                f"the rehearsal cloud has ended (code {code}{f': {last}' if last else ''}): the "
                "service goes on without it; start anew to have it back, or REHEARSAL_CLOUD=off"
            )
