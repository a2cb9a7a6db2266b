"""A thread that sees an event loop stuck: what the loop itself can never notice.

A handler that computes for ten seconds, or waits for a lock as if it were alone, stops every
request of the process, and the probe that would tell of it (neotoma#2271). The loop leaves a
beat every ``beat_every_s``; the thread looks at its age. A loop without a beat for
``stuck_after_s`` is stuck; a process whose loop was stuck for half of the last minute is not
alive, even where a probe is served between two stalls.

>>> watch = LoopWatch(stuck_after_s=2.0)
>>> watch.is_alive(), watch.noticed_within_s
(True, 2.5)
"""

import asyncio
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import PurePath
from types import FrameType
from typing import Final

from tocsin.clock import Clock, SystemClock

REMEMBERED_S: Final = 60.0
DEAD_FROM_SHARE: Final = 0.5
_LOOKS_PER_LIMIT: Final = 4
_FRAMES_AT_MOST: Final = 8
_NS: Final = 1_000_000_000

OnStall = Callable[[float, list[str]], object]
"""Told, from the watching thread and once a stall, its age in seconds and where the loop is."""


class LoopWatch:
    """Watches the loop on which ``start`` is called, until ``stop``."""

    def __init__(
        self,
        *,
        stuck_after_s: float = 5.0,
        beat_every_s: float = 0.25,
        clock: Clock | None = None,
        on_stall: OnStall = lambda _age_s, _frames: None,
    ) -> None:
        self._stuck_after_s = stuck_after_s
        self._beat_every_s = beat_every_s
        self._clock = clock or SystemClock()
        self._on_stall = on_stall
        self._beat_ns = 0  # 0: not watching
        self._stalls: deque[tuple[int, int]] = deque(maxlen=240)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next: asyncio.TimerHandle | None = None
        self._loop_thread = 0
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def noticed_within_s(self) -> float:
        """How long after its beginning a stall is noticed at the latest."""
        return self._stuck_after_s * (1 + 1 / _LOOKS_PER_LIMIT)

    def start(self) -> None:
        """Begin, on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._end.clear()
        self._beat()
        self._thread = threading.Thread(target=self._look, name="tocsin-loop-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, on the loop that was watched."""
        self._end.set()
        if self._next is not None:
            self._next.cancel()
        if self._thread is not None:
            self._thread.join(self._stuck_after_s)
        self._beat_ns = 0

    def age_s(self) -> float:
        """How long ago the loop last gave a sign; safe from any thread."""
        beat_ns = self._beat_ns
        return (self._clock.monotonic_ns() - beat_ns) / _NS if beat_ns else 0.0

    def is_stuck(self) -> bool:
        """Whether the loop does nothing at this moment; safe from any thread."""
        return self.age_s() > self._stuck_after_s

    def is_alive(self) -> bool:
        """Whether the loop is not stuck, and was not for much of the last minute."""
        if self.is_stuck():
            return False
        now_ns = self._clock.monotonic_ns()
        from_ns = now_ns - round(REMEMBERED_S * _NS)
        stuck_ns = sum(max(0, end - max(begin, from_ns)) for begin, end in tuple(self._stalls))
        return stuck_ns < DEAD_FROM_SHARE * REMEMBERED_S * _NS

    def _beat(self) -> None:
        now_ns, before_ns = self._clock.monotonic_ns(), self._beat_ns
        if before_ns and now_ns - before_ns > self._stuck_after_s * _NS:
            self._stalls.append((before_ns, now_ns))
        self._beat_ns = now_ns
        if self._loop is not None and not self._end.is_set():
            self._next = self._loop.call_later(self._beat_every_s, self._beat)

    def _look(self) -> None:
        told_ns = 0
        while not self._end.wait(self._stuck_after_s / _LOOKS_PER_LIMIT):
            if self.is_stuck() and told_ns != self._beat_ns:
                told_ns = self._beat_ns
                self._on_stall(self.age_s(), _where(sys._current_frames().get(self._loop_thread)))  # noqa: SLF001 - the documented way to a thread's stack


def _where(frame: FrameType | None) -> list[str]:
    """The innermost calls, outermost first: files, lines and names, no values."""
    calls: list[str] = []
    while frame is not None and len(calls) < _FRAMES_AT_MOST:
        file = PurePath(frame.f_code.co_filename)
        calls.append(f"{file.parent.name}/{file.name}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return calls[::-1]
