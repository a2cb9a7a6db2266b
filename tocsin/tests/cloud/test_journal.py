"""What was received can be read after the cloud has stopped."""

import sqlite3
from datetime import UTC, datetime

import httpx
import pytest

from tocsin.rehearsal.cloud.journal import FILE_NAME, Journal
from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.rehearsal.cloud.traces.span import StoredSpan

POLICIES = "/v3/projects/demo/alertPolicies"
POLICY = {
    "displayName": "one",
    "combiner": "OR",
    "conditions": [{"displayName": "c", "conditionPrometheusQueryLanguage": {"query": "up < 1"}}],
}
STACK = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: no'


def post(cloud: RunningCloud, path: str, body: object) -> dict:
    answer = httpx.post(f"{cloud.http_url}{path}", json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.servers
def test_a_cloud_on_the_same_folder_shows_what_was_received(tmp_path):
    """Series, entries, spans, error groups and configuration are there again, each once."""
    with RunningCloud(data_dir=tmp_path) as first:
        now_ns = first.world.clock.wall_ns()
        seconds = now_ns // 10**9
        series = {
            "metric": {"type": "custom.googleapis.com/x", "labels": {"a": "b"}},
            "resource": {"type": "global", "labels": {"project_id": "demo"}},
            "metricKind": "CUMULATIVE",
            "points": [
                {
                    "interval": {
                        "startTime": {"seconds": seconds - 60},
                        "endTime": {"seconds": seconds},
                    },
                    "value": {"int64Value": "7"},
                }
            ],
        }
        interval = series["points"][0]["interval"]
        for name, value in interval.items():
            interval[name] = _written(value["seconds"])
        post(first, "/v3/projects/demo/timeSeries", {"timeSeries": [series]})
        first.logs.take_line(b'{"severity": "INFO", "message": "hello"}', project="demo")
        report = {"serviceContext": {"service": "api"}, "message": STACK}
        post(first, "/v1beta1/projects/demo/events:report", report)
        span = StoredSpan("ab" * 16, "cd" * 8, name="GET /", start_ns=now_ns - 5, end_ns=now_ns)
        first.traces.keep_span(span)
        kept = post(first, POLICIES, POLICY)
        doomed = post(first, POLICIES, POLICY)
        httpx.delete(f"{first.http_url}/v3/{doomed['name']}", timeout=30)

    with RunningCloud(data_dir=tmp_path) as second:
        total = second.monitoring.total("custom.googleapis.com/x")
        entries = second.logs.entries("stdout")
        groups = second.errors.groups()
        spans = second.traces.spans()
        policies = second.configuration.all("policies")
        made_now = post(second, POLICIES, POLICY)

    assert total == 7
    assert [entry.text_payload for entry in entries] == ["hello"]
    assert [(group.kind, group.count) for group in groups] == [("ValueError", 1)]
    assert spans == [span]
    assert [policy.name for policy in policies] == [kept["name"]]
    assert made_now["name"] not in (kept["name"], doomed["name"])


def _written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def test_rows_are_bounded_and_the_oldest_leave(tmp_path):
    """A journal holds its newest rows, however much was kept."""
    journal = Journal(tmp_path, rows=10)

    for number in range(5_000):
        journal.keep("logs.entry", str(number).encode(), number)
    journal.close()

    again = Journal(tmp_path)
    bodies = [int(body) for _, body, _ in again.entries()]
    again.close()
    assert bodies == list(range(4_990, 5_000))


def test_a_second_cloud_on_the_same_folder_is_refused(tmp_path):
    """Two writers would mix two worlds."""
    journal = Journal(tmp_path)

    with pytest.raises(sqlite3.OperationalError, match="locked"):
        Journal(tmp_path)

    journal.close()


def test_what_cannot_be_written_is_counted_and_stops_nothing(tmp_path):
    """A journal whose table is gone loses entries by number, and goes on."""
    journal = Journal(tmp_path)
    journal._database.execute("DROP TABLE received")

    journal.keep("logs.entry", b"x", 1)
    journal.keep("logs.entry", b"y", 2)
    journal.close()

    assert journal.lost == 2
    assert (tmp_path / FILE_NAME).exists()
