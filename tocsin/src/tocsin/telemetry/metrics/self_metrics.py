"""What telemetry says of itself: what was folded, lost or refused (D-8).

Each is a metric that can alert; a silent loss would be the worst kind. The guard's
``on_failure`` and the log pipeline's ``on_dropped`` take the two hooks at the end.

>>> from tocsin.telemetry.metrics import MetricsClient
>>> client = MetricsClient("shop")
>>> client.self_metrics.log_line_dropped("queue_full")
>>> client.self_metrics.log_lines_dropped.value(cause="queue_full")
1.0
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tocsin.telemetry.metrics.catalogue import InstrumentSpec, all_series
from tocsin.telemetry.metrics.instrument import WHOLE
from tocsin.telemetry.metrics.instruments import Counter
from tocsin.telemetry.metrics.labels import LabelKind, bounded, one_of

_METRICS_AT_MOST: Final = 500
_LABELS_AT_MOST: Final = 60
_SITES_AT_MOST: Final = 200
_CAUSES_AT_MOST: Final = 20
ERROR_KINDS: Final = (
    "request",
    "background_task",
    "job",
    "crash",
    "logged",
    "answered",
)
"""What failed: see :mod:`tocsin.telemetry.errors`."""


class SelfMetrics:
    """Six counters, and the hooks that move them; none of the hooks raises."""

    def __init__(self, declare: Callable[..., Counter]) -> None:
        metric = bounded("metric", _METRICS_AT_MOST)
        self.overflow = declare(
            "telemetry_label_overflow_total",
            "Recordings that were folded because a label, or the whole metric, was full.",
            labels=(metric, bounded("label", _LABELS_AT_MOST)),
        )
        self.displaced = declare(
            "telemetry_displaced_events_total",
            "Events that left with a series which a heavier client's took the place of.",
            labels=(metric,),
        )
        self.failures = declare(
            "telemetry_failures_total",
            "Failures of telemetry that were kept from the request, by where they happened.",
            labels=(bounded("site", _SITES_AT_MOST),),
        )
        self.log_lines_dropped = declare(
            "telemetry_log_lines_dropped_total",
            "Log lines that were not written, by cause.",
            labels=(bounded("cause", _CAUSES_AT_MOST),),
        )
        self.error_events = declare(
            "telemetry_error_events_total",
            "Errors of the program that became an event of error reporting, by what failed.",
            labels=(one_of("kind", *ERROR_KINDS),),
        )
        self.error_events_suppressed = declare(
            "telemetry_error_events_suppressed_total",
            "Errors that a storm of their like kept from becoming an event each.",
        )

    def follow(self, spec: InstrumentSpec) -> None:
        """Export at 0 what this instrument may do, so that the first time shows as a rise."""
        for label in (label for label in spec.labels if label.is_open):
            self.overflow.start(metric=spec.name, label=label.name)
            if label.kind is LabelKind.PSEUDONYM:
                self.displaced.start(metric=spec.name)
        if spec.max_series < all_series(spec.labels):
            self.overflow.start(metric=spec.name, label=WHOLE)

    def overflowed(self, metric: str, label: str) -> None:
        """Count one recording that was folded."""
        if metric != self.overflow.name:
            _count(self.overflow, 1, metric, label)

    def events_displaced(self, metric: str, events: float) -> None:
        """Count the events of a series that was taken out."""
        _count(self.displaced, events, metric)

    def failed(self, site: str) -> None:
        """Count one failure; fits ``Guard.on_failure``."""
        _count(self.failures, 1, site)

    def log_line_dropped(self, cause: str) -> None:
        """Count one lost log line; fits ``LogPipeline.on_dropped``."""
        _count(self.log_lines_dropped, 1, cause)

    def error_event(self, kind: str) -> None:
        """Count one event of error reporting."""
        _count(self.error_events, 1, kind)

    def error_event_suppressed(self) -> None:
        """Count one error that was kept from becoming an event."""
        _count(self.error_events_suppressed, 1)


def _count(counter: Counter, amount: float, *values: str) -> None:
    # Not `inc`: a failure there goes to the guard, which would call us again, and so for ever.
    with suppress(Exception):
        counter.add(counter.series_of(values), amount)
