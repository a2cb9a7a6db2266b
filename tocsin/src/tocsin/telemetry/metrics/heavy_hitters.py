"""Who of countless clients gets one of a few seats: the heaviest of late.

The sketch is Space-Saving (Metwally, Agrawal, El Abbadi 2005, «Efficient computation of
frequent and top-k elements in data streams»): it follows four keys per seat, and a
stranger takes over the lightest one's entry, remembering by how much it may be
overestimated. Weights fade by forward decay (Cormode et al. 2009): an event counts half
after ``half_life_s``. So an attacker who comes late displaces one who has gone quiet.

Two rules keep seats from changing hands all the time, for each change is a new series:
a newcomer must weigh twice the lightest holder, and there are at most as many changes per
half-life as seats.

>>> from tocsin.clock import SystemClock
>>> hitters = HeavyHitters(1, SystemClock())
>>> hitters.seat("a"), hitters.seat("b")
((True, None), (False, None))
"""

import heapq
from typing import Final

from tocsin.clock import Clock

HALF_LIFE_S: Final = 1800.0
_TRACKED_PER_SEAT: Final = 4
_REVIEW_NS: Final = 1_000_000_000
_SAME_WEIGHT_NS: Final = 1_000_000_000
_ADVANTAGE: Final = 2.0
_RESCALE_ABOVE: Final = 2.0**60
_EXPONENT_AT_MOST: Final = 1000.0  # of a float; a pause that long leaves every weight at 0


class _Entry:
    """One followed key: ``weight`` may be too high by ``error``, never too low."""

    __slots__ = ("error", "seated", "weight")

    def __init__(self, weight: float, error: float) -> None:
        self.weight = weight
        self.error = error
        self.seated = False

    @property
    def sure(self) -> float:
        return self.weight - self.error


class HeavyHitters:
    """``seats`` places, held by the keys that were met most within the last half-lives.

    Memory is bounded by ``4 * seats`` keys. Not thread-safe: the caller holds a lock.
    """

    def __init__(self, seats: int, clock: Clock, *, half_life_s: float = HALF_LIFE_S) -> None:
        self._seats = seats
        self._tracked = _TRACKED_PER_SEAT * seats
        self._half_life_ns = half_life_s * 1e9
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._seated: dict[str, _Entry] = {}
        # Lightest first; a weight here may be out of date, but only ever too low.
        self._waiting: list[tuple[float, str]] = []
        self._epoch_ns = clock.monotonic_ns()
        self._weighed_ns, self._weight = self._epoch_ns, 1.0
        self._reviewed_ns = self._epoch_ns - _REVIEW_NS
        self._changes_left = float(seats)

    def seat(self, key: str) -> tuple[bool, str | None]:
        """Count one event of ``key``.

        Returns whether it holds a seat, and the key that lost one by this, if any.
        """
        now_ns = self._clock.monotonic_ns()
        entry = self._count(key, self._weight_at(now_ns))
        if entry.seated:
            return True, None
        if len(self._seated) < self._seats:
            self._sit(key, entry)
            return True, None
        if now_ns - self._reviewed_ns < _REVIEW_NS:
            return False, None
        displaced = self._review(now_ns)
        return entry.seated, displaced

    def weigh(self, key: str) -> None:
        """Count one event of a key that holds a seat; of another, nothing."""
        entry = self._seated.get(key)
        if entry is not None:
            entry.weight += self._weight_at(self._clock.monotonic_ns())

    def _count(self, key: str, weight: float) -> _Entry:
        entry = self._entries.get(key)
        if entry is not None:
            entry.weight += weight
            return entry
        error = 0.0 if len(self._entries) < self._tracked else self._forget_lightest()
        entry = self._entries[key] = _Entry(error + weight, error)
        self._wait(key, entry)
        return entry

    def _wait(self, key: str, entry: _Entry) -> None:
        heapq.heappush(self._waiting, (entry.weight, key))
        if len(self._waiting) > 2 * self._tracked:
            self._line_up()

    def _line_up(self) -> None:
        """Put the waiting keys in order afresh, each once."""
        self._waiting = sorted((e.weight, key) for key, e in self._entries.items() if not e.seated)

    def _forget_lightest(self) -> float:
        """Drop the lightest waiting key; its weight is the newcomer's possible error."""
        while True:
            noted, key = self._waiting[0]
            entry = self._entries.get(key)
            if entry is None or entry.seated:
                heapq.heappop(self._waiting)
            elif entry.weight > noted:
                heapq.heapreplace(self._waiting, (entry.weight, key))
            else:
                heapq.heappop(self._waiting)
                del self._entries[key]
                return entry.weight

    def _review(self, now_ns: int) -> str | None:
        """Give the lightest holder's seat to the heaviest that waits, if that is due."""
        earned = (now_ns - self._reviewed_ns) / self._half_life_ns * self._seats
        self._changes_left = min(float(self._seats), self._changes_left + earned)
        self._reviewed_ns = now_ns
        if self._changes_left < 1.0:
            return None
        lightest = min(self._seated, key=lambda key: self._seated[key].sure)
        waiting = (key for key, entry in self._entries.items() if not entry.seated)
        heaviest = max(waiting, key=lambda key: self._entries[key].sure)
        if self._entries[heaviest].sure < _ADVANTAGE * self._seated[lightest].sure:
            return None
        self._changes_left -= 1.0
        left = self._seated.pop(lightest)
        left.seated = False
        self._wait(lightest, left)
        self._sit(heaviest, self._entries[heaviest])
        return lightest

    def _sit(self, key: str, entry: _Entry) -> None:
        entry.seated = True
        self._seated[key] = entry

    def _weight_at(self, now_ns: int) -> float:
        """What an event counts now, on a scale where older ones count less."""
        if now_ns - self._weighed_ns < _SAME_WEIGHT_NS:
            return self._weight
        self._weighed_ns, self._weight = now_ns, self._fresh_weight(now_ns)
        return self._weight

    def _fresh_weight(self, now_ns: int) -> float:
        half_lives = min(_EXPONENT_AT_MOST, (now_ns - self._epoch_ns) / self._half_life_ns)
        weight = float(2.0**half_lives)
        if weight < _RESCALE_ABOVE:
            return weight
        for entry in self._entries.values():
            entry.weight /= weight
            entry.error /= weight
        self._line_up()
        self._epoch_ns = now_ns
        return 1.0
