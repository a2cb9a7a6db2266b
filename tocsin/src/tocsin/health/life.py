"""Where a process stands in its life: starting, ready, draining, stopped.

>>> from tocsin.clock import SystemClock
>>> life = Life(SystemClock())
>>> life.enter(Phase.READY)
>>> life.phase
<Phase.READY: 'ready'>
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from tocsin.clock import Clock

_NS: Final = 1_000_000_000


class Phase(StrEnum):
    """In the order in which they are lived."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    STOPPED = "stopped"


_ORDER: Final = tuple(Phase)


class Life:
    """One process's. ``tell`` hears of each phase that ended, and how many seconds it took."""

    def __init__(
        self, clock: Clock, *, tell: Callable[[Phase, Phase, float], object] | None = None
    ) -> None:
        self._clock = clock
        self._tell = tell
        self._since_ns = clock.monotonic_ns()
        self.started_ns = clock.wall_ns()
        """the birth, in nanoseconds since the epoch"""
        self.phase = Phase.STARTING

    def enter(self, phase: Phase) -> None:
        """Go on to a later phase; one that is here or past is no news (signals come twice)."""
        if _ORDER.index(phase) <= _ORDER.index(self.phase):
            return
        before, now_ns = self.phase, self._clock.monotonic_ns()
        took_s = (now_ns - self._since_ns) / _NS
        self.phase, self._since_ns = phase, now_ns
        if self._tell is not None:
            self._tell(before, phase, took_s)
