"""Counting requests in moving windows: what a store must answer, and the one in memory.

A moving window is exact: never more than ``amount`` in *any* stretch of ``window_s``
seconds, and the moment when one more fits is known, so Retry-After can be kept. What it
costs is a time per admitted request (decision 0005).

Bounds: ``keys_at_most`` keys per length of window and ``times_at_most`` times in all. The
key that was admitted least recently goes first; its window is the nearest to its end.

>>> from tocsin.clock import SystemClock
>>> windows = MemoryWindows(SystemClock())
>>> limit = Limit(2, 60)
>>> [windows.take_now(("somebody", limit)).admitted for _ in range(3)]
[True, True, False]
"""

from bisect import bisect_right
from collections import OrderedDict
from typing import NamedTuple, Protocol

from app.services.protection.rules import Limit
from tocsin.clock import Clock

Quota = tuple[str, Limit]
"""Whose requests are counted, and how many fit."""

_NS = 1_000_000_000


class Verdict(NamedTuple):
    """Whether a request fits, by the tightest of its quotas."""

    admitted: bool
    limit: int
    remaining: int
    reset_s: float
    """until one more request fits than now; of a refused one: until it would be admitted"""


class Windows(Protocol):
    """A store of moving windows."""

    async def take(self, *quotas: Quota) -> Verdict:
        """Count one request under every quota, or under none if one of them is used up."""
        ...

    async def look(self, quota: Quota) -> Verdict:
        """Say how it stands, and count nothing."""
        ...


class MemoryWindows:
    """The windows of one process."""

    def __init__(
        self, clock: Clock, *, keys_at_most: int = 100_000, times_at_most: int = 1_000_000
    ) -> None:
        self._now_ns = clock.monotonic_ns
        self._keys_at_most = keys_at_most
        self._times_at_most = times_at_most
        self._times_held = 0
        # By length of window: within one length, the order of admission is that of expiry.
        self._by_window: dict[int, OrderedDict[str, list[int]]] = {}

    def __len__(self) -> int:
        """How many keys are held."""
        return sum(map(len, self._by_window.values()))

    @property
    def times_held(self) -> int:
        """How many admitted requests are remembered."""
        return self._times_held

    async def take(self, *quotas: Quota) -> Verdict:
        """Count one request; see :class:`Windows`."""
        return self.take_now(*quotas)

    async def look(self, quota: Quota) -> Verdict:
        """Say how it stands; see :class:`Windows`."""
        key, limit = quota
        now = self._now_ns()
        times = self._live_times(key, limit, now) or []
        free = limit.amount - len(times)
        return Verdict(free > 0, limit.amount, max(0, free), _reset_s(times, limit, now))

    def take_now(self, *quotas: Quota) -> Verdict:
        """The same without awaiting: nothing comes between the look and the count."""
        now = self._now_ns()
        if len(quotas) == 1:  # by far the most frequent: no lists, no comparison
            return self._take_one(*quotas[0], now)
        refused: Verdict | None = None
        found: list[list[int] | None] = []
        for key, limit in quotas:
            times = self._live_times(key, limit, now)
            found.append(times)
            if times is not None and len(times) >= limit.amount:
                wait_s = _reset_s(times, limit, now)
                if refused is None or wait_s > refused.reset_s:
                    refused = Verdict(False, limit.amount, 0, wait_s)  # noqa: FBT003 - a field
        if refused is not None:
            return refused
        tightest: Verdict | None = None
        for (key, limit), times in zip(quotas, found, strict=True):
            remaining, reset_s = self._add(key, limit, times, now)
            if tightest is None or remaining < tightest.remaining:
                tightest = Verdict(True, limit.amount, remaining, reset_s)  # noqa: FBT003
        if tightest is None:
            raise ValueError("a request was to be counted under no quota at all")
        return tightest

    def _take_one(self, key: str, limit: Limit, now: int) -> Verdict:
        times = self._live_times(key, limit, now)
        if times is not None and len(times) >= limit.amount:
            return Verdict(False, limit.amount, 0, _reset_s(times, limit, now))  # noqa: FBT003
        return Verdict(True, limit.amount, *self._add(key, limit, times, now))  # noqa: FBT003

    def _live_times(self, key: str, limit: Limit, now: int) -> list[int] | None:
        """The key's times that are still in the window, oldest first."""
        held = self._by_window.get(limit.window_ns)
        times = held.get(key) if held is not None else None
        if times and times[0] <= now - limit.window_ns:
            gone = bisect_right(times, now - limit.window_ns)
            del times[:gone]
            self._times_held -= gone
        return times

    def _add(self, key: str, limit: Limit, times: list[int] | None, now: int) -> tuple[int, float]:
        held = self._by_window.get(limit.window_ns)
        if held is None:
            held = self._by_window[limit.window_ns] = OrderedDict()
        if times is None:
            times = held[key] = [now]
        else:
            times.append(now)
            held.move_to_end(key)
        self._times_held += 1
        self._forget(held, now - limit.window_ns)
        return limit.amount - len(times), _reset_s(times, limit, now)

    def _forget(self, held: OrderedDict[str, list[int]], before: int) -> None:
        """Drop what has expired, and the least recent where there is too much."""
        while len(held) > 1:
            key, times = next(iter(held.items()))
            if (
                times[-1] > before
                and len(held) <= self._keys_at_most
                and self._times_held <= self._times_at_most
            ):
                return
            del held[key]
            self._times_held -= len(times)


def _reset_s(times: list[int], limit: Limit, now: int) -> float:
    if not times:
        return 0.0
    # A limit that was lowered by a restart may be overdrawn: more than one time must go.
    overdrawn = max(0, len(times) - limit.amount)
    return (times[overdrawn] + limit.window_ns - now) / _NS
