"""Moments: as Google's messages carry them, as this cloud counts them, as refusals print them.

>>> printed(1_690_000_000_250_000_000)
'2023-07-21T21:26:40.25-07:00'
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

NS_PER_S: Final = 1_000_000_000
NS_PER_MS: Final = 1_000_000
_PACIFIC: Final = timezone(timedelta(hours=-7))
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def nanoseconds(moment: Timestamp) -> int:
    """Since the epoch."""
    return int(moment.seconds) * NS_PER_S + int(moment.nanos)


def timestamp(moment_ns: int) -> Timestamp:
    """The message for it."""
    return Timestamp(seconds=moment_ns // NS_PER_S, nanos=moment_ns % NS_PER_S)


def printed(moment_ns: int) -> str:
    """Pacific time, as the live service prints it; always its summer's offset here."""
    try:
        moment = (_EPOCH + timedelta(microseconds=moment_ns // 1000)).astimezone(_PACIFIC)
    except OverflowError:
        return str(moment_ns)
    fraction = f".{moment.microsecond:06d}".rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}-07:00"


def lasted(duration_ns: int) -> str:
    """A length of time in Google's way.

    >>> lasted(25 * 3600 * NS_PER_S + 11 * NS_PER_S)
    '25h11s'
    """
    seconds = duration_ns // NS_PER_S
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"
