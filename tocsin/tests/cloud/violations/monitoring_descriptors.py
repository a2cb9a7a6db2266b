"""What breaks the rules of descriptors and of lists in Cloud Monitoring."""

from cloud.violations.kind import Desk, Gives, Refused, Violation
from cloud.violations.monitoring_shapes import (
    IN_PART,
    INVALID,
    MANY,
    METRIC,
    START_NS,
    ask,
    describe,
    point,
    series,
    write,
    writes,
)

from tocsin.rehearsal.cloud.monitoring.shelf import SeriesName, StoredPoint


def many_descriptors(desk: Desk):
    for number in range(10_001):
        desk.call("CreateMetricDescriptor", describe(f"custom.googleapis.com/x/{number}"))


def one_page(desk: Desk):
    desk.call("CreateTimeSeries", write(series()))
    for number in range(401):
        name = SeriesName("school", METRIC, (("n", str(number)),), "global", ())
        for second in range(250):
            stored = StoredPoint(0, START_NS + second * 10**9, 1)
            desk.monitoring.shelf.add(name, "GAUGE", "INT64", stored)
    answer = desk.call("ListTimeSeries", ask(page_size=1_000_000))
    return sum(len(one.points) for one in answer.time_series)


def asks(request, *before):
    def does(desk: Desk):
        writes(*before)(desk)
        return desk.call("ListTimeSeries", request)

    return does


DESCRIPTORS = [
    Violation(
        "monitoring.descriptor.kind",
        writes(write(series(point(start_s=-60), kind="DELTA"))),
        IN_PART("the metric kind is not supported for custom metrics."),
    ),
    Violation(
        "monitoring.descriptor.kind",
        writes(describe(kind="METRIC_KIND_UNSPECIFIED")),
        INVALID("the metric kind is not supported for custom metrics."),
    ),
    Violation(
        "monitoring.descriptor.value_type",
        writes(write(series(point("x", field="string_value")))),
        IN_PART(
            'Field metricDescriptor.valueType had an invalid value of "STRING": When creating '
            f"metric {METRIC}: the value type is not supported for custom metrics.: timeSeries[0]"
        ),
    ),
    Violation(
        "monitoring.descriptor.value_type",
        writes(describe(value_type="MONEY")),
        INVALID("the value type is not supported for custom metrics."),
    ),
    Violation(
        "monitoring.descriptor.bool",
        writes(describe(kind="CUMULATIVE", value_type="BOOL")),
        INVALID("a value type of BOOL goes with GAUGE only."),
    ),
    Violation(
        "monitoring.descriptor.labels",
        writes(describe(labels=[{"key": key} for key in MANY])),
        INVALID(
            f"Field labels had an invalid value: When creating metric {METRIC}: the metric has "
            "more than 30 labels."
        ),
    ),
    Violation(
        "monitoring.descriptor.label_twice",
        writes(describe(labels=[{"key": "a"}, {"key": "a"}])),
        INVALID("the metric has a label twice."),
    ),
    Violation(
        "monitoring.descriptor.label_type",
        writes(describe("workload.googleapis.com/x", labels=[{"key": "a", "value_type": "INT64"}])),
        INVALID(
            'Field labels[0].valueType had an invalid value of "INT64": Metric labels for this '
            "user-defined metric are required to be of type 'STRING': workload.googleapis.com"
        ),
    ),
    Violation(
        "monitoring.descriptor.conflict",
        writes(describe(), describe(kind="CUMULATIVE")),
        Refused(
            "ALREADY_EXISTS",
            f"Errors during metric descriptor creation: {{(metric: {METRIC}, error: The metric "
            "already exists.)}.",
        ),
    ),
    Violation(
        "monitoring.descriptor.cap",
        many_descriptors,
        Refused("RESOURCE_EXHAUSTED", "a project has at most 10000 descriptors"),
    ),
]

LISTS = [
    Violation(
        "monitoring.list.metric",
        asks(ask(filter='resource.type = "global"')),
        INVALID("it must specify a single metric type."),
    ),
    Violation(
        "monitoring.list.metric",
        asks(ask(filter='metric.type = starts_with("custom.googleapis.com/")')),
        INVALID("it must specify a single metric type."),
    ),
    Violation(
        "monitoring.list.unknown",
        asks(ask()),
        INVALID("The provided filter doesn't refer to any known metric."),
    ),
    Violation(
        "monitoring.list.order",
        asks(ask(order_by="time"), write(series())),
        INVALID('Field order_by had an invalid value of "time"'),
    ),
    Violation(
        "monitoring.list.interval",
        asks(ask(start_s=1, end_s=0), write(series())),
        INVALID("Field interval had an invalid value"),
    ),
    Violation("monitoring.list.page", one_page, Gives(100_000)),
]
