"""When a point starts and ends, so that no backend finds it out of order (behaviours 4, 8).

Ends of one series lie at least 5 s apart, Google's sampling period
(https://docs.cloud.google.com/monitoring/quotas): a final export that follows a periodic one
too soon is dated forward, which is allowed for 5 minutes. A clock that steps back is not
followed back. A start, once told, stays: a sum without a stable start is no sum (D02).

>>> times = Times()
>>> end_ns = times.end_of_round(now_ns=100 * 10**9)
>>> times.taken(end_ns); times.end_of_round(now_ns=101 * 10**9) // 10**9
105
"""

from typing import Final

SPACING_NS: Final = 5_000_000_000
_LEAST_NS: Final = 1_000_000

SeriesName = tuple[str, tuple[str, ...]]


class Times:
    """The ends and starts that one writer told."""

    def __init__(self) -> None:
        self._end_ns = 0
        self._last_ns = 0
        self._starts: dict[SeriesName, tuple[object, int, int]] = {}

    def end_of_round(self, *, now_ns: int) -> int:
        """The end of all points of the round that begins."""
        earliest_ns = self._last_ns + SPACING_NS if self._last_ns else 0
        self._end_ns = max(now_ns, earliest_ns)
        return self._end_ns

    def taken(self, end_ns: int) -> None:
        """Points that end then were taken, or may have been.

        What was refused as a whole is not remembered: a clock that was far ahead would
        otherwise hold all later points in the future.
        """
        self._last_ns = max(self._last_ns, end_ns)

    def start_of(self, name: SeriesName, origin: object, started_ns: int) -> int:
        """The start to tell for a series; the same as long as it counts on."""
        known = self._starts.get(name)
        if known is not None and known[0] is origin and known[1] == started_ns:
            return known[2]
        # What appears now was not there in the last round, so nothing of it is told again; and
        # our clock may have been ahead when it began.
        start_ns = min(max(started_ns, self._last_ns + _LEAST_NS), self._end_ns - _LEAST_NS)
        self._starts[name] = (origin, started_ns, start_ns)
        return start_ns

    def keep_only(self, names: set[SeriesName]) -> None:
        """Forget series that are gone."""
        for name in [name for name in self._starts if name not in names]:
            del self._starts[name]
