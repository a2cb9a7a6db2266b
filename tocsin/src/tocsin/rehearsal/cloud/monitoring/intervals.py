"""When a point may start and end: by its kind, by the clock, by the point before it.

Google compares in milliseconds; so does this. What was seen of the live service stands
above what its definition says where both are known: a point that ends with the last one is
«too frequent», one that ends before it is «older».

>>> from tocsin.rehearsal.cloud.rulebook import Rulebook
>>> check_order(Rulebook(), "GAUGE", StoredPoint(0, 10**10, 1), (12 * 10**9, 12 * 10**9))
Traceback (most recent call last):
    ...
tocsin.rehearsal.cloud.monitoring.answers.UnwritableError: One or more points were written \
more frequently than the maximum sampling period configured for the metric.
"""

from typing import Final

from tocsin.rehearsal.cloud.monitoring import rules
from tocsin.rehearsal.cloud.monitoring.answers import (
    FAILED_PRECONDITION,
    UnwritableError,
    invalid,
)
from tocsin.rehearsal.cloud.monitoring.shelf import StoredPoint
from tocsin.rehearsal.cloud.monitoring.times import NS_PER_MS, NS_PER_S, lasted, printed
from tocsin.rehearsal.cloud.rulebook import Rulebook

SAMPLING_MS: Final = 5_000
PAST_NS: Final = (25 * 3600 + 10) * NS_PER_S
FUTURE_NS: Final = 5 * 60 * NS_PER_S
_OLDER: Final = (
    "Points must be written in order. One or more of the points specified had an older "
    "{} time than the most recent point."
)

Interval = tuple[int, int]
"""Start and end in nanoseconds; what gives no start starts at its end."""


def check_window(held: Rulebook, index: int, end_ns: int, now_ns: int) -> None:
    """Refuse what ends too long ago or too far ahead.

    Raises:
        UnwritableError: one of the two.
    """
    where = "points[0].interval.end_time"
    if held.broken(rules.PAST, when=now_ns - end_ns > PAST_NS):
        reason = (
            "Data points cannot be written more than approximately 24 hours in the past, "
            "specifically no more than 25h10s in the past. Your data point is "
            f"{lasted(now_ns - end_ns)} before the present time, which is too far in the past."
        )
        raise invalid(index, where, printed(end_ns), reason)
    if held.broken(rules.FUTURE, when=end_ns - now_ns > FUTURE_NS):
        reason = (
            "Data points cannot be written more than 5m in the future. Your data point is "
            f"{lasted(end_ns - now_ns)} after the present time."
        )
        raise invalid(index, where, printed(end_ns), reason)


def check_span(held: Rulebook, index: int, metric: tuple[str, str], interval: Interval) -> None:
    """Refuse a start that this kind cannot have; ``metric`` is its type and kind.

    Raises:
        UnwritableError: the start is not where it must be.
    """
    metric_type, kind = metric
    start_ns, end_ns = interval
    where = "points[0].interval.start_time"
    is_gauge = kind == "GAUGE"
    if held.broken(rules.GAUGE_SPAN, when=is_gauge and start_ns != end_ns):
        reason = (
            f"The start time must be equal to the end time ({printed(end_ns)}) "
            f"for the gauge metric '{metric_type}'."
        )
        raise invalid(index, where, printed(start_ns), reason)
    empty = start_ns // NS_PER_MS >= end_ns // NS_PER_MS
    if held.broken(rules.SPAN, when=not is_gauge and empty):
        reason = (
            f"The start time must be before the end time ({printed(end_ns)}) "
            f"for the non-gauge metric '{metric_type}'."
        )
        raise invalid(index, where, printed(start_ns), reason)


def check_order(held: Rulebook, kind: str, last: StoredPoint, interval: Interval) -> None:
    """Refuse what does not come after the last point of its series.

    Raises:
        UnwritableError: it is older, overlaps or follows too soon.
    """
    start_ms, end_ms = (moment // NS_PER_MS for moment in interval)
    last_start_ms, last_end_ms = last.start_ns // NS_PER_MS, last.end_ns // NS_PER_MS
    _check_starts(held, kind, (last_start_ms, last_end_ms), (start_ms, end_ms))
    if held.broken(rules.OLDER_END, when=end_ms < last_end_ms):
        raise UnwritableError(_OLDER.format("end"))
    if held.broken(rules.SAMPLING, when=0 <= end_ms - last_end_ms < SAMPLING_MS):
        raise UnwritableError(
            "One or more points were written more frequently than the maximum sampling "
            "period configured for the metric.",
            FAILED_PRECONDITION,
        )


def _check_starts(held: Rulebook, kind: str, last: Interval, new: Interval) -> None:
    (last_start, last_end), (start, end) = last, new
    is_reset = kind == "CUMULATIVE" and start != last_start
    older = is_reset and (start < last_start or end <= last_end)
    if held.broken(rules.OLDER_START, when=older):
        raise UnwritableError(_OLDER.format("start"))
    if held.broken(rules.RESET_OVERLAP, when=is_reset and last_start < start <= last_end):
        raise UnwritableError(
            "A cumulative value that starts anew must start at least a millisecond after the "
            "end time of the most recent point."
        )
    if held.broken(rules.DELTA_OVERLAP, when=kind == "DELTA" and start <= last_end):
        raise UnwritableError(
            "A delta must start at least a millisecond after the end time of the most recent point."
        )
