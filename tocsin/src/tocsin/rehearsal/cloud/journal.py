"""What was received, in a SQLite file, so that it can be read after the cloud has stopped.

A thread of its own writes in batches: a handler only puts its entry into a bounded queue.
Rows are bounded too, the oldest leave. What is lost, for a full queue or a full disk, is
counted in ``lost``. A second cloud on the same folder is refused by SQLite's own lock.
Source: https://sqlite.org/pragma.html#pragma_locking_mode

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     journal = Journal(Path(folder))
...     journal.keep("logs.entry", b"one", 7)
...     journal.close()
...     again = Journal(Path(folder))
...     told = list(again.entries())
...     again.close()
>>> told
[('logs.entry', b'one', 7)]
"""

import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Final

_log = logging.getLogger("tocsin.rehearsal.cloud")
_Entry = tuple[str, bytes, int]

FILE_NAME: Final = "cloud.sqlite3"
_EVERY_S: Final = 0.2
_BATCH: Final = 2_000
_QUEUED: Final = 100_000
_ROWS: Final = 500_000
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS received (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, body BLOB NOT NULL, received_ns INTEGER NOT NULL
)
"""


class Journal:
    """One folder's journal; ``keep`` may be called from any thread."""

    def __init__(self, folder: Path, *, rows: int = _ROWS) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.lost = 0
        self._rows = rows
        self._queue: Queue[_Entry] = Queue(_QUEUED)
        self._closing = Event()
        self._database = _opened(folder / FILE_NAME)
        self._thread = Thread(target=self._write, name="rehearsal-journal", daemon=True)
        self._thread.start()

    def keep(self, kind: str, body: bytes, received_ns: int) -> None:
        """Put an entry in line to be written; never waits."""
        try:
            self._queue.put_nowait((kind, body, received_ns))
        except Full:
            self.lost += 1

    def entries(self) -> Iterator[_Entry]:
        """What was kept before, oldest first; to be read before the first ``keep``."""
        yield from self._database.execute(
            "SELECT kind, body, received_ns FROM received ORDER BY number"
        )

    def close(self) -> None:
        """Write what is in line, and let go of the file."""
        self._closing.set()
        self._thread.join()
        self._database.close()

    def _write(self) -> None:
        while not self._closing.wait(_EVERY_S):
            self._drain()
        self._drain()

    def _drain(self) -> None:
        while batch := self._batch():
            try:
                self._commit(batch)
            except sqlite3.Error:
                self.lost += len(batch)
                _log.exception("the journal could not be written: %d entries lost", len(batch))

    def _batch(self) -> list[_Entry]:
        batch: list[_Entry] = []
        try:
            while len(batch) < _BATCH:
                batch.append(self._queue.get_nowait())
        except Empty:
            pass
        return batch

    def _commit(self, batch: list[_Entry]) -> None:
        database = self._database
        database.execute("BEGIN")
        try:
            database.executemany(
                "INSERT INTO received (kind, body, received_ns) VALUES (?, ?, ?)", batch
            )
            database.execute(
                "DELETE FROM received WHERE number <= (SELECT max(number) FROM received) - ?",
                (self._rows,),
            )
        except sqlite3.Error:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=0.5)
    try:
        database.execute("PRAGMA locking_mode=EXCLUSIVE")
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute(_SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database
