"""What is written by Google's client is asked for in PromQL at Google's path."""

import shutil
import time
from itertools import count

import grpc
import httpx
import pytest
from by_otlp import PROJECT, Shop
from google.api.distribution_pb2 import Distribution
from google.cloud.monitoring_v3 import MetricServiceClient, types
from google.cloud.monitoring_v3.services.metric_service.transports import (
    MetricServiceGrpcTransport,
)

from tocsin.clock import SystemClock
from tocsin.rehearsal.cloud.running import RunningCloud

pytestmark = pytest.mark.servers

NS = 1_000_000_000
NUMBERS = count(1)
TASK = {"location": "europe-west1", "namespace": "test", "job": "api", "task_id": "i-1-7"}
BOUNDS = [0.1, 0.5, 1.0]


@pytest.fixture(scope="module")
def cloud():
    """One cloud for all, for Prometheus takes some seconds to begin; metrics are a test's own."""
    with RunningCloud(prometheus="auto") as running:
        yield running


@pytest.fixture
def name():
    """A metric that no other test writes; its name after `vividly/` and `vividly_`."""
    return f"lessons_{next(NUMBERS)}"


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


def in_promql(name):
    return f"custom_googleapis_com:vividly_{name}"


def stamp(moment_ns):
    return {"seconds": moment_ns // NS, "nanos": moment_ns % NS}


def series(metric, value, *, start_ns, end_ns, **labels):
    """A cumulative series of Google's, with one point."""
    if isinstance(value, list):
        mean = 0.5 if any(value) else 0
        distribution = Distribution(count=sum(value), mean=mean, bucket_counts=value)
        distribution.bucket_options.explicit_buckets.bounds.extend(BOUNDS)
        told = {"distribution_value": distribution}
    else:
        told = {"int64_value": value}
    return types.TimeSeries(
        metric={"type": f"custom.googleapis.com/vividly/{metric}", "labels": labels},
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


def written_twice(client, metric, first, second, **labels):
    """Two points, ten seconds apart, the last of now."""
    end_ns = time.time_ns()
    start_ns = end_ns - 60 * NS
    for value, at_ns in ((first, end_ns - 10 * NS), (second, end_ns)):
        write(client, series(metric, value, start_ns=start_ns, end_ns=at_ns, **labels))
    return end_ns / NS


def test_a_counter_is_found_under_googles_name_and_labels(client, asked, name):
    """A written counter is the metric that an alert asks for, with its resource's labels."""
    at_s = written_twice(client, name, 5, 25, job="script")

    data = asked("query", query=in_promql(name), time=at_s)

    (one,) = data["result"]
    assert one["metric"] == {
        "__name__": in_promql(name),
        "monitored_resource": "generic_task",
        "project_id": "school",
        **TASK,
        "metric_job": "script",
    }
    assert one["value"][1] == "25"


def test_a_rate_is_what_was_counted_by_the_second(client, asked, name):
    """Twenty lessons in ten seconds are two a second, by the real Prometheus."""
    at_s = written_twice(client, name, 5, 25)

    expression = f'rate({in_promql(name)}{{job="api"}}[10s500ms])'
    data = asked("query", verb="POST", query=expression, time=at_s)

    assert float(data["result"][0]["value"][1]) == pytest.approx(2.0, rel=0.05)


def test_a_quantile_is_computed_from_the_buckets(client, asked, name):
    """A distribution is a histogram in PromQL, whose quantile lies in the right bucket (D03)."""
    at_s = written_twice(client, name, [0, 0, 0, 0], [50, 40, 10, 0])

    bucket = f"sum by (le) (rate({in_promql(name)}_bucket[1m]))"
    expression = f"histogram_quantile(0.7, {bucket})"
    data = asked("query", query=expression, time=at_s)
    count = asked("query", query=f"{in_promql(name)}_count", time=at_s)
    total = asked("query", query=f"{in_promql(name)}_sum", time=at_s)

    assert float(data["result"][0]["value"][1]) == pytest.approx(0.3)
    assert count["result"][0]["value"][1] == "100"
    assert total["result"][0]["value"][1] == "50"


def test_one_project_sees_nothing_of_another(client, asked, name):
    """A question to one project is answered from its own series alone."""
    end_ns = time.time_ns()
    for project, value in (("school", 1), ("college", 2)):
        one = series(name, value, start_ns=end_ns - NS, end_ns=end_ns)
        write(client, one, project=project)

    found_as = in_promql(name)
    answers = {
        project: asked("query", project=project, query=found_as, time=end_ns / NS)["result"]
        for project in ("school", "college")
    }

    assert [one["value"][1] for one in answers["school"]] == ["1"]
    assert [one["metric"]["project_id"] for one in answers["college"]] == ["college"]


def test_by_otlp_a_metric_goes_by_its_own_name(cloud, asked):
    """What our exporter sends by OTLP is asked for as `shop_…`, with the same job and namespace."""
    shop = Shop(cloud, clock=SystemClock())
    shop.orders.inc(7, kind="new")
    shop.round()

    data = asked("query", project=PROJECT, query="sum by (job, namespace) (shop_orders_total)")

    assert data["result"][0]["metric"] == {"job": "shop", "namespace": "test"}
    assert data["result"][0]["value"][1] == "7"


def test_names_and_labels_can_be_listed(client, asked, name):
    """Labels, their values, series, types and ranges are answered at Google's path as well."""
    at_s = written_twice(client, name, 5, 25)
    found_as = in_promql(name)

    labels = asked("labels", verb="POST")
    values = asked("label/__name__/values")
    found = asked("series", **{"match[]": found_as})
    kinds = asked("metadata", metric=found_as)
    (ranged,) = asked("query_range", query=found_as, start=at_s - 10, end=at_s, step=10)["result"]

    assert {"task_id", "monitored_resource"} <= set(labels)
    assert found_as in values
    assert [one["task_id"] for one in found] == ["i-1-7"]
    assert kinds[found_as][0]["type"] == "counter"
    assert [value for _, value in ranged["values"]] == ["5", "25"]


def test_many_series_are_told_in_several_scrapes(client, asked, name):
    """Four thousand series, more than one scrape tells, are all there at the first question."""
    end_ns = time.time_ns()
    for begin in range(0, 4_000, 200):
        numbers = range(begin, begin + 200)
        write(
            client,
            *(series(name, n, start_ns=end_ns - NS, end_ns=end_ns, pupil=str(n)) for n in numbers),
        )

    found_as = in_promql(name)
    counted = asked("query", query=f"count({found_as})", time=end_ns / NS)["result"]
    summed = asked("query", query=f"sum({found_as})", time=end_ns / NS)["result"]

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
