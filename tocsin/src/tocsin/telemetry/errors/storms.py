"""The first errors of a kind are told at once, a storm once a minute, and no number is lost.

Each fingerprint may give ``burst`` events in a window; once it wanted more, one in each
window, until a window went by in which it wanted no more than that. All fingerprints
together may give ``burst_of_all`` in a window. What is suppressed is counted, and the
next event of the same fingerprint carries the number; :meth:`StormLimiter.untold` gives
what no event has told, to be told at the close.

>>> from tocsin.telemetry.testing import HandClock
>>> clock = HandClock()
>>> limiter = StormLimiter(clock, burst=2)
>>> [limiter.admit("a") for _ in range(4)]
[0, 0, None, None]
>>> clock.advance(61)
>>> limiter.admit("a"), limiter.admit("a"), limiter.untold()
(2, None, {'a': 1})
"""

from collections import Counter, OrderedDict
from threading import RLock
from typing import Final

from tocsin.clock import Clock
from tocsin.telemetry.logs.forks import renew_after_fork

WINDOW_S: Final = 60.0
BURST: Final = 10
BURST_OF_ALL: Final = 100
FINGERPRINTS: Final = 256
OTHERS: Final = "others"
"""What the suppressed are counted under whose fingerprint has left the table."""

_NS_PER_S: Final = 1_000_000_000


class _Window:
    """The window that is open for one fingerprint (or for all)."""

    __slots__ = ("admitted", "began_ns", "pending", "refused", "storming")

    def __init__(self, now_ns: int) -> None:
        self.began_ns = now_ns
        self.admitted = self.refused = self.pending = 0
        self.storming = False

    def roll(self, now_ns: int, length_ns: int) -> None:
        """Open the next window once this one is over."""
        passed = now_ns - self.began_ns
        if passed >= length_ns:
            self.storming = bool(self.refused) and passed < 2 * length_ns
            self.began_ns = now_ns
            self.admitted = self.refused = 0

    def admits(self, burst: int) -> bool:
        """Whether one more may pass, which is then counted."""
        if self.admitted >= (1 if self.storming else burst):
            return False
        self.admitted += 1
        return True


class StormLimiter:
    """Decides which errors of a process are told; thread-safe and bounded."""

    def __init__(
        self,
        clock: Clock,
        *,
        burst: int = BURST,
        burst_of_all: int = BURST_OF_ALL,
        window_s: float = WINDOW_S,
        fingerprints: int = FINGERPRINTS,
    ) -> None:
        self._now_ns = clock.monotonic_ns
        self._burst = burst
        self._burst_of_all = burst_of_all
        self._window_ns = round(window_s * _NS_PER_S)
        self._room = fingerprints
        self._all = _Window(self._now_ns())
        self._windows: OrderedDict[str, _Window] = OrderedDict()
        self._others = 0
        self._lock = RLock()  # a finaliser may log while this thread is in here
        renew_after_fork(self)

    def admit(self, fingerprint: str) -> int | None:
        """How many of its kind were suppressed before it; ``None``: it is suppressed too."""
        with self._lock:
            now_ns = self._now_ns()
            window = self._window(fingerprint, now_ns)
            window.roll(now_ns, self._window_ns)
            self._all.roll(now_ns, self._window_ns)
            if window.admits(self._burst) and self._all.admits(self._burst_of_all):
                before, window.pending = window.pending, 0
                return before
            window.refused += 1
            window.pending += 1
            return None

    def untold(self) -> dict[str, int]:
        """What was suppressed and no event has told, by fingerprint; it counts as told now."""
        with self._lock:
            left = Counter({name: one.pending for name, one in self._windows.items()})
            left[OTHERS] += self._others
            self._others = 0
            for window in self._windows.values():
                window.pending = 0
        return {name: count for name, count in left.items() if count}

    def renew_in_child(self) -> None:
        """The parent tells what the parent suppressed."""
        self._lock = RLock()
        self._windows.clear()
        self._others = 0
        self._all = _Window(self._now_ns())

    def _window(self, fingerprint: str, now_ns: int) -> _Window:
        window = self._windows.get(fingerprint)
        if window is None:
            window = self._windows[fingerprint] = _Window(now_ns)
            if len(self._windows) > self._room:
                _, oldest = self._windows.popitem(last=False)
                self._others += oldest.pending
        self._windows.move_to_end(fingerprint)
        return window
