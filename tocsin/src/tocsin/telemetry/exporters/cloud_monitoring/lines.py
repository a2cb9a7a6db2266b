"""One series on its way: its identity once, and each export's number and dates.

Numbers are always DOUBLE, so that a value that was whole and is not any longer finds the
type it needs (behaviour 18). A counter is CUMULATIVE and a histogram a CUMULATIVE
DISTRIBUTION, with a start that stays while it counts on; a gauge has no start.

A point is dated at least five seconds after the last one that may have arrived, if need be
ahead of the hour: so it is never «written more frequently than the maximum sampling period»,
be it the final flush one second after a periodic export or a second try after an answer
that was lost (behaviour 4). Google takes dates up to five minutes ahead.

Of a distribution Google wants the sum of squared deviations, which cells do not hold; it is
reckoned from the middles of the buckets, and used by nothing that we know. Prometheus counts
a value that equals a bound below it, Google's API page above it; bounds are sent as they
were declared, for PromQL, which our alerts speak, shows them as ``le`` again.

>>> millisecond_floor(1_999_999)
1000000
"""

import math
from collections.abc import Sequence
from typing import Any, Final

from google.api.distribution_pb2 import Distribution
from google.api.metric_pb2 import MetricDescriptor
from google.cloud.monitoring_v3.types import TimeSeries
from google.cloud.monitoring_v3.types.span_context import SpanContext

from tocsin.telemetry.delivery.readings import Reading
from tocsin.telemetry.metrics.exemplars import Exemplar

SAMPLING_PERIOD_NS: Final = 5_000_000_000
MILLISECOND_NS: Final = 1_000_000
AHEAD_AT_MOST_NS: Final = 290_000_000_000
NEVER_TAKEN_AFTER_NS: Final = 300_000_000_000
LABEL_AT_MOST: Final = 1024

_NANOSECONDS: Final = 1_000_000_000
_OLDEST_START_NS: Final = 24 * 3600 * _NANOSECONDS
_RAW: Final = TimeSeries.pb(TimeSeries()).__class__
_SPAN: Final[Any] = SpanContext.pb()

CUMULATIVE: Final = MetricDescriptor.CUMULATIVE
GAUGE: Final = MetricDescriptor.GAUGE
DOUBLE: Final = MetricDescriptor.DOUBLE
DISTRIBUTION: Final = MetricDescriptor.DISTRIBUTION


def millisecond_floor(time_ns: int) -> int:
    """Dates in whole milliseconds, as Google compares them."""
    return time_ns - time_ns % MILLISECOND_NS


def label_key(name: str) -> str:
    """A label's name as Google takes it: `[a-zA-Z][a-zA-Z0-9_]*`.

    >>> label_key("_le"), label_key("path")
    ('key__le', 'path')
    """
    return name if name[:1].isalpha() else f"key_{name}"


class Line:
    """One series: what was sent of it, and the message that its next point is put in."""

    __slots__ = (
        "_origin",
        "_point",
        "before_ns",
        "cells",
        "end_ns",
        "exemplars",
        "message",
        "name",
        "seen_ns",
        "start_ns",
    )

    def __init__(self, reading: Reading, metric_type: str, resource: dict[str, str]) -> None:
        self.name = reading.name
        self.start_ns = 0
        self.end_ns = 0
        """When the last point that may have arrived was dated; 0 if there is none."""
        self.before_ns = 0
        self.seen_ns = 0
        self.cells: list[float] = []
        self.exemplars: tuple[Exemplar, ...] = ()
        self._origin = reading.origin
        self.message = _new_message(reading, metric_type, resource)
        self._point: Any = self.message.points[0]
        if reading.kind == "histogram":
            options = self._point.value.distribution_value.bucket_options
            options.explicit_buckets.bounds.extend(reading.buckets)

    @property
    def is_cumulative(self) -> bool:
        """Whether it counts from a start."""
        return bool(self.message.metric_kind == CUMULATIVE)

    def take(self, reading: Reading, now_ns: int) -> None:
        """Take the newest numbers in; what fell began anew."""
        self.seen_ns = now_ns
        if not self.start_ns:
            self.start_ns = self._start(reading, now_ns)
        elif self.is_cumulative and (
            reading.origin is not self._origin or _fell(self.cells, reading.cells)
        ):
            self._origin = reading.origin
            self.start_ns = self._start(reading, now_ns)
        self.cells = reading.cells
        self.exemplars = reading.exemplars

    def fill_labels(self, names: Sequence[str]) -> None:
        """Give labels that the descriptor has from elsewhere an empty value."""
        labels = self.message.metric.labels
        for name in names:
            if name not in labels:
                labels[name] = ""

    def dated(self, now_ns: int) -> Any:
        """The message with a point dated now, or as soon after the last one as is allowed."""
        if self.end_ns > now_ns + NEVER_TAKEN_AFTER_NS:
            # Dated by a clock that has since been put back: Google takes no such date.
            self.end_ns = 0
        self.before_ns = self.end_ns
        earliest_ns = self.end_ns + SAMPLING_PERIOD_NS if self.end_ns else 0
        if not self.end_ns and self.start_ns >= now_ns:
            # Begun by a clock that has since been put back; nothing of it was ever taken.
            self.start_ns = millisecond_floor(now_ns) - MILLISECOND_NS
        earliest_ns = max(earliest_ns, self.start_ns + MILLISECOND_NS)
        self.end_ns = max(millisecond_floor(now_ns), earliest_ns)
        self._write()
        return self.message

    def may_be_written(self, now_ns: int) -> bool:
        """Whether there is a date for another point: many exports in a row use them up."""
        ahead_ns = self.end_ns - now_ns
        return not AHEAD_AT_MOST_NS < ahead_ns <= NEVER_TAKEN_AFTER_NS

    def not_taken(self) -> None:
        """The last point was refused for sure: its date is free again."""
        self.end_ns = self.before_ns

    def _start(self, reading: Reading, now_ns: int) -> int:
        """After anything that was sent, before now, and not of a clock that was never set."""
        start_ns = min(reading.started_ns, now_ns - MILLISECOND_NS)
        start_ns = max(start_ns, now_ns - _OLDEST_START_NS)
        return max(millisecond_floor(start_ns), self.end_ns + MILLISECOND_NS if self.end_ns else 0)

    def _write(self) -> None:
        interval, value = self._point.interval, self._point.value
        interval.end_time.seconds, interval.end_time.nanos = divmod(self.end_ns, _NANOSECONDS)
        if self.is_cumulative:
            start = interval.start_time
            start.seconds, start.nanos = divmod(self.start_ns, _NANOSECONDS)
        if self.message.value_type == DISTRIBUTION:
            _write_distribution(value.distribution_value, self.cells)
            self._write_exemplars(value.distribution_value)
        else:
            value.double_value = self.cells[0]

    def _write_exemplars(self, distribution: Distribution) -> None:
        """The way to a trace: by rising value, each with the span that it was measured in."""
        del distribution.exemplars[:]
        project = self.message.resource.labels["project_id"]
        for one in self.exemplars:
            exemplar = distribution.exemplars.add(value=one.value)
            exemplar.timestamp.seconds, exemplar.timestamp.nanos = divmod(one.wall_ns, _NANOSECONDS)
            name = f"projects/{project}/traces/{one.trace_id}/spans/{one.span_id}"
            exemplar.attachments.add().Pack(_SPAN(span_name=name))


def _new_message(reading: Reading, metric_type: str, resource: dict[str, str]) -> Any:
    message: Any = _RAW()
    message.metric.type = metric_type
    for name, text in zip(reading.label_names, reading.label_values, strict=True):
        message.metric.labels[label_key(name)] = text[:LABEL_AT_MOST]
    message.resource.type = "generic_task"
    message.resource.labels.update(resource)
    message.metric_kind = GAUGE if reading.kind == "gauge" else CUMULATIVE
    message.value_type = DISTRIBUTION if reading.kind == "histogram" else DOUBLE
    message.points.add()
    return message


def _write_distribution(distribution: Distribution, cells: list[float]) -> None:
    counts = [int(count) for count in cells[1:]]
    count = sum(counts)
    mean = cells[0] / count if count else 0.0
    bounds = distribution.bucket_options.explicit_buckets.bounds
    distribution.count = count
    distribution.mean = mean
    distribution.sum_of_squared_deviation = _squared_deviation(counts, bounds, mean)
    distribution.bucket_counts[:] = counts


def _squared_deviation(counts: list[int], bounds: Sequence[float], mean: float) -> float:
    low, total = 0.0, 0.0
    for count, bound in zip(counts, [*bounds, bounds[-1]], strict=True):
        if count:
            total += count * ((low + bound) / 2 - mean) ** 2
        low = bound
    return total


def _fell(before: list[float], now: list[float]) -> bool:
    """Whether a count went down, which a sum may do by a rounding."""
    if len(before) > 1:
        return sum(now[1:]) < sum(before[1:])
    return bool(before) and now[0] < before[0]


def is_finite(reading: Reading) -> bool:
    """Whether all its numbers are numbers; other libraries' gauges may be NaN."""
    return all(map(math.isfinite, reading.cells))
