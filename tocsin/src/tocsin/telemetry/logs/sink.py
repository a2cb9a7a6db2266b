r"""Lines on their way out: whole, in order, and never at the event loop's cost.

Inside a running loop the lines of one iteration are collected and written at its end, so
that a hard kill loses at most one iteration's; from any other thread they are written at
once. Nothing here waits for a lock or for a reader: who finds the sink busy leaves its
lines to the one who is writing, and what a stuck pipe does not take goes to a bounded
backlog with a thread of its own. That also makes it safe for a finaliser or a signal
handler to log while this thread is already writing.

>>> import io
>>> stream = io.BytesIO()
>>> sink = LineSink(stream, on_dropped=lambda cause: None, announce=lambda counts: b"")
>>> sink.put(b"{}\n")
>>> stream.getvalue()
b'{}\n'
"""

from asyncio import AbstractEventLoop, _get_running_loop
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from threading import Lock, RLock
from typing import Any, BinaryIO, Final, TypeVar

from tocsin.telemetry.logs.backlog import BACKLOG_BYTES, FAILED, Backlog, cause_of
from tocsin.telemetry.logs.forks import renew_after_fork
from tocsin.telemetry.logs.outlets import ClosedOutlet, Outlet, outlet_of

_Facts = TypeVar("_Facts")

COLLECT_S: Final = 0.005
COLLECT_LINES: Final = 64


class LineSink:
    """Writes the lines of one process to one stream."""

    def __init__(
        self,
        stream: BinaryIO,
        *,
        on_dropped: Callable[[str], None],
        announce: Callable[[Mapping[str, int]], bytes],
        backlog_bytes: int = BACKLOG_BYTES,
    ) -> None:
        """Take the stream.

        ``on_dropped`` hears a cause for every line that is lost; ``announce`` makes the
        line that tells the reader, once there is one again.
        """
        self._outlet: Outlet = outlet_of(stream)
        self._on_dropped = on_dropped
        self._announce = announce
        self._lines: deque[bytes | tuple[Callable[[Any], bytes], Any]] = deque()
        self._scheduled_on: AbstractEventLoop | None = None
        self._collecting_on: AbstractEventLoop | None = None
        self._writing = Lock()  # only ever tried, so that nobody waits
        self._counting = RLock()
        self._untold: Counter[str] = Counter()
        self._backlog = Backlog(
            self._outlet, dropped=self._drop, emptied=self._resume, limit_bytes=backlog_bytes
        )
        self._also: Callable[[Sequence[bytes]], None] | None = None
        self._instead = False
        renew_after_fork(self)

    def send_also(
        self, also: Callable[[Sequence[bytes]], None] | None, *, instead: bool = False
    ) -> None:
        """Give every line to ``also`` too, or to it alone; it must not wait.

        What waits for company still goes where lines went until now.
        """
        self.drain()
        self._also, self._instead = also, instead and also is not None

    def put(self, line: bytes) -> None:
        """Send one line, which ends in a newline; never waits, never raises."""
        self._lines.append(line)
        loop = _get_running_loop()
        if loop is None:
            self.drain()
        elif self._scheduled_on is not loop:
            # By identity: a loop that ended before its turn came is passed over.
            self._scheduled_on = loop
            loop.call_soon(self._drain_in_turn)

    def put_later(self, encode: Callable[[_Facts], bytes], facts: _Facts) -> None:
        """Send ``encode(facts)`` soon, with all that come meanwhile: many lines, one write.

        For lines of which there is one per request. Made and written one by one, each
        finds the processor's caches full of the request; made together they cost a
        quarter. A line leaves within ``COLLECT_S``, sooner when ``COLLECT_LINES`` wait or
        when an ordinary line takes it along, in order; a hard kill loses at most these.
        """
        self._lines.append((encode, facts))
        loop = _get_running_loop()
        if loop is None or len(self._lines) >= COLLECT_LINES:
            self.drain()
        elif self._collecting_on is not loop:
            self._collecting_on = loop
            loop.call_later(COLLECT_S, self._drain_collected)

    def drain(self) -> None:
        """Write what can be written without waiting."""
        # Looked at again after each release: a line that came while we wrote is ours.
        while self._lines:
            if not self._writing.acquire(blocking=False):
                return
            try:
                self._write(self._taken())
            finally:
                self._writing.release()

    def flush(self, timeout_s: float) -> bool:
        """Write all that is here; whether it is all out within ``timeout_s`` seconds."""
        if self._writing.acquire(timeout=timeout_s):  # whoever is writing has finished
            self._writing.release()
        self.drain()
        return self._backlog.wait_until_empty(timeout_s) and not self._lines

    def close(self, timeout_s: float) -> bool:
        """Flush and let go of the stream, which stays open; lines put later are dropped."""
        done = self.flush(timeout_s)
        ended = self._backlog.stop()
        outlet, self._outlet = self._outlet, ClosedOutlet()
        if ended:
            outlet.close()
        return done

    def renew_in_child(self) -> None:
        """Leave the parent's lines and threads to the parent."""
        self._lines = deque()
        self._scheduled_on = None
        self._collecting_on = None
        self._writing = Lock()
        self._counting = RLock()
        self._untold = Counter()
        self._backlog = self._backlog.fresh()

    def _drain_collected(self) -> None:
        self._collecting_on = None
        self.drain()

    def _drain_in_turn(self) -> None:
        self._scheduled_on = None
        self.drain()

    def _taken(self) -> list[bytes]:
        # Only who holds the lock takes lines away, so there are at least so many.
        take = self._lines.popleft
        taken = [take() for _ in range(len(self._lines))]
        return [one if isinstance(one, bytes) else self._encoded(*one) for one in taken]

    def _encoded(self, encode: Callable[[Any], bytes], facts: Any) -> bytes:
        try:
            return encode(facts)
        except Exception:  # noqa: BLE001 - one line's fault must not cost the others
            self._drop(FAILED, 1)
            return b""

    def _write(self, lines: Sequence[bytes]) -> None:
        if self._also is not None:
            self._give(self._also, lines)
            if self._instead:
                return
        if self._backlog.busy:
            self._backlog.add(lines)
            return
        try:
            rest = self._outlet.offer(lines)
        except Exception as error:  # noqa: BLE001 - a stream may be anybody's object
            self._drop(cause_of(error), len(lines))
            return
        if rest:
            self._backlog.add(rest)
        elif self._untold:
            self._tell()

    def _give(self, also: Callable[[Sequence[bytes]], None], lines: Sequence[bytes]) -> None:
        try:
            also(lines)
        except Exception:  # noqa: BLE001 - an exporter's fault must not cost the stream its lines
            # Counted, not told in the stream: it lacks nothing, and to tell is to give again.
            for _ in lines:
                self._on_dropped(FAILED)

    def _drop(self, cause: str, count: int) -> None:
        with self._counting:
            self._untold[cause] += count
        for _ in range(count):
            self._on_dropped(cause)

    def _resume(self) -> None:
        self._tell()
        self.drain()

    def _tell(self) -> None:
        """Say in the stream itself what it lacks."""
        with self._counting:
            told, self._untold = self._untold, Counter()
        if told:
            self._lines.append(self._announce(told))
