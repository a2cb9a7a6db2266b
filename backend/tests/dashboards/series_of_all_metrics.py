"""Series of every metric that the service declares, with each value of each label.

The recorder refuses what is not declared, so what finds no data here finds none in the cloud.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from tocsin.monitoring.catalogue import Catalogue, Metric
from tocsin.rehearsal.week.series import Series, Week

STEP_S = 60
SAMPLES = 180
START_UNIX_S = 1_780_000_000
OF_PROCESSES = tuple(
    {"namespace": "test", "job": "api", "task_id": one} for one in ("first", "second")
)
OPEN_VALUES: Mapping[str, tuple[str, ...]] = {
    "ip_address": ("client", "other"),
    "check_id": ("vividly-health-x",),
}
RISING = np.arange(1, SAMPLES + 1, dtype=np.float64)


def week_of(catalogue: Catalogue) -> Week:
    """Three hours of all of it, from two processes of one environment."""
    series = [one for metric in catalogue for one in _of_metric(metric)]
    return Week(START_UNIX_S, STEP_S, tuple(series))


def _of_metric(metric: Metric) -> Iterator[Series]:
    for labels in _labels(metric):
        if metric.kind == "gauge":
            # On the way up, so that no share of two gauges is of nothing.
            yield Series(metric.name, labels, RISING)
        elif metric.kind == "counter":
            yield Series(metric.name, labels, RISING * 3)
        else:
            yield from _of_histogram(metric, labels)


def _of_histogram(metric: Metric, labels: Mapping[str, str]) -> Iterator[Series]:
    bounds = [*metric.buckets, float("inf")]
    for nth, bound in enumerate(bounds, 1):
        le = "+Inf" if bound == float("inf") else f"{bound:g}"
        yield Series(f"{metric.name}_bucket", {**labels, "le": le}, RISING * nth)
    yield Series(f"{metric.name}_sum", labels, RISING * 2)
    yield Series(f"{metric.name}_count", labels, RISING * len(bounds))


def _labels(metric: Metric) -> Iterator[dict[str, str]]:
    """Each label through all its values, side by side."""
    values = {
        name: label.values or OPEN_VALUES.get(name, ("some",))
        for name, label in metric.labels.items()
    }
    longest = max(map(len, values.values()), default=1)
    for resource in OF_PROCESSES if metric.origin == "service" else ({},):
        for nth in range(longest):
            own = {name: listed[nth % len(listed)] for name, listed in values.items()}
            yield {**resource, **own}
