"""Lengths of time as Prometheus spells them.

>>> seconds("1h30m"), spelled(5400), spelled(0.5)
(5400.0, '1h30m', '500ms')
"""

import re
from typing import Final

from tocsin.errors import DeclarationError

_DAY_MS: Final = 86_400_000
_UNITS_MS: Final = {
    "y": 365 * _DAY_MS,
    "w": 7 * _DAY_MS,
    "d": _DAY_MS,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_WHOLE: Final = re.compile(r"(?:\d+(?:ms|[smhdwy]))+|0")
_PART: Final = re.compile(r"(\d+)(ms|[smhdwy])")
_SPELLED: Final = ("d", "h", "m", "s", "ms")


def seconds(text: str) -> float:
    """How long ``text`` is.

    Raises:
        DeclarationError: it is no duration.
    """
    if not _WHOLE.fullmatch(text):
        raise DeclarationError(f"{text!r} is no duration: write it as 30s, 5m or 1h30m")
    return sum(int(count) * _UNITS_MS[unit] for count, unit in _PART.findall(text)) / 1000


def spelled(length_s: float) -> str:
    """The spelling, to the millisecond, that Prometheus reads; weeks are told in days."""
    words, left_ms = [], round(length_s * 1000)
    for unit in _SPELLED:
        count, left_ms = divmod(left_ms, _UNITS_MS[unit])
        if count:
            words.append(f"{count}{unit}")
    return "".join(words) or "0s"
