"""The hour as the database wants it, read from the clock that one is handed.

>>> from tocsin.clock import SystemClock
>>> now(SystemClock()).tzinfo is UTC
True
"""

from datetime import UTC, datetime, timedelta

from tocsin.clock import Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now(clock: Clock) -> datetime:
    """The present moment: aware, UTC, to the microsecond."""
    return _EPOCH + timedelta(microseconds=clock.wall_ns() // 1000)
