"""How requests fared within the last minutes, from the counters that are kept anyhow.

>>> from tocsin.clock import SystemClock
>>> from tocsin.telemetry.http_metrics import HttpMetrics
>>> from tocsin.telemetry.metrics import MetricsClient
>>> http = HttpMetrics(MetricsClient("shop"))
>>> recent = RecentRequests(http, clock=SystemClock())
>>> http.finished("GET", "/books/{id}", 500, 0.012, 0.011, 0, 512)
>>> recent.figures()["requests"], recent.figures()["server_error_ratio"]
(1, 1.0)
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tocsin.clock import Clock
from tocsin.telemetry.http_metrics import HttpMetrics

_NS: Final = 1_000_000_000
_ERROR: Final = "5"


@dataclass(frozen=True)
class _Totals:
    at_ns: int
    requests: float
    errors: float
    within: Mapping[float, float]
    """how many were answered within a bound, by bound in seconds"""


class RecentRequests:
    """Remembers totals of the last ``window_s`` seconds; ``note`` is called every few seconds.

    The numbers are those of this process.
    """

    def __init__(self, http: HttpMetrics, *, clock: Clock, window_s: float = 300.0) -> None:
        self._http = http
        self._clock = clock
        self._window_ns = round(window_s * _NS)
        self._kept = deque([self._totals()])

    def note(self) -> None:
        """Remember how things stand; forget what is older than the window, but one."""
        now = self._totals()
        self._kept.append(now)
        while len(self._kept) > 1 and now.at_ns - self._kept[1].at_ns >= self._window_ns:
            self._kept.popleft()

    def figures(self) -> dict[str, Any]:
        """Requests, the share of 5xx, and upper bounds of the median and the 95th percentile.

        What cannot be known, a share of nothing, is None.
        """
        first, now = self._kept[0], self._totals()
        requests = now.requests - first.requests
        errors = now.errors - first.errors
        within = {le: count - first.within.get(le, 0.0) for le, count in now.within.items()}
        return {
            "seconds": round((now.at_ns - first.at_ns) / _NS, 1),
            "requests": round(requests),
            "server_errors": round(errors),
            "server_error_ratio": round(errors / requests, 6) if requests else None,
            "half_within_s": _bound(within, 0.5),
            "95_percent_within_s": _bound(within, 0.95),
        }

    def _totals(self) -> _Totals:
        requests = errors = 0.0
        for metric in self._http.requests.collect():
            for sample in metric.samples:
                if sample.name.endswith("_total"):
                    requests += sample.value
                    errors += sample.value * sample.labels["status_code"].startswith(_ERROR)
        within: dict[float, float] = {}
        for metric in self._http.duration.collect():
            for sample in metric.samples:
                if sample.name.endswith("_bucket"):
                    bound = float(sample.labels["le"])
                    within[bound] = within.get(bound, 0.0) + sample.value
        return _Totals(self._clock.monotonic_ns(), requests, errors, within)


def _bound(within: Mapping[float, float], share: float) -> float | None:
    """The least bound that holds ``share`` of all; None where none does, or nothing came."""
    most = max(within.values(), default=0.0)
    held = [le for le, count in within.items() if most and count >= share * most]
    found = min(held, default=float("inf"))
    return found if found != float("inf") else None
