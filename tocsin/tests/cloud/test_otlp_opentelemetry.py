"""OpenTelemetry's own SDK and exporters, unchanged, against the cloud: gRPC, protobuf and JSON."""

import time

import httpx
import pytest
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.metrics import Observation
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import (
    ExplicitBucketHistogramAggregation,
    ExponentialBucketHistogramAggregation,
    View,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import StatusCode

pytestmark = pytest.mark.servers

WHO = Resource(
    {
        "gcp.project_id": "school",
        "service.name": "api",
        "service.namespace": "lessons",
        "service.instance.id": "i-1",
        "cloud.platform": "gcp_cloud_run",
        "cloud.region": "europe-west1",
    }
)
DOMAIN = "prometheus.googleapis.com/"
WARNING = 400


@pytest.fixture(params=["grpc", "http"])
def exporters(request, cloud):
    """Spans', metrics' and logs' exporters of one road; HTTP's packed with gzip."""
    if request.param == "grpc":
        address = f"http://{cloud.grpc_address}"
        return GrpcSpans(address), GrpcMetrics(address), GrpcLogs(address)
    return tuple(
        kind(endpoint=f"{cloud.http_url}/v1/{path}", compression=Compression.Gzip)
        for kind, path in ((HttpSpans, "traces"), (HttpMetrics, "metrics"), (HttpLogs, "logs"))
    )


def measured(exporter, work, *views):
    """Let ``work`` use a meter, then export once."""
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider([reader], resource=WHO, views=views, shutdown_on_exit=False)
    work(provider.get_meter("tests"))
    # Google tells start from end by the millisecond; a point without length is none.
    time.sleep(0.003)
    provider.shutdown()


def the_series(cloud, name):
    (one,) = cloud.monitoring.series(DOMAIN + name)
    return one


def broken(cloud):
    """Breaches, but of the rules that merely change what they meet."""
    changes = {"otlp.resource.target_info", "otlp.metric.double"}
    return set(cloud.world.rules.breaches) - changes


def test_the_sdks_metrics_become_googles(cloud, exporters):
    """Counter, up-down counter, gauge and histogram become the types that Google gives (D03)."""

    def work(meter):
        meter.create_counter("http.requests").add(3, {"http.route": "/lessons"})
        meter.create_up_down_counter("queue_items").add(-2)
        meter.create_observable_gauge("load", [lambda _: [Observation(0.5)]])
        waits = meter.create_histogram("wait_seconds", unit="s")
        for wait in (0.05, 0.2, 3.0):
            waits.record(wait)

    buckets = ExplicitBucketHistogramAggregation([0.1, 1.0])
    measured(exporters[1], work, View(instrument_name="wait_seconds", aggregation=buckets))

    requests = the_series(cloud, "http.requests/counter")
    waits = the_series(cloud, "wait_seconds/histogram")
    assert (requests.kind, requests.value_type) == ("CUMULATIVE", "DOUBLE")
    assert requests.metric_labels == {"http.route": "/lessons"}
    assert requests.points[0].value == 3.0
    assert requests.resource_labels == {
        "project_id": "school",
        "location": "europe-west1",
        "cluster": "__run__",
        "namespace": "lessons",
        "job": "lessons/api",
        "instance": "i-1",
    }
    assert the_series(cloud, "queue_items/gauge").points[0].value == -2.0
    assert the_series(cloud, "load/gauge").points[0].value == 0.5
    assert list(waits.points[0].value.bucket_counts) == [1, 1, 1]
    assert (waits.kind, waits.unit) == ("CUMULATIVE", "s")
    assert broken(cloud) == set()


def test_an_exponential_histogram_keeps_its_buckets(cloud, exporters):
    """Every measurement is found in a bucket whose bounds hold it."""
    values = [0.25, 1.0, 1.5, 7.0, 7.5]

    def work(meter):
        for value in values:
            meter.create_histogram("size_bytes").record(value)

    view = View(instrument_name="size_bytes", aggregation=ExponentialBucketHistogramAggregation())
    measured(exporters[1], work, view)

    (point,) = the_series(cloud, "size_bytes/histogram").points
    buckets = point.value.bucket_options.exponential_buckets
    bounds = [
        buckets.scale * buckets.growth_factor**at for at in range(buckets.num_finite_buckets + 1)
    ]
    counts = list(point.value.bucket_counts)[1:]
    for at, counted in enumerate(counts):
        held = [v for v in values if bounds[at] * 0.999 < v <= bounds[at + 1] * 1.001]
        assert counted <= len(held)
    assert sum(counts) == point.value.count == 5
    assert broken(cloud) == set()


def test_a_name_that_google_rejects_is_lost_alone(cloud, exporters):
    """Of two metrics the one whose name Google does not take is left out, the other is there."""

    def work(meter):
        meter.create_counter("fine").add(1)
        meter.create_counter("sad").add(1, {"white space": "x"})

    measured(exporters[1], work)

    assert the_series(cloud, "fine/counter").points[0].value == 1.0
    assert cloud.monitoring.series(f"{DOMAIN}sad/counter") == []
    assert broken(cloud) == {"otlp.metric.attribute"}


def test_a_metric_of_another_domain_keeps_it(cloud, exporters):
    """What is called after `workload.googleapis.com/` already stays there."""
    name = "workload.googleapis.com/lessons"

    measured(exporters[1], lambda meter: meter.create_counter(name).add(1))

    assert cloud.monitoring.total(name) == 1


def test_the_sdks_spans_are_kept_with_kind_status_and_events(cloud, exporters):
    """A trace is read back as it was made: parent, kind, status, events, attributes."""
    provider = TracerProvider(resource=WHO, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporters[0]))
    tracer = provider.get_tracer("tests")
    with tracer.start_as_current_span("lesson") as root:
        with tracer.start_as_current_span("script", attributes={"words": 250}) as span:
            span.add_event("draft", {"number": 1})
            span.set_status(StatusCode.ERROR, "too long")
        trace_id = f"{root.get_span_context().trace_id:032x}"
    provider.shutdown()

    spans = {span.name: span for span in cloud.traces.spans(trace_id)}

    assert spans["script"].parent_id == spans["lesson"].span_id
    assert spans["script"].attributes == {"words": 250}
    assert (spans["script"].status, spans["script"].status_message) == ("ERROR", "too long")
    assert [event.name for event in spans["script"].events] == ["draft"]
    assert (spans["lesson"].service, spans["lesson"].project) == ("api", "school")
    assert broken(cloud) == set()


def test_the_sdks_log_records_become_entries(cloud, exporters):
    """A log record is an entry with severity, text, labels, resource and trace."""
    provider = LoggerProvider(resource=WHO, shutdown_on_exit=False)
    processor: LogRecordProcessor = SimpleLogRecordProcessor(exporters[2])
    provider.add_log_record_processor(processor)
    provider.get_logger("tests").emit(
        timestamp=time.time_ns(),
        severity_number=SeverityNumber.WARN,
        body="the queue is long",
        attributes={"items": 9, "gcp.log_name": "lessons"},
    )
    provider.shutdown()

    (entry,) = cloud.logs.entries("lessons", "school")

    assert (entry.text_payload, entry.severity) == ("the queue is long", WARNING)
    assert dict(entry.labels) == {"items": "9"}
    assert entry.resource.type == "generic_task"
    assert dict(entry.resource.labels)["task_id"] == "i-1"
    assert broken(cloud) == set()


def test_json_has_its_ids_in_hexadecimal(cloud):
    """A JSON body of OTLP's own form is taken, and an error answered in JSON."""
    now_ns = time.time_ns()
    resource = {"attributes": [{"key": "gcp.project_id", "value": {"stringValue": "school"}}]}
    span = {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": "eee19b7ec3c1b174",
        "parentSpanId": "eee19b7ec3c1b173",
        "name": "lesson",
        "kind": 2,
        "startTimeUnixNano": str(now_ns),
        "endTimeUnixNano": str(now_ns + 1),
    }
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}

    with httpx.Client(base_url=cloud.http_url, trust_env=False) as http:
        taken = http.post("/v1/traces", json=body)
        body["resourceSpans"][0]["resource"] = {}
        refused = http.post("/v1/traces", json=body)
        binary = http.post(
            "/v1/traces",
            content=ExportTraceServiceRequest().SerializeToString(),
            headers={"content-type": "application/x-protobuf"},
        )

    (kept,) = cloud.traces.spans("5b8efff798038103d269b633813fc60c")
    assert taken.status_code == binary.status_code == 200
    assert (kept.span_id, kept.parent_id, kept.kind) == (
        "eee19b7ec3c1b174",
        "eee19b7ec3c1b173",
        "SERVER",
    )
    assert refused.status_code == 400
    assert "gcp.project_id" in refused.json()["error"]["message"]
