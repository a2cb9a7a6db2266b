"""The file that log lines go to: a real one, emptied and counted between blocks."""

import os
from pathlib import Path
from typing import Final

OUT: Final = Path(os.environ.get("BENCH_OUT", Path(__file__).parent.parent / "out"))


class Sink:
    """One variant's log file in one process."""

    def __init__(self, name: str) -> None:
        OUT.mkdir(exist_ok=True)
        self.path = OUT / f"{name}.{os.getpid()}.log"
        self.file = self.path.open("ab")
        self.last_line = b""
        self._lines = 0

    def lines(self) -> int:
        """Lines written since the start; empties the file."""
        self.file.flush()
        content = self.path.read_bytes()
        if content:
            self._lines += content.count(b"\n")
            self.last_line = content.splitlines()[-1]
            os.truncate(self.path, 0)  # the file is open for appending
        return self._lines

    def between(self) -> None:
        self.lines()
