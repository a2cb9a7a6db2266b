"""The cloud counts what a bill counts, and forgets none of it when a shelf is full."""

import httpx
import pytest
from google.api.distribution_pb2 import Distribution
from google.cloud.monitoring_v3.types import TimeSeries

from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.rehearsal.cloud.traces.span import StoredSpan
from tocsin.rehearsal.cloud.usage import Usage

pytestmark = pytest.mark.servers
LINE = b'{"severity": "INFO", "message": "lesson ended", "ms": 12}'


def point(cloud: RunningCloud, seconds_ago: int, value: dict) -> None:
    """Write one point of a gauge."""
    at_s = cloud.world.clock.wall_ns() // 10**9 - seconds_ago
    one = {
        "metric": {"type": "custom.googleapis.com/depth"},
        "resource": {"type": "global", "labels": {"project_id": "p"}},
        "points": [{"interval": {"end_time": {"seconds": at_s}}, "value": value}],
    }
    assert cloud.monitoring.write("p", [TimeSeries.pb(TimeSeries(one))]) == []


def test_points_lines_and_spans_are_counted_with_the_time_between_them(cloud):
    """The page tells counts and seconds, so that a month can be reckoned of them."""
    point(cloud, 120, {"double_value": 1})
    point(cloud, 60, {"double_value": 2})
    entry = cloud.logs.take_line(LINE, project="p")
    now_ns = cloud.world.clock.wall_ns()
    span = StoredSpan("ab" * 16, "cd" * 8, start_ns=now_ns, end_ns=now_ns)
    cloud.traces.keep_span(span)

    told = httpx.get(f"{cloud.http_url}/read/usage").json()

    assert told["custom"] == {"scalar_points": 2, "distribution_points": 0, "filled_buckets": 0}
    assert (told["log_entries"], told["spans"]) == (1, 1)
    assert told["log_bytes"] == entry.ByteSize()
    assert told["seconds"] == pytest.approx(120, abs=5)


def test_what_is_refused_is_not_billed(cloud):
    """A point that breaks a rule, and a line or span that came twice, cost nothing."""
    point(cloud, 60, {"double_value": 1})
    with pytest.raises(AssertionError):
        point(cloud, 60, {"double_value": 1})
    now_ns = cloud.world.clock.wall_ns()
    for _ in range(2):
        cloud.traces.keep_span(StoredSpan("ab" * 16, "cd" * 8, start_ns=now_ns, end_ns=now_ns))

    told = cloud.world.usage.told()

    assert (told["custom"]["scalar_points"], told["spans"]) == (1, 1)


def test_a_cloud_that_is_started_again_counts_on(tmp_path):
    """What the journal gives back is counted as it was."""
    with RunningCloud(data_dir=tmp_path) as first:
        point(first, 120, {"double_value": 1})
        point(first, 60, {"double_value": 2})
        first.logs.take_line(LINE, project="p")
        before = first.world.usage.told()

    with RunningCloud(data_dir=tmp_path) as second:
        after = second.world.usage.told()

    assert after == before


def test_a_distribution_is_a_point_of_its_own_sort_and_its_filled_buckets_are_samples():
    """By bytes it is one price, by samples another; Prometheus' domain is counted apart."""
    usage = Usage()

    usage.took_point("custom.googleapis.com/d", Distribution(bucket_counts=[0, 3, 0, 1]), 1)
    usage.took_point("prometheus.googleapis.com/d/histogram", Distribution(bucket_counts=[2]), 1)

    told = usage.told()
    assert told["custom"] == {"scalar_points": 0, "distribution_points": 1, "filled_buckets": 2}
    assert told["prometheus"]["filled_buckets"] == 1
