"""What arrived, counted as Google's bill counts it: points by sort, entries and bytes, spans.

What left a full shelf stays counted. Bytes of a log entry are those of its message on the
wire: Google bills «the actual size of the log entries prior to indexing» and does not say
how it is measured (https://cloud.google.com/stackdriver/pricing). Executions of uptime checks
are not here, for nothing probes in this cloud.

>>> usage = Usage()
>>> usage.took_point("custom.googleapis.com/x", 3.0, 10**9)
>>> usage.took_entry(800, 61 * 10**9)
>>> told = usage.told()
>>> told["custom"]["scalar_points"], told["log_bytes"], told["seconds"]
(1, 800, 60.0)
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Final

from google.api.distribution_pb2 import Distribution

_BY_SAMPLES: Final = "prometheus.googleapis.com/"
"""What is written under this domain is billed by samples, all else by bytes."""
_NANOSECONDS: Final = 1_000_000_000


@dataclass
class Points:
    """Points of one price."""

    scalar_points: int = 0
    distribution_points: int = 0
    filled_buckets: int = 0
    """Buckets of those distributions that are not empty: each is a sample."""

    def take(self, value: object) -> None:
        """Count one point."""
        if isinstance(value, Distribution):
            self.distribution_points += 1
            self.filled_buckets += sum(1 for count in value.bucket_counts if count)
        else:
            self.scalar_points += 1


@dataclass
class Usage:
    """Counted under the world's lock."""

    custom: Points = field(default_factory=Points)
    prometheus: Points = field(default_factory=Points)
    log_entries: int = 0
    log_bytes: int = 0
    spans: int = 0
    _first_ns: int = 0
    _last_ns: int = 0

    def took_point(self, metric_type: str, value: object, at_ns: int) -> None:
        """A point was stored."""
        (self.prometheus if metric_type.startswith(_BY_SAMPLES) else self.custom).take(value)
        self._saw(at_ns)

    def took_entry(self, size_bytes: int, at_ns: int) -> None:
        """A log entry was stored."""
        self.log_entries += 1
        self.log_bytes += size_bytes
        self._saw(at_ns)

    def took_span(self, at_ns: int) -> None:
        """A span was stored."""
        self.spans += 1
        self._saw(at_ns)

    def told(self) -> dict[str, Any]:
        """All of it, with the seconds between the first and the last that arrived."""
        counted = {key: one for key, one in asdict(self).items() if not key.startswith("_")}
        return counted | {"seconds": (self._last_ns - self._first_ns) / _NANOSECONDS}

    def _saw(self, at_ns: int) -> None:
        self._first_ns = min(self._first_ns, at_ns) if self._last_ns else at_ns
        self._last_ns = max(self._last_ns, at_ns)
