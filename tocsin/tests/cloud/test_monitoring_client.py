"""Google's own client library against the cloud's Cloud Monitoring, over gRPC."""

import time
from datetime import UTC, datetime

import grpc
import httpx
import pytest
from google.api_core.exceptions import (
    InternalServerError,
    InvalidArgument,
    NotFound,
    ServiceUnavailable,
)
from google.api_core.retry import Retry, if_exception_type
from google.cloud import monitoring_v3
from google.cloud.monitoring_v3.services.metric_service.transports import (
    MetricServiceGrpcTransport,
)

pytestmark = pytest.mark.servers

PROJECT = "projects/school"
# The next call on a connection that was cut may find it broken still.
AGAIN = Retry(predicate=if_exception_type(ServiceUnavailable), initial=0.05, timeout=60.0)
COUNTER = "custom.googleapis.com/vividly/lessons_total"
HISTOGRAM = "custom.googleapis.com/vividly/lesson_seconds"


@pytest.fixture
def client(cloud):
    """What a service would use, pointed at the cloud."""
    with grpc.insecure_channel(cloud.grpc_address) as channel:
        yield monitoring_v3.MetricServiceClient(
            transport=MetricServiceGrpcTransport(channel=channel)
        )


def one(value, *, end_s, start_s=None, metric=COUNTER, task="1", kind="CUMULATIVE", **labels):
    series = monitoring_v3.TimeSeries(
        metric={"type": metric, "labels": labels},
        resource={
            "type": "generic_task",
            "labels": {"location": "global", "namespace": "t", "job": "api", "task_id": task},
        },
        metric_kind=kind,
    )
    interval = {"end_time": moment(end_s)}
    if start_s is not None:
        interval["start_time"] = moment(start_s)
    field = {int: "int64_value", float: "double_value"}.get(type(value), "distribution_value")
    series.points = [monitoring_v3.Point(interval=interval, value={field: value})]
    return series


def moment(seconds):
    return {"seconds": int(seconds), "nanos": int(seconds % 1 * 1e9)}


def listed(client, metric, now, **fields):
    return list(
        client.list_time_series(
            request={
                "name": PROJECT,
                "filter": f'metric.type = "{metric}"',
                "interval": {"start_time": moment(now - 3600), "end_time": moment(now + 60)},
                "view": "FULL",
                **fields,
            }
        )
    )


def summary(error):
    """The partial failure as Google's clients have to dig it out: it is not unpacked for them."""
    (packed,) = error.value.details
    found = monitoring_v3.CreateTimeSeriesSummary.pb()()
    assert packed.Unpack(found)
    return found


def test_a_counter_is_read_back_as_it_was_counted(cloud, client):
    """N increments, told as growing totals since one start, read back as N (D02)."""
    now = time.time()

    for seconds_ago, counted in ((30, 3), (20, 7), (10, 12)):
        client.create_time_series(
            name=PROJECT, time_series=[one(counted, start_s=now - 60, end_s=now - seconds_ago)]
        )

    (series,) = listed(client, COUNTER, now)
    assert [point.value.int64_value for point in series.points] == [12, 7, 3]
    assert series.metric_kind == monitoring_v3.TimeSeries.pb()(metric_kind="CUMULATIVE").metric_kind
    assert cloud.monitoring.total(COUNTER) == 12
    assert not cloud.world.rules.breaches


def test_a_constant_one_without_a_start_is_refused_as_a_counter(cloud, client):
    """What has no start and does not grow is no counter here, as it is none at Google (D02)."""
    now = time.time()
    client.create_metric_descriptor(
        name=PROJECT,
        metric_descriptor={"type": COUNTER, "metric_kind": "CUMULATIVE", "value_type": "INT64"},
    )

    with pytest.raises(InvalidArgument, match="start time must be before the end time") as error:
        client.create_time_series(name=PROJECT, time_series=[one(1, end_s=now)])

    assert summary(error).success_point_count == 0
    assert cloud.monitoring.total(COUNTER) == 0


def test_a_histogram_is_read_back_with_its_buckets(cloud, client):
    """A distribution comes back bucket by bucket, so that a quantile can be told of it (D03)."""
    now = time.time()
    buckets = {"explicit_buckets": {"bounds": [0.1, 1.0]}}
    value = {"count": 4, "mean": 0.5, "bucket_options": buckets, "bucket_counts": [1, 2, 1]}

    client.create_time_series(
        name=PROJECT, time_series=[one(value, start_s=now - 60, end_s=now, metric=HISTOGRAM)]
    )

    (series,) = listed(client, HISTOGRAM, now)
    stored = series.points[0].value.distribution_value
    assert list(stored.bucket_counts) == [1, 2, 1]
    assert list(stored.bucket_options.explicit_buckets.bounds) == [0.1, 1.0]
    assert cloud.monitoring.total(HISTOGRAM) == 4


def test_a_refused_series_costs_no_other(cloud, client):
    """The good series of a write stay written, and the summary says how many were not (D05)."""
    now = time.time()
    client.create_time_series(
        name=PROJECT, time_series=[one(1, start_s=now - 60, end_s=now - 3, task="early")]
    )
    batch = [one(2, start_s=now - 60, end_s=now, task=str(number)) for number in range(4)]
    batch.insert(1, one(2, start_s=now - 60, end_s=now, task="early"))
    batch.append(one(2, start_s=now - 61, end_s=now + 9, task="3"))

    with pytest.raises(InvalidArgument) as error:
        client.create_time_series(name=PROJECT, time_series=batch)

    assert error.value.message == (
        "One or more TimeSeries could not be written: One or more points were written more "
        "frequently than the maximum sampling period configured for the metric.: timeSeries[1]; "
        "Field timeSeries[5] had an invalid value: Duplicate TimeSeries encountered. Only one "
        "point can be written per TimeSeries per request.: timeSeries[5]"
    )
    found = summary(error)
    assert (found.total_point_count, found.success_point_count) == (6, 4)
    assert [(one.status.code, one.point_count) for one in found.errors] == [(3, 1), (9, 1)]
    assert cloud.monitoring.total(COUNTER) == 9


def test_two_hundred_series_go_and_one_more_does_not(cloud, client):
    """A write of 201 series is refused whole, one of 200 is taken whole (D05)."""
    now = time.time()
    batch = [one(1, start_s=now - 60, end_s=now, task=str(number)) for number in range(201)]

    with pytest.raises(InvalidArgument, match="A maximum of 200 TimeSeries"):
        client.create_time_series(name=PROJECT, time_series=batch)
    refused = cloud.monitoring.total(COUNTER)
    client.create_time_series(name=PROJECT, time_series=batch[:200])

    assert refused == 0
    assert cloud.monitoring.total(COUNTER) == 200


def test_descriptors_are_made_listed_and_deleted(cloud, client):
    """A descriptor has the life that Google gives it, and takes its data along."""
    now = time.time()
    made = client.create_metric_descriptor(
        name=PROJECT,
        metric_descriptor={
            "type": COUNTER,
            "metric_kind": "CUMULATIVE",
            "value_type": "INT64",
            "unit": "{lessons}",
            "description": "Lessons told.",
            "labels": [{"key": "subject"}],
        },
    )
    client.create_time_series(
        name=PROJECT, time_series=[one(1, start_s=now - 60, end_s=now, outcome="told")]
    )

    listing = client.list_metric_descriptors(
        request={"name": PROJECT, "filter": 'metric.type = starts_with("custom.googleapis.com/")'}
    )
    (found,) = listing
    unit = cloud.monitoring.series(COUNTER)[0].unit
    client.delete_metric_descriptor(name=made.name)

    assert made.name == f"{PROJECT}/metricDescriptors/{COUNTER}"
    assert [label.key for label in found.labels] == ["subject", "outcome"]
    assert (unit, cloud.monitoring.series(COUNTER)) == ("{lessons}", [])
    with pytest.raises(NotFound):
        client.get_metric_descriptor(name=made.name)


def test_lists_are_filtered_and_paged(cloud, client):
    """Label filters choose series, pages hold as many points as asked for, newest first."""
    now = time.time()
    for seconds_ago in (20, 10, 0):
        client.create_time_series(
            name=PROJECT,
            time_series=[
                one(n, end_s=now - seconds_ago, kind="GAUGE", task=str(n), method=method)
                for n, method in enumerate(("GET", "GET", "PUT"))
            ],
        )
    gets = f'metric.type = "{COUNTER}" AND metric.labels.method = "GET"'
    not_gets = f'metric.type = "{COUNTER}" metric.label.method != starts_with("G")'

    pages = client.list_time_series(
        request={
            "name": PROJECT,
            "filter": gets,
            "interval": {"start_time": moment(now - 15), "end_time": moment(now)},
            "page_size": 3,
        }
    ).pages
    sizes = [sum(len(one.points) for one in page.time_series) for page in pages]
    others = listed(client, COUNTER, now, filter=not_gets, view="HEADERS")

    assert sizes == [3, 1]
    assert [dict(one.metric.labels) for one in others] == [{"method": "PUT"}]
    assert not others[0].points


def test_resources_say_which_labels_they_need(client):
    """Who asks is told the labels of a task."""
    found = client.get_monitored_resource_descriptor(
        name=f"{PROJECT}/monitoredResourceDescriptors/generic_task"
    )

    keys = {label.key for label in found.labels}
    assert keys == {"project_id", "location", "namespace", "job", "task_id"}


def test_a_partial_failure_refuses_every_other_series(cloud, client):
    """The fault fails the first, third, fifth series with INTERNAL, and is counted as met."""
    now = time.time()
    batch = [one(1, start_s=now - 60, end_s=now, task=str(number)) for number in range(5)]

    with (
        cloud.faults.ask("partial_failure", on="CreateTimeSeries", times=1) as fault,
        pytest.raises(InternalServerError, match=r"Please retry.*: timeSeries\[0,2,4\]") as error,
    ):
        client.create_time_series(name=PROJECT, time_series=batch)
    client.create_time_series(name=PROJECT, time_series=batch[::2])

    assert fault.happened == 1
    found = summary(error)
    assert [(one.status.code, one.point_count) for one in found.errors] == [(13, 3)]
    assert cloud.monitoring.total(COUNTER) == 5


def test_an_answer_that_is_lost_leaves_the_point_written(cloud, client):
    """A point whose answer was lost is refused as too frequent when it is sent again (D05)."""
    now = time.time()
    batch = [one(3, start_s=now - 60, end_s=now)]

    with (
        cloud.faults.ask("lost_answer", on="CreateTimeSeries", times=1),
        pytest.raises(ServiceUnavailable),
    ):
        client.create_time_series(name=PROJECT, time_series=batch)
    with pytest.raises(InvalidArgument, match="more frequently"):
        client.create_time_series(name=PROJECT, time_series=batch, retry=AGAIN)

    assert cloud.monitoring.total(COUNTER) == 3


def test_rest_writes_and_refuses_as_grpc_does(cloud):
    """By Google's REST paths the same rules answer, the summary in the details (D05)."""
    path = f"{cloud.http_url}/v3/{PROJECT}/timeSeries"
    point = {"interval": {"endTime": "2000-01-01T00:00:00Z"}, "value": {"int64Value": "1"}}
    body = {
        "timeSeries": [
            {
                "metric": {"type": COUNTER},
                "resource": {"type": "global", "labels": {"project_id": "school"}},
                "points": [point],
            }
        ]
    }

    refused = httpx.post(path, json=body)
    point["interval"]["endTime"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    taken = httpx.post(path, json=body)
    described = httpx.get(f"{cloud.http_url}/v3/{PROJECT}/metricDescriptors/{COUNTER}")

    error = refused.json()["error"]
    assert (refused.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["details"][0]["@type"].endswith("google.monitoring.v3.CreateTimeSeriesSummary")
    assert (taken.status_code, taken.json()) == (200, {})
    assert described.json()["valueType"] == "INT64"
