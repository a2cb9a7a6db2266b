"""What is written by Google's client is asked for in PromQL at Google's path."""

import shutil
import time

import grpc
import httpx
import pytest
from google.api.distribution_pb2 import Distribution
from google.cloud.monitoring_v3 import MetricServiceClient, types
from google.cloud.monitoring_v3.services.metric_service.transports import (
    MetricServiceGrpcTransport,
)

from tocsin.rehearsal.cloud.running import RunningCloud

pytestmark = pytest.mark.servers

NS = 1_000_000_000
COUNTER = "custom.googleapis.com/vividly/lessons_total"
WAITS = "custom.googleapis.com/vividly/wait_seconds"
TASK = {"location": "europe-west1", "namespace": "test", "job": "api", "task_id": "i-1-7"}
BOUNDS = [0.1, 0.5, 1.0]


@pytest.fixture
def cloud():
    """A cloud that starts Prometheus when it is first asked."""
    with RunningCloud(prometheus="auto") as running:
        yield running


@pytest.fixture
def client(cloud):
    """Google's own client, at the cloud's door."""
    with grpc.insecure_channel(cloud.grpc_address) as channel:
        yield MetricServiceClient(transport=MetricServiceGrpcTransport(channel=channel))


@pytest.fixture
def asked(cloud):
    """Asks Google's path of a project; the answer's data."""
    with httpx.Client(base_url=cloud.http_url, timeout=100, trust_env=False) as http:

        def ask(question, *, project="school", verb="GET", **parameters):
            path = f"/v1/projects/{project}/location/global/prometheus/api/v1/{question}"
            how = {"params" if verb == "GET" else "data": parameters}
            answer = http.request(verb, path, **how)
            assert answer.status_code == 200, answer.text
            return answer.json()["data"]

        yield ask


def stamp(moment_ns):
    return {"seconds": moment_ns // NS, "nanos": moment_ns % NS}


def series(value, *, start_ns, end_ns, metric=COUNTER, **labels):
    """A cumulative series of Google's, with one point."""
    if isinstance(value, list):
        count = sum(value)
        distribution = Distribution(count=count, mean=0.5 if count else 0, bucket_counts=value)
        distribution.bucket_options.explicit_buckets.bounds.extend(BOUNDS)
        told = {"distribution_value": distribution}
    else:
        told = {"int64_value": value}
    return types.TimeSeries(
        metric={"type": metric, "labels": labels},
        resource={"type": "generic_task", "labels": TASK},
        metric_kind="CUMULATIVE",
        points=[
            {
                "interval": {"start_time": stamp(start_ns), "end_time": stamp(end_ns)},
                "value": told,
            }
        ],
    )


def write(client, *all_series, project="school"):
    client.create_time_series(name=f"projects/{project}", time_series=list(all_series))


def written_twice(client, first, second, *, metric=COUNTER, **labels):
    """Two points, ten seconds apart, the last of now."""
    end_ns = time.time_ns()
    start_ns = end_ns - 60 * NS
    for value, at_ns in ((first, end_ns - 10 * NS), (second, end_ns)):
        write(client, series(value, start_ns=start_ns, end_ns=at_ns, metric=metric, **labels))
    return end_ns / NS


def test_a_counter_is_found_under_googles_name_and_labels(client, asked):
    """A written counter is the metric that an alert asks for, with its resource's labels."""
    at_s = written_twice(client, 5, 25, job="script")

    data = asked("query", query="custom_googleapis_com:vividly_lessons_total", time=at_s)

    (one,) = data["result"]
    assert one["metric"] == {
        "__name__": "custom_googleapis_com:vividly_lessons_total",
        "monitored_resource": "generic_task",
        "project_id": "school",
        **TASK,
        "metric_job": "script",
    }
    assert one["value"][1] == "25"


def test_a_rate_is_what_was_counted_by_the_second(client, asked):
    """Twenty lessons in ten seconds are two a second, by the real Prometheus."""
    at_s = written_twice(client, 5, 25)

    expression = 'rate(custom_googleapis_com:vividly_lessons_total{job="api"}[10s500ms])'
    data = asked("query", verb="POST", query=expression, time=at_s)

    assert float(data["result"][0]["value"][1]) == pytest.approx(2.0, rel=0.05)


def test_a_quantile_is_computed_from_the_buckets(client, asked):
    """A distribution is a histogram in PromQL, whose quantile lies in the right bucket (D03)."""
    at_s = written_twice(client, [0, 0, 0, 0], [50, 40, 10, 0], metric=WAITS)

    bucket = "sum by (le) (rate(custom_googleapis_com:vividly_wait_seconds_bucket[1m]))"
    expression = f"histogram_quantile(0.7, {bucket})"
    data = asked("query", query=expression, time=at_s)
    count = asked("query", query="custom_googleapis_com:vividly_wait_seconds_count", time=at_s)
    total = asked("query", query="custom_googleapis_com:vividly_wait_seconds_sum", time=at_s)

    assert float(data["result"][0]["value"][1]) == pytest.approx(0.3)
    assert count["result"][0]["value"][1] == "100"
    assert total["result"][0]["value"][1] == "50"


def test_one_project_sees_nothing_of_another(client, asked):
    """A question to one project is answered from its own series alone."""
    end_ns = time.time_ns()
    for project, value in (("school", 1), ("college", 2)):
        one = series(value, start_ns=end_ns - NS, end_ns=end_ns)
        write(client, one, project=project)

    name = "custom_googleapis_com:vividly_lessons_total"
    answers = {
        project: asked("query", project=project, query=name, time=end_ns / NS)["result"]
        for project in ("school", "college")
    }

    assert [one["value"][1] for one in answers["school"]] == ["1"]
    assert [one["metric"]["project_id"] for one in answers["college"]] == ["college"]


def test_names_and_labels_can_be_listed(client, asked):
    """Labels, their values, series, types and ranges are answered at Google's path as well."""
    at_s = written_twice(client, 5, 25)
    name = "custom_googleapis_com:vividly_lessons_total"

    labels = asked("labels", verb="POST")
    values = asked("label/__name__/values")
    found = asked("series", **{"match[]": name})
    kinds = asked("metadata", metric=name)
    (ranged,) = asked("query_range", query=name, start=at_s - 10, end=at_s, step=10)["result"]

    assert {"task_id", "monitored_resource"} <= set(labels)
    assert name in values
    assert [one["task_id"] for one in found] == ["i-1-7"]
    assert kinds[name][0]["type"] == "counter"
    assert [value for _, value in ranged["values"]] == ["5", "25"]


def test_many_series_are_told_in_several_scrapes(client, asked):
    """Four thousand series, more than one scrape tells, are all there at the first question."""
    end_ns = time.time_ns()
    for begin in range(0, 4_000, 200):
        numbers = range(begin, begin + 200)
        write(
            client,
            *(series(n, start_ns=end_ns - NS, end_ns=end_ns, client=str(n)) for n in numbers),
        )

    name = "custom_googleapis_com:vividly_lessons_total"
    counted = asked("query", query=f"count({name})", time=end_ns / NS)["result"]
    summed = asked("query", query=f"sum({name})", time=end_ns / NS)["result"]

    assert counted[0]["value"][1] == "4000"
    assert summed[0]["value"][1] == str(sum(range(4_000)))


def test_another_location_is_refused(cloud):
    """Google answers at the location `global` only, and so does this."""
    path = "/v1/projects/school/location/europe-west1/prometheus/api/v1/query"

    answer = httpx.get(cloud.http_url + path, params={"query": "up"}, trust_env=False)

    assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")


def test_without_prometheus_the_answer_says_what_to_install(monkeypatch, tmp_path):
    """A desk that lacks the program is told what it needs, and keeps its cloud."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("prometheus") is None

    with RunningCloud(prometheus="auto") as cloud:
        path = "/v1/projects/school/location/global/prometheus/api/v1/query"
        answer = httpx.get(cloud.http_url + path, params={"query": "up"}, trust_env=False)

    assert answer.status_code == 503
    assert "apt-get install prometheus" in answer.json()["error"]
