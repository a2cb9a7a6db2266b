"""A clock that moves when it is told to.

>>> clock = HandClock()
>>> before = clock.monotonic_ns()
>>> clock.advance(1.5)
>>> (clock.monotonic_ns() - before) / 1e9
1.5
"""

from typing import Final

NANOSECONDS: Final = 1_000_000_000
_NEW_YEAR_2026_NS: Final = 1_767_225_600 * NANOSECONDS


class HandClock:
    """A :class:`tocsin.clock.Clock` for tests; starts at 2026-01-01T00:00:00Z.

    ``tick_s`` lets every reading of the monotonic clock take that long, for tests that
    need time to pass without saying when.
    """

    def __init__(self, *, wall_ns: int = _NEW_YEAR_2026_NS, tick_s: float = 0.0) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = NANOSECONDS
        self._tick_ns = round(tick_s * NANOSECONDS)

    def wall_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
        return self._wall_ns

    def monotonic_ns(self) -> int:
        """Nanoseconds since an arbitrary moment."""
        now = self._monotonic_ns
        self._monotonic_ns = now + self._tick_ns
        return now

    def advance(self, seconds: float) -> None:
        """Let time pass on both readings.

        Raises:
            ValueError: ``seconds`` is negative; a monotonic clock never goes back. Use
                :meth:`set_wall` for a machine whose clock is put right.
        """
        if seconds < 0:
            raise ValueError(f"time passed is {seconds} s and must not be negative")
        passed_ns = round(seconds * NANOSECONDS)
        self._monotonic_ns += passed_ns
        self._wall_ns += passed_ns

    def set_wall(self, wall_ns: int) -> None:
        """Put the wall clock to another moment, forward or back."""
        self._wall_ns = wall_ns
