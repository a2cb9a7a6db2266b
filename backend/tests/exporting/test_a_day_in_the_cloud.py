"""A school day on the real service, API and worker, and all that the cloud has of it afterwards."""

import gzip
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from cloud_desk import PREFIX, Arrived, sent_to
from real.service import services_in

from app.core.vocabulary import Stage
from tocsin.rehearsal.cloud.running import RunningCloud

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("a_day_in_the_cloud")]

API = "/api/v1"
PLANTED = "Zebedeus"
PUPIL = {
    "email": f"lena.{PLANTED}@school.example",
    "password": f"Photosynthesis1{PLANTED}",
    "first_name": f"Lena{PLANTED}",
    "last_name": f"Exampleby{PLANTED}",
    "role": "student",
    "grade_level": 10,
}
QUESTIONS = {
    "completed": f"How does photosynthesis turn sunlight into sugar, asks {PLANTED}?",
    "out_of_scope": f"Who won the football match that {PLANTED} played last weekend?",
    "clarification_needed": "help me",
    "failed": f"How does Newton's third law explain {PLANTED}'s rocket in space?",
}
VERSION, COMMIT = "9.8.7", "c0ffee1"
WITHIN_S = 60.0
ERROR = 500  # google.logging.type.LogSeverity


class Ingest(ThreadingHTTPServer):
    """Stands in for Sentry's: takes every envelope and keeps it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taker)
        self.envelopes: list[bytes] = []

    @property
    def dsn(self) -> str:
        return f"http://public@127.0.0.1:{self.server_port}/1"


class Taker(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        zipped = self.headers.get("content-encoding") == "gzip"
        self.server.envelopes.append(gzip.decompress(body) if zipped else body)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def ingest() -> Iterator[Ingest]:
    with Ingest() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Day:
    """What was done, and where it arrived."""

    cloud: RunningCloud
    sentry: Ingest
    outcomes: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    broken_status: int = 0

    @property
    def arrived(self) -> Arrived:
        return Arrived(self.cloud)

    def lesson_trace(self) -> list:
        """The spans of the trace in which a lesson was made."""
        done = next(one for one in self.cloud.traces.spans() if one.name == "pipeline.video")
        return self.cloud.traces.spans(done.trace_id)

    def total(self, name: str, **labels: str) -> float:
        return self.cloud.monitoring.total(f"{PREFIX}{name}", **labels)

    def all_that_arrived(self) -> str:
        """Every word of it: series, entries, spans, error groups, Sentry's envelopes."""
        cloud = self.cloud
        shelves = (
            cloud.monitoring.series(),
            cloud.monitoring.descriptors(),
            cloud.logs.entries(),
            cloud.traces.spans(),
            cloud.errors.groups(),
            [one.decode() for one in self.sentry.envelopes],
        )
        return "\n".join(str(one) for shelf in shelves for one in shelf)


@pytest.fixture(scope="module")
def day(tmp_path_factory) -> Iterator[Day]:
    """The day has been, and both processes have ended in order."""
    folder = tmp_path_factory.mktemp("day")
    with RunningCloud() as cloud, ingest() as sentry, services_in(folder) as start:
        env = sent_to(cloud, SENTRY_DSN=sentry.dsn, VERSION=VERSION, GIT_COMMIT_SHA=COMMIT)
        day = Day(cloud, sentry)
        api = start("uvicorn", env=env)
        worker = start("worker", env=env)
        with httpx.Client(base_url=api.base_url, timeout=30.0) as http:
            lessons_of(day, http, folder)
            http.get(f"{API}/nowhere/{PUPIL['email']}?token={day.tokens[0]}")
            with sqlite3.connect(folder / "vividly.db") as connection:
                connection.execute("ALTER TABLE sessions RENAME TO gone")
            broken = http.post(f"{API}/auth/login", json=login())
            day.broken_status = broken.status_code
        worker.stop()
        api.stop()
        yield day


def login() -> dict:
    return {"email": PUPIL["email"], "password": PUPIL["password"]}


def lessons_of(day: Day, http: httpx.Client, folder) -> None:
    """A pupil asks a question of each kind; for the last one the disk is gone."""
    http.post(f"{API}/auth/register", json=PUPIL).raise_for_status()
    tokens = http.post(f"{API}/auth/login", json=login()).raise_for_status().json()
    day.tokens = [tokens["access_token"], tokens["refresh_token"]]
    http.headers["authorization"] = f"Bearer {tokens['access_token']}"
    for outcome, question in QUESTIONS.items():
        if outcome == "failed":
            (folder / "artefacts").rename(folder / "artefacts.gone")
            (folder / "artefacts").write_text("not a folder")
        asked = http.post(f"{API}/content/generate", json={"student_query": question})
        day.outcomes.append(outcome_of(http, asked.raise_for_status().headers["location"]))


def outcome_of(http: httpx.Client, place: str) -> str:
    end = time.monotonic() + WITHIN_S
    while (body := http.get(place).json()).get("outcome") is None:
        assert time.monotonic() < end, body
        time.sleep(1.1)  # the limit of status reads is one a second
    return body["outcome"]


def test_every_way_out_of_the_pipeline_is_counted_in_the_cloud(day):
    """The worker's own process tells each outcome by the instruments that the API uses (D16)."""
    assert day.outcomes == list(QUESTIONS)
    for outcome in QUESTIONS:
        assert day.total("content_generation_outcomes_total", outcome=outcome) == 1
    assert day.total("content_generation_requests_total", status="pending") == len(QUESTIONS)
    told_by = {
        one.resource_labels["task_id"]
        for name in ("content_generation_outcomes_total", "http_request_total")
        for one in day.cloud.monitoring.series(f"{PREFIX}{name}")
        if any(point.value for point in one.points)
    }
    assert len(told_by) == 2


def test_one_trace_leads_from_the_request_through_the_worker_to_the_database(day):
    """A lesson is one tree of spans: request, job, each stage once, statements below them."""
    spans = day.lesson_trace()

    by_id = {one.span_id: one for one in spans}
    (root,) = [one for one in spans if one.parent_id not in by_id]
    assert root.name == f"POST {API}/content/generate"
    stages = [one for one in spans if one.name.startswith("pipeline.")]
    assert sorted(one.name for one in stages) == sorted(f"pipeline.{stage}" for stage in Stage)
    (job,) = {by_id[one.parent_id].span_id for one in stages}
    assert by_id[job].parent_id == root.span_id
    statements = [one for one in spans if one.kind == "CLIENT"]
    assert {by_id[one.parent_id].span_id for one in statements} >= {root.span_id, job}


def test_lines_of_api_and_worker_name_the_trace_that_they_belong_to(day):
    """Whoever reads a line of the worker finds the request, and the other way round."""
    trace_id = day.lesson_trace()[0].trace_id

    messages = {
        one.json_payload["message"] if one.HasField("json_payload") else one.text_payload
        for one in day.cloud.logs.entries()
        if one.trace.endswith(trace_id)
    }

    assert {"content_requested", f"POST {API}/content/generate 202"} <= messages
    assert any("content_request" in one and "finished" in one for one in messages), messages


def test_one_exception_is_one_event_here_and_at_sentry_in_one_trace(day):
    """A table that is gone is one group of one event, and 4xx are none (behaviour 32)."""
    groups = [one for one in day.cloud.errors.groups() if "sessions" in one.message]

    assert day.broken_status == 500
    assert [one.count for one in groups] == [1]
    (event,) = [
        json.loads(line)
        for envelope in day.sentry.envelopes
        for line in envelope.split(b"\n")
        if b'"exception"' in line and b"no such table: sessions" in line
    ]
    trace_id = event["contexts"]["trace"]["trace_id"]
    told = [one for one in day.cloud.logs.entries() if "no such table" in str(one.json_payload)]
    assert [one.trace.rpartition("/")[2] for one in told if one.severity >= ERROR] == [trace_id]
    assert {one.status for one in day.cloud.traces.spans(trace_id)} >= {"ERROR"}
    assert event["release"].endswith(VERSION)


def test_nothing_of_a_child_is_in_anything_that_arrived(day):
    """Name, mail, question and tokens are in no series, line, span or event (behaviour 30)."""
    words = day.all_that_arrived()

    for planted in (PLANTED, PUPIL["password"], PUPIL["email"], *day.tokens):
        assert planted not in words
        assert planted.lower() not in words.lower()


def test_whatever_arrives_names_its_release(day):
    """Each line says which version and commit it comes from, each error its version (D95)."""
    entries = day.cloud.logs.entries()
    groups = day.cloud.errors.groups()

    assert entries
    assert {one.labels.get("version") for one in entries} == {VERSION}
    assert {one.labels.get("commit") for one in entries} == {COMMIT}
    assert {event.version for group in groups for event in group.events} == {VERSION}


def test_a_whole_day_breaks_none_of_googles_rules(day):
    """What a whole day sends is refused nowhere, and cut nowhere (D05)."""
    assert day.arrived.breaches() == {}
    assert day.total("telemetry_export_dropped_total") == 0
    assert day.total("telemetry_export_items_total", outcome="refused") == 0
