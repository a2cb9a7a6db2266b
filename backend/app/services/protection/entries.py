"""A dictionary that forgets: by age, and by number.

>>> from tocsin.clock import SystemClock
>>> entries = ExpiringEntries[str](SystemClock(), at_most=2)
>>> for name in ("ada", "ben", "cy"):
...     entries.put(name, "seen", for_s=60)
>>> len(entries), entries.get("ada"), entries.get("cy")
(2, None, 'seen')
"""

from collections import OrderedDict
from typing import Generic, TypeVar

from tocsin.clock import Clock

V = TypeVar("V")

_NS = 1_000_000_000


class ExpiringEntries(Generic[V]):
    """At most ``at_most`` values, each for its time; the one put longest ago goes first."""

    def __init__(self, clock: Clock, *, at_most: int) -> None:
        self._now_ns = clock.monotonic_ns
        self._at_most = at_most
        self._held: OrderedDict[str, tuple[int, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: str) -> V | None:
        """The value, unless its time is over."""
        entry = self._held.get(key)
        return entry[1] if entry is not None and entry[0] > self._now_ns() else None

    def left_s(self, key: str) -> float:
        """How much longer the value is held; 0 if it is not."""
        entry = self._held.get(key)
        return max(0, entry[0] - self._now_ns()) / _NS if entry is not None else 0.0

    def put(self, key: str, value: V, *, for_s: float) -> None:
        """Hold the value for so many seconds from now, and forget what is over."""
        now = self._now_ns()
        self._held.pop(key, None)
        self._held[key] = (now + round(for_s * _NS), value)
        while len(self._held) > self._at_most or self._oldest_expiry() <= now:
            if len(self._held) == 1:
                return
            self._held.popitem(last=False)

    def drop(self, key: str) -> None:
        """Forget the value now."""
        self._held.pop(key, None)

    def live(self) -> list[tuple[str, float]]:
        """Every key whose time is not over, and the seconds that are left to it."""
        now = self._now_ns()
        return [(key, (end - now) / _NS) for key, (end, _) in self._held.items() if end > now]

    def _oldest_expiry(self) -> int:
        return next(iter(self._held.values()))[0]
