"""Google's own OpenTelemetry exporter of metrics, deprecated and much used, against the cloud."""

import time

import grpc
import pytest
from google.cloud.monitoring_v3 import MetricServiceClient
from google.cloud.monitoring_v3.services.metric_service.transports import (
    MetricServiceGrpcTransport,
)
from opentelemetry.exporter.cloud_monitoring import CloudMonitoringMetricsExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
from opentelemetry.sdk.resources import Resource

pytestmark = [
    pytest.mark.servers,
    # It is deprecated for OTLP, whose exporters are tested beside this.
    pytest.mark.filterwarnings("ignore:CloudMonitoringMetricsExporter is deprecated"),
]

WHO = Resource(
    {
        "service.name": "api",
        "service.namespace": "lessons",
        "service.instance.id": "i-1",
        "cloud.region": "europe-west1",
    }
)
LESSONS = "workload.googleapis.com/lessons"


@pytest.fixture
def channel(cloud):
    with grpc.insecure_channel(cloud.grpc_address) as opened:
        yield opened


@pytest.fixture
def exporter(channel):
    """Google's exporter of metrics, with Google's client at the cloud's door."""
    client = MetricServiceClient(transport=MetricServiceGrpcTransport(channel=channel))
    return CloudMonitoringMetricsExporter(project_id="school", client=client)


@pytest.fixture
def reader():
    return InMemoryMetricReader()


@pytest.fixture
def meter(reader):
    provider = MeterProvider([reader], resource=WHO, shutdown_on_exit=False)
    yield provider.get_meter("tests")
    provider.shutdown()


def exported(exporter, reader):
    # Google tells start from end by the millisecond; a point without length is none.
    time.sleep(0.003)
    return exporter.export(reader.get_metrics_data())


def test_its_counters_and_histograms_are_taken(cloud, exporter, meter, reader):
    """Kinds, values, buckets and the mapped resource are those that Google would show."""
    meter.create_counter("lessons").add(3, {"subject": "physics"})
    meter.create_histogram("wait", unit="s").record(0.2)

    result = exported(exporter, reader)

    (lessons,) = cloud.monitoring.series(LESSONS)
    (wait,) = cloud.monitoring.series("workload.googleapis.com/wait")
    assert result is MetricExportResult.SUCCESS
    assert (lessons.kind, lessons.value_type, lessons.points[0].value) == ("CUMULATIVE", "INT64", 3)
    assert lessons.metric_labels == {"subject": "physics"}
    assert (lessons.resource_type, lessons.resource_labels["task_id"]) == ("generic_task", "i-1")
    assert (wait.value_type, wait.points[0].value.count) == ("DISTRIBUTION", 1)
    assert cloud.world.rules.breaches == {}


def test_its_second_export_within_five_seconds_is_refused(cloud, exporter, meter, reader, caplog):
    """The fault that its users know: a flush right after an export fails, and says so (D05)."""
    counter = meter.create_counter("lessons")
    counter.add(1)
    first = exported(exporter, reader)
    counter.add(1)

    second = exported(exporter, reader)

    assert (first, second) == (MetricExportResult.SUCCESS, MetricExportResult.FAILURE)
    assert cloud.world.rules.breaches == {"monitoring.order.sampling": 1}
    assert cloud.monitoring.total(LESSONS) == 1
    assert "more frequently than the maximum sampling period" in caplog.text


def test_what_it_loses_after_a_failing_batch_is_seen(cloud, exporter, meter, reader):
    """Its first batch fails and the second is never sent: what ours must not do (behaviour 5)."""
    counter = meter.create_counter("lessons")
    for number in range(300):
        counter.add(1, {"number": number})

    with cloud.faults.ask("internal", on="CreateTimeSeries", times=1) as fault:
        result = exported(exporter, reader)

    assert fault.happened == 1
    assert result is MetricExportResult.FAILURE
    assert cloud.monitoring.total(LESSONS) == 0
