"""What delivery logs of its failures: once a minute per cause, with the number held back.

An outage of a backend is one fact, not one line per batch (D13).

>>> from tocsin.telemetry.testing import HandClock
>>> clock, told = HandClock(), []
>>> complaints = Complaints(clock, tell=lambda event, **fields: told.append(fields))
>>> for _ in range(3):
...     complaints.about("metrics", "UNAVAILABLE")
>>> clock.advance(60)
>>> complaints.about("metrics", "UNAVAILABLE")
>>> [line["suppressed"] for line in told]
[0, 2]
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from tocsin.clock import Clock
from tocsin.telemetry.logs import get_logger

EVERY_NS: Final = 60_000_000_000
EVENT: Final = "telemetry_export_failed"

_CAUSES_AT_MOST: Final = 200
_DETAIL_AT_MOST: Final = 300


@dataclass(slots=True)
class _Told:
    at_ns: int
    suppressed: int = 0


class Complaints:
    """Thread-safe; remembers a bounded number of causes."""

    def __init__(self, clock: Clock, *, tell: Callable[..., None] | None = None) -> None:
        self._clock = clock
        self._tell = tell if tell is not None else get_logger("tocsin.delivery").error
        self._told: dict[tuple[str, str], _Told] = {}
        self._lock = Lock()

    def about(self, exporter: str, cause: str, *, detail: str = "", **fields: Any) -> None:
        """Log one failure, unless the same was logged within the minute."""
        suppressed = self._turn(exporter, cause)
        if suppressed is None:
            return
        if detail:
            fields["detail"] = detail[:_DETAIL_AT_MOST]
        self._tell(EVENT, exporter=exporter, cause=cause, suppressed=suppressed, **fields)

    def renew_in_child(self) -> None:
        """After a fork: another process may have held the lock."""
        self._lock = Lock()
        self._told.clear()

    def _turn(self, exporter: str, cause: str) -> int | None:
        """How many were held back before this one; ``None`` if it is itself."""
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            told = self._told.get((exporter, cause))
            if told is not None and now_ns - told.at_ns < EVERY_NS:
                told.suppressed += 1
                return None
            if told is None and len(self._told) >= _CAUSES_AT_MOST:
                self._told.pop(next(iter(self._told)))
            self._told[exporter, cause] = _Told(now_ns)
            return told.suppressed if told is not None else 0
