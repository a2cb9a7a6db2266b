"""The service's own processes, as a deployment runs them, and PostgreSQL: started, killed, ended.

Each goes when the drill goes, however that ends (``setpriv`` asks the kernel to see to it).
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tocsin.rehearsal.engines.programs import ProgramMissingError

_POLL_S: Final = 0.05
_ENDS_WITHIN_S: Final = 15.0


class Child:
    """One process that can be started again."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        end: signal.Signals = signal.SIGTERM,
    ) -> None:
        self._command = command
        self._log = log
        self._env = env
        self._user = user
        self._end = end
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.send(signal.SIGCONT)
        self.stop()

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self, answers: Callable[[], bool], *, within_s: float = 60.0) -> None:
        """Start it, and wait until ``answers()``.

        Raises:
            ProgramMissingError: it ended, or did not answer in time; its last words.
        """
        guard = shutil.which("setpriv")
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                [*([guard, "--pdeathsig", "TERM"] if guard else []), *self._command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._log.parent,
                env=dict(self._env) if self._env is not None else None,
                user=self._user,
                start_new_session=True,  # Ctrl-C is for the drill, which ends it in order
            )
        pause = threading.Event()
        for _ in range(round(within_s / _POLL_S)):
            if not self.is_running:
                break
            if answers():
                return
            pause.wait(_POLL_S)
        words = self._log.read_text(errors="replace")[-1500:]
        self.stop()
        raise ProgramMissingError(f"{Path(self._command[0]).name} does not start: {words}")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self._process is not None and self.is_running:
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it without a word, as the kernel does when memory runs out."""
        self.send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(_ENDS_WITHIN_S)

    def stop(self) -> None:
        """Ask it to end; end it if it does not."""
        if self._process is None:
            return
        self.send(self._end)
        try:
            self._process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()


def python(*arguments: str) -> list[str]:
    """A command of this very Python."""
    return [sys.executable, *arguments]


def environ(settings: Mapping[str, str], *, path: Sequence[str] = ()) -> dict[str, str]:
    """What a process of ours needs to run, and these settings; nothing of the caller's own."""
    return {
        "PATH": os.pathsep.join([*path, os.environ.get("PATH", os.defpath)]),
        "PYTHONPATH": os.pathsep.join(part for part in sys.path if part),
        "PYTHONUNBUFFERED": "1",
        **settings,
    }
