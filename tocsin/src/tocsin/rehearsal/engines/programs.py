"""Prometheus, Alertmanager and VictoriaMetrics as child processes, on free ports of this machine.

They are Debian's packages of these names. They end with their block, and with us however we end
(``setpriv`` of util-linux asks the kernel to see to it, where it is there).

>>> Program("prometheus", "prometheus", "/-/ready").url
''
"""

import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tocsin.errors import TocsinError

_HOST: Final = "127.0.0.1"
_TRIES: Final = 3
_POLLS: Final = 400
_POLL_S: Final = 0.05
_STOP_WITHIN_S: Final = 8.0

Arguments = Callable[[int], Sequence[str]]
"""Told the port to listen on; the program's arguments."""


class ProgramMissingError(TocsinError):
    """A program that a rehearsal needs is missing or does not start."""


class Program:
    """One child; ``url`` is where it answers."""

    def __init__(self, name: str, package: str, ready_path: str) -> None:
        self._name = name
        self._package = package
        self._ready_path = ready_path
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def started(self, folder: Path, arguments: Arguments) -> Self:
        """Start it, and wait until it answers; to be used as a block.

        Raises:
            ProgramMissingError: it is not installed, or does not start.
        """
        program = shutil.which(self._name)
        if program is None:
            raise ProgramMissingError(
                f"{self._name} is not installed: `apt-get install {self._package}`"
            )
        guard = shutil.which("setpriv")
        log = folder / f"{self._name}.log"
        for _ in range(_TRIES):
            port = free_port()  # another program may take it before ours does
            self.url = f"http://{_HOST}:{port}"
            command = [*([guard, "--pdeathsig", "TERM"] if guard else []), program]
            with log.open("ab") as output:
                self._process = subprocess.Popen(  # noqa: S603 - found by name, our own arguments
                    [*command, *arguments(port)],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=folder,
                    start_new_session=True,  # Ctrl-C is ours to handle
                )
            if self._answers():
                return self
            self.stop()
        said = log.read_text(errors="replace")[-800:]
        raise ProgramMissingError(f"{self._name} does not start: {said}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _answers(self) -> bool:
        pause = threading.Event()
        for _ in range(_POLLS):
            if self._process is None or self._process.poll() is not None:
                return False
            try:
                with urllib.request.urlopen(f"{self.url}{self._ready_path}", timeout=2) as answer:  # noqa: S310 - our own child
                    return bool(answer.status == 200)  # noqa: PLR2004 - OK
            except (urllib.error.URLError, OSError):
                pause.wait(_POLL_S)
        return False


def free_port() -> int:
    """A port of the loopback that nobody listens on at this moment."""
    with socket.socket() as one:
        one.bind((_HOST, 0))
        return int(one.getsockname()[1])
