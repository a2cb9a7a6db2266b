"""What breaks each rule of Cloud Monitoring, and what Google says to it."""

from cloud.violations.kind import Refused, Violation
from cloud.violations.monitoring_descriptors import DESCRIPTORS, LISTS
from cloud.violations.monitoring_distributions import DISTRIBUTIONS
from cloud.violations.monitoring_shapes import (
    IN_PART,
    INVALID,
    MANY,
    METRIC,
    PARTLY,
    TASK,
    counter,
    describe,
    point,
    series,
    write,
    writes,
)
from google.cloud.monitoring_v3 import types

NO_VALUE = types.Point.pb()(interval=point().interval)
NO_END = types.Point.pb()(value={"int64_value": 1})
PROMETHEUS = "prometheus.googleapis.com/x/counter"

REQUESTS = [
    Violation(
        "monitoring.request.project",
        writes(write(series(), name="school")),
        INVALID('Field name had an invalid value of "school"'),
    ),
    Violation(
        "monitoring.request.empty",
        writes(write()),
        INVALID("Request was missing field timeSeries."),
    ),
    Violation(
        "monitoring.series.cap",
        writes(write(*(series(labels={"n": str(number)}) for number in range(201)))),
        INVALID(
            "Field timeSeries had an invalid value: A maximum of 200 TimeSeries can be written "
            "in a single request."
        ),
    ),
    Violation(
        "monitoring.series.one_point",
        writes(write(series(point(end_s=-10), point()))),
        IN_PART("this one has 2.: timeSeries[0]"),
    ),
    Violation(
        "monitoring.series.duplicate",
        writes(write(series(point(end_s=-10)), series(labels={"a": "b"}), series(point()))),
        IN_PART(
            PARTLY + "Field timeSeries[2] had an invalid value: Duplicate TimeSeries encountered. "
            "Only one point can be written per TimeSeries per request.: timeSeries[2]"
        ),
    ),
    Violation(
        "monitoring.series.kind",
        writes(
            write(counter(1, start_s=-60, end_s=-30)),
            write(series(point(2, start_s=-60), kind="GAUGE")),
        ),
        IN_PART(
            f"{PARTLY}Metric kind for metric {METRIC} must be CUMULATIVE, but is GAUGE."
            ": timeSeries[0]"
        ),
    ),
    Violation(
        "monitoring.series.value_type",
        writes(write(series(point(1, end_s=-30))), write(series(point(1.5, field="double_value")))),
        IN_PART(
            f"{PARTLY}Value type for metric {METRIC} must be INT64, but is DOUBLE.: timeSeries[0]"
        ),
    ),
    Violation(
        "monitoring.series.declared_type",
        writes(write(series(value_type="DOUBLE"))),
        IN_PART('Field timeSeries[0].valueType had an invalid value of "DOUBLE"'),
    ),
]

NAMES = [
    Violation(
        "monitoring.metric.form",
        writes(write(series(metric="external.googleapis.com/prometheus/go:errors"))),
        IN_PART(
            PARTLY + "Field timeSeries[0].metric.type had an invalid value of "
            '"external.googleapis.com/prometheus/go:errors": The metric type must be a '
            "URL-formatted string with a domain and non-empty path.: timeSeries[0]"
        ),
    ),
    Violation(
        "monitoring.metric.form",
        writes(describe("requests_total")),
        INVALID("The metric type must be a URL-formatted string with a domain and non-empty path."),
    ),
    Violation(
        "monitoring.metric.domain",
        writes(write(series(metric="compute.googleapis.com/instance/cpu"))),
        IN_PART("Metrics of compute.googleapis.com cannot be written by users."),
    ),
    Violation(
        "monitoring.metric.domain",
        writes(describe("compute.googleapis.com/instance/cpu")),
        INVALID("Metrics of compute.googleapis.com cannot be made by users."),
    ),
    Violation(
        "monitoring.label.key",
        writes(write(series(labels={"http.scheme": "https"}))),
        IN_PART(
            PARTLY + 'Field timeSeries[0].metric.labels had an invalid value of "http.scheme": '
            "Label key contains invalid characters.: timeSeries[0]"
        ),
    ),
    Violation(
        "monitoring.label.key",
        writes(describe(labels=[{"key": "foo/bar"}])),
        INVALID(
            'Field metricDescriptor.labels[0].key had an invalid value of "foo/bar": '
            "Label key contains invalid characters."
        ),
    ),
    Violation(
        "monitoring.label.key_length",
        writes(write(series(labels={"k" * 101: "x"}))),
        IN_PART("Label key is longer than 100 characters."),
    ),
    Violation(
        "monitoring.label.key_length",
        writes(describe(labels=[{"key": "k" * 101}])),
        INVALID("Field labels[0].key had an invalid value"),
    ),
    Violation(
        "monitoring.label.value_length",
        writes(write(series(labels={"k": "x" * 1025}))),
        IN_PART("Label value is longer than 1024 characters."),
    ),
    Violation(
        "monitoring.label.count",
        writes(write(series(labels=MANY))),
        IN_PART(
            f"{PARTLY}The new labels would cause the metric {METRIC} to have over 30 labels."
            ": timeSeries[0]"
        ),
    ),
    Violation(
        "monitoring.label.count",
        writes(
            write(series(labels=dict(list(MANY.items())[:30]))), write(series(labels={"one": "x"}))
        ),
        IN_PART("to have over 30 labels."),
    ),
    Violation(
        "monitoring.resource.type",
        writes(write(series(resource="desk"))),
        IN_PART(PARTLY + "Unrecognized resource type: desk.: timeSeries[0]"),
    ),
    Violation(
        "monitoring.resource.label_unknown",
        writes(write(series(resource_labels={**TASK, "pod_id": "p"}))),
        IN_PART(PARTLY + "Unrecognized resource label: pod_id: timeSeries[0]"),
    ),
    Violation(
        "monitoring.resource.label_missing",
        writes(write(series(resource_labels={"location": "global", "job": "api"}))),
        IN_PART(
            PARTLY + "The set of resource labels is incomplete. Missing labels: "
            "(namespace task_id).: timeSeries[0]"
        ),
    ),
    Violation(
        "monitoring.resource.location",
        writes(write(series(resource_labels={**TASK, "location": "desk"}))),
        IN_PART(PARTLY + "Unrecognized region or location.: timeSeries[0]"),
    ),
]

POINTS = [
    Violation(
        "monitoring.point.value",
        writes(write(series(NO_VALUE))),
        IN_PART("Field timeSeries[0].points[0].value had an invalid value"),
    ),
    Violation("monitoring.point.end", writes(write(series(NO_END))), IN_PART("has an end time")),
    Violation(
        "monitoring.point.past",
        writes(write(series(point(end_s=-25 * 3600 - 11)))),
        IN_PART(
            "Field timeSeries[0].points[0].interval.end_time had an invalid value of "
            '"2025-12-30T15:59:49-07:00": Data points cannot be written more than approximately '
            "24 hours in the past, specifically no more than 25h10s in the past. Your data point "
            "is 25h11s before the present time, which is too far in the past.: timeSeries[0]"
        ),
    ),
    Violation(
        "monitoring.point.future",
        writes(write(series(point(end_s=301)))),
        IN_PART("Data points cannot be written more than 5m in the future."),
    ),
    Violation(
        "monitoring.interval.gauge",
        writes(write(series(point(start_s=-60)))),
        IN_PART(
            "Field timeSeries[0].points[0].interval.start_time had an invalid value of "
            '"2025-12-31T16:59:00-07:00": The start time must be equal to the end time '
            f"(2025-12-31T17:00:00-07:00) for the gauge metric '{METRIC}'.: timeSeries[0]"
        ),
    ),
    Violation(
        "monitoring.interval.span",
        writes(write(series(kind="CUMULATIVE"))),
        IN_PART(
            "Field timeSeries[0].points[0].interval.start_time had an invalid value of "
            '"2025-12-31T17:00:00-07:00": The start time must be before the end time '
            f"(2025-12-31T17:00:00-07:00) for the non-gauge metric '{METRIC}'.: timeSeries[0]"
        ),
    ),
    Violation(
        "monitoring.order.start",
        writes(
            write(counter(5, start_s=-60, end_s=-30)), write(counter(6, start_s=-61, end_s=-20))
        ),
        IN_PART(
            PARTLY + "Points must be written in order. One or more of the points specified had "
            "an older start time than the most recent point.: timeSeries[0]"
        ),
    ),
    Violation(
        "monitoring.order.start",
        writes(
            write(counter(5, start_s=-60, end_s=-30)), write(counter(1, start_s=-59, end_s=-31))
        ),
        IN_PART("older start time"),
    ),
    Violation(
        "monitoring.order.start",
        writes(
            write(counter(5, start_s=-60, end_s=-30)), write(counter(1, start_s=-40, end_s=-30))
        ),
        IN_PART("older start time"),
    ),
    Violation(
        "monitoring.order.reset",
        writes(
            write(counter(5, start_s=-60, end_s=-30)), write(counter(1, start_s=-30, end_s=-20))
        ),
        IN_PART("at least a millisecond after the end time"),
    ),
    Violation(
        "monitoring.order.delta",
        writes(
            *(
                write(
                    series(point(1, start_s=start_s, end_s=end_s), metric=PROMETHEUS, kind="DELTA")
                )
                for start_s, end_s in ((-60, -30), (-30, -20))
            )
        ),
        IN_PART("A delta must start at least a millisecond after"),
    ),
    Violation(
        "monitoring.order.end",
        writes(write(series(point(end_s=-10))), write(series(point(end_s=-20)))),
        IN_PART(
            PARTLY + "Points must be written in order. One or more of the points specified had "
            "an older end time than the most recent point.: timeSeries[0]"
        ),
    ),
    Violation(
        "monitoring.order.sampling",
        writes(write(series(point(end_s=-10))), write(series(point(end_s=-5.001)))),
        Refused(
            "INVALID_ARGUMENT",
            PARTLY + "One or more points were written more frequently than the maximum sampling "
            "period configured for the metric.: timeSeries[0]",
            inner=(9,),
        ),
    ),
    Violation(
        "monitoring.order.sampling",
        writes(write(series()), write(series())),
        Refused("INVALID_ARGUMENT", "more frequently", inner=(9,)),
        why="the same point again, as after an answer that was lost",
    ),
]

VIOLATIONS = [*REQUESTS, *NAMES, *POINTS, *DISTRIBUTIONS, *DESCRIPTORS, *LISTS]
