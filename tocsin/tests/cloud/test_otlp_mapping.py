"""What the Telemetry API makes of OTLP, up to the edge of each of its rules."""

import pytest
from cloud.violations.kind import Desk
from cloud.violations.otlp import DELTA, METRICS, NOW_NS, WHO, gauge, request, summary, total
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from tocsin.rehearsal.cloud.otlp.resources import target

DOMAIN = "prometheus.googleapis.com/"


@pytest.fixture
def desk():
    return Desk()


def stored(desk):
    """Types and kinds on the shelf, but for what the resource is told by."""
    return {
        (one.metric_type.removeprefix(DOMAIN), one.kind)
        for one in desk.monitoring.series()
        if "target_info" not in one.metric_type
    }


def broken(desk):
    return set(desk.rules.breaches) - {"otlp.resource.target_info"}


@pytest.mark.parametrize(
    "made",
    [
        request(gauge(points=200)),
        request(gauge(), resources=200),
        request(summary(10)),
        request(gauge("a1_B:c./-d", key="_a.b_1")),
    ],
    ids=["200 points", "200 resources", "10 quantiles", "names"],
)
def test_what_just_keeps_a_rule_is_taken(desk, made):
    """The last number, the last character that Google allows is allowed here."""
    answer = desk.call(METRICS, made)

    assert answer.partial_success.rejected_data_points == 0
    assert broken(desk) == set()


def test_deltas_stay_deltas(desk):
    """Monotonic sums and histograms of deltas have types of their own."""
    histogram = Metric(name="wait_seconds")
    histogram.histogram.aggregation_temporality = DELTA
    histogram.histogram.data_points.add(
        time_unix_nano=NOW_NS,
        start_time_unix_nano=NOW_NS - 10**9,
        count=2,
        sum=3.0,
        bucket_counts=[1, 1],
        explicit_bounds=[1.0],
    )

    desk.call(METRICS, request(total(how=DELTA), histogram))

    assert stored(desk) == {
        ("orders_total/delta", "DELTA"),
        ("wait_seconds/histogram:delta", "DELTA"),
    }
    assert broken(desk) == set()


def test_a_summary_is_its_sum_its_count_and_its_quantiles(desk):
    """Each part is a series, and the quantile is a label."""
    desk.call(METRICS, request(summary(2)))

    assert stored(desk) == {
        ("wait_seconds_sum/summary:counter", "CUMULATIVE"),
        ("wait_seconds_count/summary", "CUMULATIVE"),
        ("wait_seconds/summary", "GAUGE"),
    }
    quantiles = desk.monitoring.series(f"{DOMAIN}wait_seconds/summary")
    assert {one.metric_labels["quantile"] for one in quantiles} == {"0", "0.01"}


def test_a_resource_without_a_place_loses_its_points(desk):
    """A location is required of a Prometheus target; other resources of the request stay."""
    made = request(gauge())
    lost = made.resource_metrics.add()
    lost.CopyFrom(made.resource_metrics[0])
    kept = [one for one in lost.resource.attributes if one.key != "cloud.region"]
    del lost.resource.attributes[:]
    lost.resource.attributes.extend(kept)

    answer = desk.call(METRICS, made)

    assert answer.partial_success.rejected_data_points == 1
    assert answer.partial_success.error_message == "Unrecognized region or location."
    assert stored(desk) == {("queue_items/gauge", "GAUGE")}


def test_target_info_keeps_the_sampling_period_too(desk):
    """Several requests of one export tell the resource once, and break no rule."""
    desk.call(METRICS, request(gauge("first")))
    desk.call(METRICS, request(gauge("second")))

    (one,) = desk.monitoring.series(f"{DOMAIN}target_info/gauge")
    assert len(one.points) == 1
    assert broken(desk) == set()


def test_one_request_may_write_to_several_projects(desk):
    """Each resource goes to the project that it names."""
    made = request(gauge())
    other = request(gauge(), who={**WHO, "gcp.project_id": "college"})
    made.resource_metrics.extend(other.resource_metrics)

    desk.call(METRICS, made)

    names = {one.project for one in desk.monitoring.series(f"{DOMAIN}queue_items/gauge")}
    assert names == {"school", "college"}


@pytest.mark.parametrize(
    ("told", "label", "value"),
    [
        ({"location": "us-east1", "cloud.region": "us-west1"}, "location", "us-east1"),
        ({"cloud.availability_zone": "us-east1-b", "cloud.region": "x"}, "location", "us-east1-b"),
        ({"cluster": "c", "k8s.cluster.name": "k"}, "cluster", "c"),
        ({"cloud.platform": "gcp_cloud_run"}, "cluster", "__run__"),
        ({"cloud.platform": "gcp_compute_engine"}, "cluster", "__gce__"),
        ({"k8s.namespace.name": "k", "service.namespace": "s"}, "namespace", "k"),
        ({"job": "j", "service.name": "s"}, "job", "j"),
        ({"service.name": "s", "service.namespace": "n"}, "job", "n/s"),
        ({"service.name": "unknown_service:py", "faas.name": "f"}, "job", "f"),
        ({"service.name": "unknown_service:py"}, "job", "unknown_service:py"),
        ({"faas.instance": "f", "host.id": "h"}, "instance", "f"),
    ],
)
def test_a_target_is_named_by_what_is_most_explicit(told, label, value):
    """Attributes are asked in Google's order, the plain names first."""
    assert target(told)[label] == value
