"""What the Telemetry API refuses, changes and adds, one act for each rule."""

from cloud.violations.kind import Gives, Refused, Violation
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

NOW_NS = 1_767_225_600_000_000_000  # the hand clock's first moment
WHO = {
    "gcp.project_id": "school",
    "service.name": "api",
    "service.instance.id": "i-1",
    "cloud.region": "europe-west1",
}
CUMULATIVE, DELTA = 2, 1
METRICS = "opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
SPANS = "opentelemetry.proto.collector.trace.v1.TraceService/Export"


def describe(resource, told):
    for key, value in told.items():
        resource.attributes.add(key=key).value.string_value = value


def gauge(name="queue_items", *, key="", whole=False, points=1):
    """A gauge, its points apart by their labels."""
    metric = Metric(name=name)
    for number in range(points):
        point = metric.gauge.data_points.add(time_unix_nano=NOW_NS)
        if whole:
            point.as_int = 3
        else:
            point.as_double = 3.0
        if key:
            point.attributes.add(key=key).value.string_value = "x"
        if points > 1:
            point.attributes.add(key="number").value.string_value = str(number)
    return metric


def total(name="orders_total", *, how=CUMULATIVE, monotonic=True):
    """A sum of two."""
    metric = Metric(name=name)
    metric.sum.aggregation_temporality = how
    metric.sum.is_monotonic = monotonic
    metric.sum.data_points.add(
        time_unix_nano=NOW_NS, start_time_unix_nano=NOW_NS - 10**9, as_double=2.0
    )
    return metric


def summary(quantiles):
    """A summary of that many quantiles."""
    metric = Metric(name="wait_seconds")
    point = metric.summary.data_points.add(
        time_unix_nano=NOW_NS, start_time_unix_nano=NOW_NS - 10**9, count=2, sum=3.0
    )
    for number in range(quantiles):
        point.quantile_values.add(quantile=number / 100, value=1.0)
    return metric


def request(*metrics, who=None, resources=1):
    """A request of these metrics; more resources than one are empty."""
    made = ExportMetricsServiceRequest()
    for number in range(resources):
        group = made.resource_metrics.add()
        describe(group.resource, WHO if who is None else who)
        if not number:
            group.scope_metrics.add().metrics.extend(metrics)
    return made


def span_request(*, trace_id=b"t" * 16, span_id=b"s" * 8, who=None):
    """A request of one span."""
    made = ExportTraceServiceRequest()
    group = made.resource_spans.add()
    describe(group.resource, WHO if who is None else who)
    group.scope_spans.add().spans.add(
        trace_id=trace_id,
        span_id=span_id,
        name="GET /lessons",
        start_time_unix_nano=NOW_NS,
        end_time_unix_nano=NOW_NS + 1,
    )
    return made


def sends(made, method=METRICS):
    """Export it; what was refused in part, and why."""

    def act(desk):
        partial = desk.call(method, made).partial_success
        rejected = getattr(partial, "rejected_data_points", None)
        if rejected is None:
            rejected = partial.rejected_spans
        return rejected, partial.error_message

    return act


def kept(made, metric_type):
    """Export it; how many series of that type there are then, and what they hold."""

    def act(desk):
        desk.call(METRICS, made)
        found = desk.monitoring.series(metric_type)
        return [(one.value_type, one.points[-1].value) for one in found]

    return act


def rejected(count, message):
    return Gives((count, message))


VIOLATIONS = [
    Violation(
        "otlp.resource.project",
        sends(request(gauge(), who={"service.name": "api", "location": "global"})),
        Refused("INVALID_ARGUMENT", "gcp.project_id"),
    ),
    Violation(
        "otlp.resource.project",
        sends(span_request(who={"service.name": "api"}), SPANS),
        Refused("INVALID_ARGUMENT", "gcp.project_id"),
    ),
    Violation(
        "otlp.metrics.points",
        sends(request(gauge(points=201))),
        Refused("INVALID_ARGUMENT", "200 data points; this one has 201"),
    ),
    Violation(
        "otlp.metrics.resources",
        sends(request(gauge(), resources=201)),
        Refused("INVALID_ARGUMENT", "200 ResourceMetrics; this one has 201"),
    ),
    Violation(
        "otlp.metric.name",
        sends(request(gauge("2_many"), gauge("fine"))),
        rejected(1, 'Metric name "2_many" must match [a-zA-Z][a-zA-Z0-9_:./-]*.'),
    ),
    Violation(
        "otlp.metric.attribute",
        sends(request(gauge(key="a-b"), gauge("fine", key="a.b"))),
        rejected(1, 'Attribute key "a-b" of "queue_items" must match [a-zA-Z_][a-zA-Z0-9_.]*.'),
    ),
    Violation(
        "otlp.metric.delta",
        sends(request(total(how=DELTA, monotonic=False))),
        rejected(1, 'Metric "orders_total" is a delta sum that is not monotonic.'),
    ),
    Violation(
        "otlp.metric.temporality",
        sends(request(total(how=0))),
        rejected(1, 'Metric "orders_total" has no aggregation temporality.'),
    ),
    Violation(
        "otlp.metric.quantiles",
        sends(request(summary(11))),
        rejected(1, 'Summary "wait_seconds" has more than 10 quantiles.'),
    ),
    Violation(
        "otlp.metric.double",
        kept(request(gauge(whole=True)), "prometheus.googleapis.com/queue_items/gauge"),
        Gives([("DOUBLE", 3.0)]),
    ),
    Violation(
        "otlp.resource.target_info",
        kept(request(gauge()), "prometheus.googleapis.com/target_info/gauge"),
        Gives([("DOUBLE", 1.0)]),
    ),
    Violation(
        "otlp.span.trace_id",
        sends(span_request(trace_id=bytes(16)), SPANS),
        rejected(1, "A trace id is 16 bytes, not all zero."),
    ),
    Violation(
        "otlp.span.span_id",
        sends(span_request(span_id=b"short"), SPANS),
        rejected(1, "A span id is 8 bytes, not all zero."),
    ),
]
