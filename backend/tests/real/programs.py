"""Start a real server, wait until it answers, stop it by its pid.

A program that is missing fails the test with a sentence that says what to install: a
skipped test would look like a kept promise.
"""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

_ATTEMPTS = 5
_POLL_S = 0.02


class NotReadyError(Exception):
    """A server ended, or did not answer in time; the text is its own last words."""


def find_program(name: str, *folders: Path, package: str) -> str:
    """The program's path; the test fails if the machine does not have it."""
    beside = [str(folder / name) for folder in folders if (folder / name).exists()]
    found = beside[0] if beside else shutil.which(name)
    if found is None:
        pytest.fail(
            f"{name} is not installed and this test needs the real one: "
            f"install the package {package} (scripts/install-parts does it)",
            pytrace=False,
        )
    return found


def free_port() -> int:
    """A port of the loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def scratch_folder(purpose: str) -> Path:
    """A new folder outside pytest's own, which no other user of the machine may enter."""
    return Path(tempfile.mkdtemp(prefix=f"vividly-{purpose}-"))


class Server:
    """One running program."""

    def __init__(
        self, command: Sequence[str], *, port: int, log: Path, user: str | None = None
    ) -> None:
        self.port = port
        self._log = log
        self._command = command
        self._user = user
        self.process = self._launched()

    def _launched(self) -> "subprocess.Popen[bytes]":
        with self._log.open("wb") as output:
            return subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._log.parent,
                user=self._user,
            )

    def wait_until(self, answers: Callable[[], bool], *, timeout_s: float = 20.0) -> None:
        """Wait for the first true answer.

        Raises:
            NotReadyError: the program ended or stayed silent for ``timeout_s``.
        """
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise NotReadyError(f"ended with {self.process.returncode}: {self.last_words()}")
            if answers():
                return
            time.sleep(_POLL_S)
        self.stop()
        raise NotReadyError(f"no answer within {timeout_s:.0f} s: {self.last_words()}")

    def last_words(self) -> str:
        """The end of what the program printed."""
        return self._log.read_text(errors="replace")[-2000:]

    def stop(self, how: signal.Signals = signal.SIGTERM, *, timeout_s: float = 10.0) -> None:
        """Ask the program to end, and end it if it does not."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout_s)

    def start_again(self) -> None:
        """Start the program that was stopped, on its port, and wait until it listens.

        Raises:
            NotReadyError: it does not.
        """
        self.process = self._launched()
        self.wait_until(lambda: accepts_connections(self.port))


def started(start: Callable[[int], Server], answers: Callable[[int], bool]) -> Server:
    """Start on a free port; take another one if somebody was quicker to bind it."""
    failure: NotReadyError | None = None
    for _ in range(_ATTEMPTS):
        server = start(free_port())
        try:
            server.wait_until(lambda: answers(server.port))  # noqa: B023 - called at once
        except NotReadyError as error:
            failure = error
        else:
            return server
    pytest.fail(f"{server.process.args!r} does not start: {failure}", pytrace=False)


def accepts_connections(port: int) -> bool:
    """Whether somebody listens on this port of the loopback."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
