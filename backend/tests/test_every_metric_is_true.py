"""No instrument is declared in vain: each is moved by something that really happens.

Panels and alarms look at these names; an instrument without a producer would show an
empty panel, or an alarm that can never ring (D14, D44).
"""

import asyncio
import io
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from cloud_desk import sent_to
from fastapi import BackgroundTasks
from fastapi.responses import StreamingResponse
from real.redis import RedisServer
from scraped import Scrape

from app.core.logging import get_logger
from app.core.metrics import BRUTE_FORCE_ATTEMPTS, EXPORTS, metrics_client
from app.main import create_app
from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.telemetry.delivery import BoundedQueue, Courier, Delivery, Receipt

API = "/api/v1"
WITHIN_S = 60.0
SAMPLED_WITHIN_S = 25.0
SEATS = 50
ON_BAD_DAYS = {
    "telemetry_label_overflow_total",
    "telemetry_displaced_events_total",
    "telemetry_error_events_suppressed_total",
    "telemetry_error_events_total",
    "telemetry_failures_total",
    "telemetry_log_lines_dropped_total",
    "telemetry_export_dropped_total",
    "http_background_task_failures_total",
    "http_stream_duration_seconds",
}
MOVED_ELSEWHERE = {
    "journey_steps_total": "journey/test_a_pupil_who_is_none.py",
    "journey_step_duration_ms": "journey/test_a_pupil_who_is_none.py",
    "content_requests_stuck": "test_worker_queue.py",
    "database_server_connections": "test_database.py",
    "database_server_connections_max": "test_database.py",
}
"""What needs a stopped worker or a database server, and who moves it."""
QUESTIONS = (
    "How does photosynthesis turn sunlight into sugar inside a leaf?",
    "How does Newton's third law explain how a rocket accelerates in space?",
    "help me",
    "Who won the football match between the two city teams last weekend?",
)


def declared() -> set[str]:
    return {spec.name.removeprefix("vividly_") for spec in metrics_client.catalogue()}


def moved(scrape: Scrape) -> set[str]:
    """The instruments of which some series is not 0."""
    samples = {name.removeprefix("vividly_") for name in scrape.moved()}
    return {name for name in declared() if {name, f"{name}_count"} & samples}


class Morning:
    """What pupils, a guesser and a bad disk do to the service."""

    def __init__(self, base_url: str, artefacts: Path) -> None:
        self.base_url = base_url
        self.artefacts = artefacts

    def lesson(self, number: int) -> None:
        """A pupil registers, signs in and asks everything at once, so that some of it waits."""
        with httpx.Client(base_url=self.base_url, timeout=20.0) as http:
            tokens = self.sign_in(http, f"pupil-{number}@school.example")
            http.headers["authorization"] = f"Bearer {tokens['access_token']}"
            places = [self.ask(http, question) for question in QUESTIONS]
            for place in places:
                self.wait_for(http, place)
            self.misuse(http, tokens["refresh_token"])

    def sign_in(self, http: httpx.Client, email: str) -> dict[str, str]:
        login = {"email": email, "password": "Photosynthesis1"}
        name = {"first_name": "Lena", "last_name": "Example"}
        account = login | name | {"role": "student", "grade_level": 10}
        http.post(f"{API}/auth/register", json=account).raise_for_status()
        return http.post(f"{API}/auth/login", json=login).raise_for_status().json()

    def stays(self) -> None:
        """A pupil signs in and never out, so that sessions are open whenever they are counted."""
        with httpx.Client(base_url=self.base_url, timeout=20.0) as http:
            self.sign_in(http, "pupil-who-stays@school.example")

    def ask(self, http: httpx.Client, question: str) -> str:
        asked = http.post(f"{API}/content/generate", json={"student_query": question})
        return asked.raise_for_status().headers["location"]

    def wait_for(self, http: httpx.Client, place: str) -> None:
        end = time.monotonic() + WITHIN_S
        while http.get(place).raise_for_status().json()["outcome"] is None:
            assert time.monotonic() < end
            time.sleep(1.1)

    def misuse(self, http: httpx.Client, refresh_token: str) -> None:
        """Show a refresh token twice, which ends the session."""
        for _ in range(2):
            http.post(f"{API}/auth/refresh", json={"refresh_token": refresh_token})

    def guesses(self) -> None:
        """Wrong passwords until the door is locked, then requests until one is refused."""
        login = {"email": "pupil-0@school.example", "password": "Wrong-guess1"}
        with httpx.Client(base_url=self.base_url, timeout=20.0) as http:
            statuses = [http.post(f"{API}/auth/login", json=login).status_code for _ in range(12)]
        assert 429 in statuses

    def disk_fails(self) -> None:
        """The place of the lessons becomes a file, so that the next lesson has nowhere to go."""
        self.artefacts.rename(self.artefacts.with_suffix(".gone"))
        self.artefacts.write_text("not a folder")


class Sightings:
    """The instruments seen off their rest, over many looks at `/metrics`."""

    def __init__(self, base_url: str, wanted: set[str]) -> None:
        self.base_url = base_url
        self.wanted = wanted
        self.seen: set[str] = set()

    def missing(self) -> set[str]:
        return self.wanted - self.seen

    def look(self) -> None:
        self.seen |= moved(Scrape.of(self.base_url))
        time.sleep(0.3)

    def watch(self, work: list[Future[None]]) -> None:
        while not all(one.done() for one in work):
            self.look()

    def wait_for_the_rest(self) -> None:
        """What is only counted now and then (sessions: every 10 s) gets the time for it."""
        end = time.monotonic() + SAMPLED_WITHIN_S
        while self.missing() and time.monotonic() < end:
            self.look()


@pytest.fixture
def cloud() -> Iterator[RunningCloud]:
    """Where the service sends what it records."""
    with RunningCloud() as running:
        yield running


@pytest.fixture
def pausable_redis(redis_server, redis_url) -> Iterator[RedisServer]:
    """A real Redis that may be left paused."""
    yield redis_server
    redis_server.server.process.send_signal(signal.SIGCONT)


@pytest.mark.timeout(240)
def test_a_morning_moves_every_instrument(running_service, pausable_redis, cloud, tmp_path):
    """Lessons, wrong passwords, a lost Redis and a bad disk leave no instrument at rest (D44)."""
    service = running_service(
        env=sent_to(cloud, EMBEDDED_WORKER="true", EXPORT_EVERY_S="6", TRACE_RATIO="0.1")
        | {
            "REDIS_URL": pausable_redis.url,
            "RATE_LIMITS": '{"auth.login.per_client": "15/minute"}',
        }
    )
    morning = Morning(service.base_url, tmp_path / "artefacts")
    wanted = declared() - ON_BAD_DAYS - set(MOVED_ELSEWHERE)
    seen = Sightings(service.base_url, wanted)

    with ThreadPoolExecutor(3) as people:
        morning.stays()
        work = [people.submit(morning.lesson, number) for number in range(2)]
        seen.watch(work)
        morning.disk_fails()
        pausable_redis.server.process.send_signal(signal.SIGSTOP)
        work += [people.submit(morning.lesson, 2), people.submit(morning.guesses)]
        with cloud.faults.ask("unavailable", on="WriteLogEntries"):
            seen.watch(work)
            seen.wait_for_the_rest()
    for one in work:
        one.result()

    assert seen.missing() == set()


def test_what_is_moved_elsewhere_is_moved_there():
    """Who leaves an instrument out here names the test that moves it (D44)."""
    here = Path(__file__).parent

    silent = [
        name
        for name, test in MOVED_ELSEWHERE.items()
        if f"vividly_{name}" not in (here / test).read_text()
    ]

    assert silent == []


def span_that_finds_no_room() -> None:
    """The export's queue is as full as it may be, and somebody ends another span."""
    queue = BoundedQueue(max_items=1, max_bytes=100)
    Delivery([Courier("spans", NoCarrier(), every_s=60.0, queue=queue)], metrics=EXPORTS)
    for _ in range(2):
        queue.put("span", 1)


class NoCarrier:
    """Is never sent out."""

    def carry(self, batch: object, *, timeout_s: float) -> Receipt:
        raise AssertionError


class BrokenPipe(io.RawIOBase):
    """A standard output whose reader has gone."""

    def writable(self) -> bool:
        return True

    def write(self, _data: object) -> int:
        raise BrokenPipeError


async def test_what_only_a_bad_day_moves_is_counted_too(settings_with, database):
    """A stream, a task that fails, a flood, a misuse and a lost reader leave their mark (D14)."""
    app = create_app(settings_with(environment="development"), stream=BrokenPipe())
    before = {name: total(name) for name in ON_BAD_DAYS}

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(iter([b"data: 1\n\n"]), media_type="text/event-stream")

    @app.get("/background")
    async def background(tasks: BackgroundTasks) -> None:
        tasks.add_task(lambda: 1 / 0)

    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            await http.get("/stream")
            await http.get("/background")
        for number in range(SEATS):
            BRUTE_FORCE_ATTEMPTS.inc(ip_address=f"{number:012x}")
        for _ in range(2):  # seats are reviewed once a second
            for _ in range(1000):
                BRUTE_FORCE_ATTEMPTS.inc(ip_address="f" * 12)
            await asyncio.sleep(1.1)
        metrics_client.increment("no_such_metric_total")
        for _ in range(100):
            get_logger("app.services").error("broke", exc_info=ZeroDivisionError("the same"))
        span_that_finds_no_room()

    assert {name for name in ON_BAD_DAYS if total(name) > before[name]} == ON_BAD_DAYS


def total(name: str) -> float:
    """The sum of all series of an instrument of this process; of a histogram, its count."""
    wanted = {f"vividly_{name}", f"vividly_{name}_count"}
    return sum(
        sample.value
        for family in metrics_client.registry.collect()
        for sample in family.samples
        if sample.name in wanted
    )
