"""Series as the page shows them: a total, a sparkline, the newest value.

A counter's line is what each stretch of time added, a gauge's its value. JavaScript's
numbers hold no nanoseconds, so times are milliseconds.

>>> additions([(0, 5.0), (1, 7.0), (2, 1.0)], [0, 0, 2])
[5.0, 2.0, 1.0]
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

BUCKETS: Final = 48
_SERIES_SHOWN: Final = 200
_MS: Final = 1_000_000


def metrics(cloud: Any, asked: Mapping[str, str]) -> Any:
    """Each metric type with its series summed up."""
    by_type: dict[str, list[Any]] = defaultdict(list)
    for one in cloud.monitoring.series():
        by_type[one.metric_type].append(one)
    wanted = asked.get("text", "").lower()
    return [
        _metric(cloud, metric_type, found)
        for metric_type, found in sorted(by_type.items())
        if wanted in metric_type.lower()
    ]


def series(cloud: Any, asked: Mapping[str, str]) -> Any:
    """The series of one metric, the fullest first."""
    found = cloud.monitoring.series(asked.get("metric", ""))
    span = _span(found)
    shown = sorted((_one(one, span) for one in found), key=lambda one: -abs(one["value"]))
    return {"series": shown[:_SERIES_SHOWN], "left_off": max(0, len(shown) - _SERIES_SHOWN)}


def additions(points: Iterable[tuple[int, float]], starts: Iterable[int]) -> list[float]:
    """What each point of a counter added to the one before; a new start counts from 0."""
    added: list[float] = []
    last_start, last = None, 0.0
    for (_, value), start in zip(points, starts, strict=True):
        added.append(value - last if start == last_start else value)
        last_start, last = start, value
    return added


def _metric(cloud: Any, metric_type: str, found: list[Any]) -> dict[str, Any]:
    span = _span(found)
    lines = [_line(one, span) for one in found]
    first = found[0]
    summed = [sum(values) for values in zip(*lines, strict=True)]
    counts = first.kind == "CUMULATIVE"
    total = cloud.monitoring.total(metric_type) if counts else sum(map(_newest, found))
    return {
        "type": metric_type,
        "kind": first.kind,
        "value_type": first.value_type,
        "unit": first.unit,
        "series": len(found),
        "points": sum(len(one.points) for one in found),
        "value": total,
        "line": summed,
        "last_ms": span[1] / _MS,
    }


def _one(one: Any, span: tuple[int, int]) -> dict[str, Any]:
    return {
        "labels": one.metric_labels,
        "resource": {"type": one.resource_type, **one.resource_labels},
        "points": len(one.points),
        "value": _newest(one),
        "line": _line(one, span),
        "first_ms": one.points[0].start_ns / _MS,
        "last_ms": one.points[-1].end_ns / _MS,
    }


def _span(found: list[Any]) -> tuple[int, int]:
    """From the oldest to the newest point of these."""
    ends = [point.end_ns for one in found for point in (one.points[0], one.points[-1])]
    return (min(ends), max(ends)) if ends else (0, 0)


def _line(one: Any, span: tuple[int, int]) -> list[float]:
    oldest, newest = span
    width = max(1, (newest - oldest) // BUCKETS + 1)
    values = [(point.end_ns, number(point.value)) for point in one.points]
    line = [0.0] * BUCKETS
    if one.kind == "CUMULATIVE":
        _spread(line, one, values, oldest_ns=oldest, width_ns=width)
        return line
    for end_ns, value in values:
        at = (end_ns - oldest) // width
        line[at:] = [value] * (BUCKETS - at)  # a gauge keeps its value until it tells another
    return line


def _spread(
    line: list[float], one: Any, values: list[tuple[int, float]], *, oldest_ns: int, width_ns: int
) -> None:
    """Lay each addition evenly over the time it was made in: a bucket is no export's rhythm."""
    added = additions(values, (point.start_ns for point in one.points))
    last = (values[0][0] - oldest_ns) // width_ns
    for (end_ns, _), more in zip(values, added, strict=True):
        at = (end_ns - oldest_ns) // width_ns
        share = range(min(last + 1, at), at + 1)
        for bucket in share:
            line[bucket] += more / len(share)
        last = at


def _newest(one: Any) -> float:
    return number(one.points[-1].value)


def number(value: Any) -> float:
    """A value as one number: a distribution's is its count, a text has none.

    >>> number(True), number("ready")
    (1.0, 0.0)
    """
    if isinstance(value, str):
        return 0.0
    return float(getattr(value, "count", value))
