"""What just keeps a rule of Cloud Monitoring is taken: a cloud that refuses too much is no use."""

import pytest
from cloud.violations.kind import Desk
from cloud.violations.monitoring_descriptors import describe
from cloud.violations.monitoring_distributions import with_exemplars
from cloud.violations.monitoring_shapes import (
    METRIC,
    NS,
    START_NS,
    TASK,
    counter,
    histogram,
    point,
    series,
    write,
)

KEYS = [f"label_{number}" for number in range(30)]
PROMETHEUS = "prometheus.googleapis.com/x:y/unknown:counter"
NEAR_MISSES = {
    "two hundred series": [write(*(series(labels={"n": str(n)}) for n in range(200)))],
    "thirty labels": [write(series(labels=dict.fromkeys(KEYS, "x")))],
    "thirty labels by and by": [
        write(series(labels={key: "x"}, one=point(end_s=0))) for key in KEYS
    ],
    "a hundred labels of Prometheus": [
        write(series(metric=PROMETHEUS, labels={f"_a.{n}": "x" for n in range(100)}))
    ],
    "a long key and a long value": [write(series(labels={"k" * 100: "ü" * 1024}))],
    "other labels, other series": [write(series(labels={"a": "1"}), series(labels={"a": "2"}))],
    "no project in the resource": [write(series(resource_labels=TASK))],
    "an empty namespace": [write(series(resource_labels={**TASK, "namespace": ""}))],
    "a zone": [write(series(resource_labels={**TASK, "location": "europe-west10-a"}))],
    "the past to the last second": [write(series(point(end_s=-25 * 3600 - 10)))],
    "the future to the last second": [write(series(point(end_s=300)))],
    "a gauge with its end for a start": [write(series(point(end_s=-5, start_s=-5)))],
    "a counter of one millisecond": [write(counter(1, start_s=-0.001, end_s=0))],
    "a start long ago": [write(counter(1, start_s=-90 * 86_400, end_s=0))],
    "five seconds apart": [write(series(point(end_s=-5))), write(series(point(end_s=0)))],
    "a reset one millisecond later": [
        write(counter(9, start_s=-60, end_s=-30)),
        write(counter(1, start_s=-29.999, end_s=-20)),
    ],
    "a counter that falls without a reset": [
        write(counter(9, start_s=-60, end_s=-30)),
        write(counter(8, start_s=-60, end_s=-20)),
    ],
    "deltas end to end": [
        write(series(point(1, start_s=a, end_s=b), metric=PROMETHEUS, kind="DELTA"))
        for a, b in ((-60, -30), (-29.999, -20))
    ],
    "an empty histogram": [write(histogram(mean=0.0))],
    "fewer counts than buckets": [write(histogram(3))],
    "two hundred buckets": [write(histogram(1, bounds=[float(n) for n in range(199)]))],
    "a distribution without buckets": [write(histogram(count=3, bounds=None))],
    "exemplars of one value": [write(with_exemplars((1.0, ("a.B", "a.C")), (1.0, ("a.B",))))],
    "a kind that is not said": [
        describe(kind="CUMULATIVE"),
        write(series(point(1, start_s=-9), kind="METRIC_KIND_UNSPECIFIED")),
    ],
    "a descriptor made again": [describe(), describe(labels=[{"key": "a"}])],
}


@pytest.mark.parametrize("requests", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_what_just_keeps_the_rules_is_taken(requests):
    """On the very edge of a rule nothing is refused and no breach is counted (D05)."""
    desk = Desk()

    for request in requests:
        made = hasattr(request, "metric_descriptor")
        desk.call("CreateMetricDescriptor" if made else "CreateTimeSeries", request)

    assert not desk.rules.breaches


def test_a_metric_that_nobody_described_is_described_by_its_first_point():
    """What a point says of its metric is what the descriptor says, a gauge if it says nothing."""
    desk = Desk()

    desk.call(
        "CreateTimeSeries",
        write(series(kind="METRIC_KIND_UNSPECIFIED", labels={"a": "b"}, unit="{lesson}")),
    )

    (made,) = desk.monitoring.descriptors()
    kinds = (made.MetricKind.Name(made.metric_kind), made.ValueType.Name(made.value_type))
    assert kinds == ("GAUGE", "INT64")
    assert made.name == f"projects/school/metricDescriptors/{METRIC}"
    assert (made.unit, [label.key for label in made.labels]) == ("{lesson}", ["a"])
    assert made.description == "Auto-created custom metric."


def test_a_refused_point_leaves_no_descriptor_and_no_series():
    """A type that was never taken is not known afterwards."""
    desk = Desk()

    problems = desk.monitoring.write("school", [series(point(end_s=400))])

    assert [problem.index for problem in problems] == [0]
    assert desk.monitoring.descriptors() == []
    assert desk.monitoring.series() == []


def test_labels_are_never_taken_from_a_descriptor():
    """Made again with fewer labels, a descriptor keeps those that it had, and takes new texts."""
    desk = Desk()
    desk.call("CreateMetricDescriptor", describe(labels=[{"key": "a"}, {"key": "b"}]))

    made = desk.call("CreateMetricDescriptor", describe(labels=[{"key": "c"}]))

    assert [label.key for label in made.labels] == ["c", "a", "b"]


def test_a_full_shelf_drops_the_stalest_series_and_says_so():
    """The store is bounded, what it lets go is counted, and totals still hold (D05)."""
    desk = Desk()
    shelf = desk.monitoring.shelf
    writers = 20_010

    for first in range(0, writers, 200):
        desk.clock.set_wall(START_NS + first * NS // 100)
        batch = [
            counter(1, start_s=-60, end_s=0, resource_labels={**TASK, "task_id": str(number)})
            for number in range(first, min(first + 200, writers))
        ]
        desk.call("CreateTimeSeries", write(*batch))

    assert len(shelf) == 20_000
    assert shelf.series_dropped == 10
    assert desk.monitoring.total(METRIC) == writers
