r"""Lines that wait for a slow reader, in bounded memory, written by a thread of their own.

The thread starts with the first line that has to wait. It writes in order; while it has
work, later lines queue behind it. Over the limit new lines are dropped and counted.

>>> import io
>>> from tocsin.telemetry.logs.outlets import StreamOutlet
>>> stream = io.BytesIO()
>>> backlog = Backlog(StreamOutlet(stream), dropped=print, emptied=lambda: None, limit_bytes=9)
>>> backlog.add([b"one\n", b"two\n", b"three\n"])
backlog_full 1
>>> backlog.wait_until_empty(5.0), stream.getvalue()
(True, b'one\ntwo\n')
"""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Condition, Thread
from typing import Final

from tocsin.telemetry.logs.outlets import CHUNK_BYTES, Outlet

BACKLOG_BYTES: Final = 8_388_608
BACKLOG_FULL: Final = "backlog_full"
CLOSED: Final = "closed"
FAILED: Final = "failed"

_PATIENCE_S: Final = 0.25


def cause_of(error: Exception) -> str:
    """Why a line was lost: the far end is gone, or it (a full disk) refused."""
    return CLOSED if isinstance(error, (BrokenPipeError, ValueError)) else FAILED


class Backlog:
    """The waiting lines of one outlet."""

    def __init__(
        self,
        outlet: Outlet,
        *,
        dropped: Callable[[str, int], None],
        emptied: Callable[[], None],
        limit_bytes: int = BACKLOG_BYTES,
    ) -> None:
        """Take the outlet; ``dropped`` hears of losses, ``emptied`` once all has got through."""
        self._outlet = outlet
        self._dropped = dropped
        self._emptied = emptied
        self._limit = limit_bytes
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._changed = Condition()  # its lock is re-entrant: a finaliser may log meanwhile
        self._thread: Thread | None = None
        self._stopped = False
        self._settled = True
        self._reaches_reader = True
        self.busy = False
        """Whether later lines must queue here to keep their order."""

    def fresh(self) -> "Backlog":
        """The same for a forked child: nothing waits, no thread runs."""
        return Backlog(
            self._outlet, dropped=self._dropped, emptied=self._emptied, limit_bytes=self._limit
        )

    def add(self, lines: Sequence[bytes]) -> None:
        """Queue lines; what is over the limit is dropped, the later first."""
        refused = 0
        with self._changed:
            for line in lines:
                if self._size + len(line) > self._limit or self._stopped:
                    refused += 1
                    continue
                self._lines.append(line)
                self._size += len(line)
                self.busy = True
                self._settled = False
            started = self._thread is not None or self._start()
            self._changed.notify_all()
        if refused:
            self._dropped(CLOSED if self._stopped else BACKLOG_FULL, refused)
        if not started:
            self._work_here()

    def wait_until_empty(self, timeout_s: float) -> bool:
        """Whether everything is out within ``timeout_s`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._settled, timeout_s)

    def stop(self) -> bool:
        """End the thread, dropping what still waits; whether it ended."""
        with self._changed:
            self._stopped = True
            left = len(self._lines)
            self._lines.clear()
            self._size = 0
            self._changed.notify_all()
        if left:
            self._dropped(CLOSED, left)
        thread = self._thread
        if thread is not None:
            thread.join(timeout=4 * _PATIENCE_S)
        return thread is None or not thread.is_alive()

    def _start(self) -> bool:
        thread = Thread(target=self._work, name="tocsin-log-backlog", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the interpreter is going down (python-logging issue 850)
            return False
        self._thread = thread
        return True

    def _work_here(self) -> None:
        while chunk := self._next():
            if not self._written(chunk):
                self._dropped(BACKLOG_FULL, chunk.count(b"\n"))
        self._finish()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._lines or self._stopped)
            while chunk := self._next():
                while not self._written(chunk):
                    if self._stopped:
                        self._dropped(CLOSED, chunk.count(b"\n"))
                        break
            self._finish()
            if self._stopped:
                return

    def _next(self) -> bytes:
        """The next lines that fit one write; a long line comes alone."""
        with self._changed:
            chunk: list[bytes] = []
            size = 0
            while self._lines and (not chunk or size + len(self._lines[0]) <= CHUNK_BYTES):
                chunk.append(self._lines.popleft())
                size += len(chunk[-1])
            self._size -= size
            return b"".join(chunk)

    def _written(self, chunk: bytes) -> bool:
        try:
            self._reaches_reader = self._outlet.push(chunk, _PATIENCE_S)
        except Exception as error:  # noqa: BLE001 - a stream may be anybody's object
            self._reaches_reader = False
            self._dropped(cause_of(error), chunk.count(b"\n"))
            return True
        return self._reaches_reader

    def _finish(self) -> None:
        with self._changed:
            if self._lines:
                return
            self.busy = False
        if self._reaches_reader:
            self._emptied()
        with self._changed:
            if not self.busy:
                self._settled = True
                self._changed.notify_all()
