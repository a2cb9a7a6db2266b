"""What the traffic has met so far, and the line that tells it.

>>> tally = Tally()
>>> tally.answered(200, 0.012)
>>> tally.answered(404, 0.003)
>>> tally.line(elapsed_s=2.0)
'   2 s      2 requests    1.0/s  2xx 1  4xx 1  p50 8 ms  p95 12 ms  lessons 0'
"""

import math
from collections import Counter, deque
from dataclasses import dataclass, field

_LATENCIES_KEPT = 5000


@dataclass
class Tally:
    """Counts of answers by status, of lessons by outcome, and recent latencies."""

    statuses: Counter[int] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    unreachable: int = 0
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=_LATENCIES_KEPT))

    def answered(self, status: int, latency_s: float) -> None:
        """Count one answer."""
        self.statuses[status] += 1
        self.latencies_s.append(latency_s)

    @property
    def requests(self) -> int:
        """Answers of any kind."""
        return self.statuses.total()

    @property
    def server_errors(self) -> int:
        """Answers that were the service's own fault."""
        return sum(count for status, count in self.statuses.items() if status >= 500)  # noqa: PLR2004 - HTTP's own line

    def quantile_ms(self, share: float) -> int:
        """The latency that ``share`` of the recent answers stayed under, in milliseconds."""
        ordered = sorted(self.latencies_s)
        if not ordered:
            return 0
        position = share * (len(ordered) - 1)
        low, high = math.floor(position), math.ceil(position)
        between = ordered[low] + (ordered[high] - ordered[low]) * (position - low)
        return round(between * 1000)

    def line(self, elapsed_s: float) -> str:
        """One line that tells all of it."""
        classes = Counter(f"{status // 100}xx" for status in self.statuses.elements())
        parts = [
            f"{elapsed_s:4.0f} s {self.requests:6d} requests {self.requests / elapsed_s:6.1f}/s",
            *(f"{name} {count}" for name, count in sorted(classes.items())),
            f"p50 {self.quantile_ms(0.5)} ms",
            f"p95 {self.quantile_ms(0.95)} ms",
            f"lessons {self.outcomes['completed'] + self.outcomes['degraded']}",
        ]
        if self.unreachable:
            parts.append(f"unreachable {self.unreachable}")
        return "  ".join(parts)
