"""What load balancers, uptime checks and people are told, while real servers fail.

The table at the top is the promise; each row is lived through once with a real PostgreSQL
and a real Redis (behaviour 33, D36 to D41).
"""

import http.client
import json
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import httpx
import psutil
import pytest
from people import signed_in
from real.postgres import PostgresServer
from real.programs import Server, free_port
from real.redis import RedisServer
from real.service import How, Service, StartService

from app.core.vocabulary import Role
from tocsin.rehearsal.drills.proxy import TroubledProxy

TOKEN = {"authorization": "Bearer an operator's token, as long as one should be"}
READY_WITHIN_S = 5.0
ALIVE_WITHIN_S = 0.05
BACK_WITHIN_S = 12.0


@contextmanager
def paused(server: subprocess.Popen[bytes]) -> Iterator[None]:
    """A server that takes connections and questions, and answers none (SIGSTOP)."""
    processes = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    for one in processes:
        one.suspend()
    try:
        yield
    finally:
        for one in processes:
            one.resume()


@contextmanager
def refused(proxy: TroubledProxy) -> Iterator[None]:
    """Each connection is cut, and each new one refused, as of a server that is gone."""
    proxy.refuse()
    try:
        yield
    finally:
        proxy.pass_on()


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    """The program itself ends, and is started again on its port."""
    server.stop(signal.SIGINT)
    try:
        yield
    finally:
        server.start_again()


@contextmanager
def slowed(proxy: TroubledProxy, seconds: float) -> Iterator[None]:
    """Every packet takes this long."""
    proxy.delay(seconds)
    try:
        yield
    finally:
        proxy.pass_on()


@dataclass
class Ground:
    """The service on servers that can be hurt."""

    service: Service
    database: TroubledProxy
    redis: TroubledProxy
    postgres: PostgresServer
    redis_server: RedisServer
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.service.base_url, timeout=15.0)

    def asked(self, path: str) -> httpx.Response:
        """One answer, an operator's."""
        return self.client.get(path, headers=TOKEN)


Trouble = Callable[[Ground], object]
# what fails                how                                              ready  status  part
TABLE: list[tuple[str, Trouble, int, str, str]] = [
    ("database refused", lambda g: refused(g.database), 503, "fail", "database"),
    ("database stopped", lambda g: stopped(g.postgres.server), 503, "fail", "database"),
    ("database paused", lambda g: paused(g.postgres.server.process), 503, "fail", "database"),
    ("database slow", lambda g: slowed(g.database, 3.0), 503, "fail", "database"),
    ("database a little slow", lambda g: slowed(g.database, 0.1), 200, "pass", ""),
    ("redis refused", lambda g: refused(g.redis), 200, "warn", "redis"),
    ("redis stopped", lambda g: stopped(g.redis_server.server), 200, "warn", "redis"),
    ("redis paused", lambda g: paused(g.redis_server.server.process), 200, "warn", "redis"),
    ("redis slow", lambda g: slowed(g.redis, 3.0), 200, "warn", "redis"),
]


@pytest.fixture
def ground(
    running_service: StartService,
    postgres: PostgresServer,
    postgres_url: str,
    redis_server: RedisServer,
    redis_url: str,
) -> Iterator[Ground]:
    """A ready service, with a proxy before each server."""
    with ExitStack() as stack:
        database = stack.enter_context(TroubledProxy("127.0.0.1", postgres.server.port))
        redis = stack.enter_context(TroubledProxy("127.0.0.1", redis_server.server.port))
        env = {
            "DATABASE_URL": postgres_url.replace(str(postgres.server.port), str(database.port)),
            "REDIS_URL": redis_url.replace(str(redis_server.server.port), str(redis.port)),
            "EMBEDDED_WORKER": "false",
            "ENVIRONMENT": "staging",
            "METRICS_TOKEN": TOKEN["authorization"].removeprefix("Bearer "),
        }
        service = running_service("run", env=env)
        found = Ground(service, database, redis, postgres, redis_server)
        yield found
        found.client.close()


def test_each_outage_has_its_answer_and_its_time(ground: Ground):
    """Alive throughout; ready or not as the table says, within the budget, and back again (D37)."""
    wrong = []
    for name, trouble, status, word, part in TABLE:
        with trouble(ground):
            time.sleep(1.1)  # the last answer is not good any more
            ready = ground.asked("/health/ready")
            alive = [ground.client.get("/health") for _ in range(5)]
        until = time.monotonic() + BACK_WITHIN_S
        while ground.asked("/health/ready").json()["status"] != "pass":
            assert time.monotonic() < until, f"{name}: is not back"
            time.sleep(0.2)
        told = ready.json()
        found = (ready.status_code, told["status"], [*told["checks"]])
        if found != (status, word, [part] if part else []):
            wrong.append((name, found))
        if ready.elapsed.total_seconds() > READY_WITHIN_S:
            wrong.append((name, "ready took", ready.elapsed))
        if {one.status_code for one in alive} != {200}:
            wrong.append((name, "not alive"))
        if min(one.elapsed.total_seconds() for one in alive) > ALIVE_WITHIN_S:
            wrong.append((name, "alive took", alive[0].elapsed))

    assert wrong == []


def test_a_thousand_probes_make_few_questions(ground: Ground, postgres_url: str):
    """Probes are never refused, and the database gets one question a second (D39)."""
    asked = _transactions(ground, postgres_url)
    began = time.monotonic()

    statuses = {ground.client.get("/health/ready").status_code for _ in range(1000)}

    took_s = time.monotonic() - began
    new = _transactions(ground, postgres_url) - asked
    assert statuses == {200}
    # The samplers of sessions, queue and server ask in these seconds too.
    assert new <= 3 * took_s + 12


def _transactions(ground: Ground, url: str) -> int:
    """Transactions that this test's database has seen."""
    name = url.rpartition("/")[2]
    query = f"SELECT xact_commit FROM pg_stat_database WHERE datname = '{name}'"  # noqa: S608 - ours
    place = ["-h", "127.0.0.1", "-p", str(ground.postgres.server.port), "-U", "vividly"]
    time.sleep(1.2)  # the server's statistics are a second late
    answer = subprocess.run(
        ["psql", *place, "-At", "-c", query, "postgres"],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return int(answer.stdout)


def test_details_hold_what_an_operator_looks_for(ground: Ground):
    """Dependencies, resources, recent requests, exporters, release: each behind a check (D38)."""
    ground.client.get("/api/v1/auth/me")

    told = ground.asked("/health/detailed").json()

    assert {"database", "redis", "clock", "artefacts", "queue", "provider"} <= told["checks"].keys()
    assert told["checks"]["database"][0]["took_s"] > 0
    assert told["resources"]["memory_bytes"] > 10_000_000
    assert told["recent_requests"]["requests"] >= 1
    assert told["version"]
    assert told["releaseId"] == "unknown"
    assert told["phase"] == "ready"


async def test_details_are_for_admins_and_operators(app, client):
    """A student's token opens nothing; an admin's does (D39, D73)."""
    people = {role: await signed_in(app.state.services, role) for role in Role}

    found = {
        role: (await client.get("/health/detailed", headers=one.headers)).status_code
        for role, one in people.items()
    }

    assert found == {
        Role.STUDENT: 403,
        Role.TEACHER: 403,
        Role.ADMIN: 200,
        Role.SUPER_ADMIN: 200,
    }


async def test_probes_are_no_traffic_of_ours(app, client):
    """Health has series of its own, and is in no indicator (D35, behaviour 34)."""
    http = app.state.services.telemetry.http
    before = http.requests.total_events()

    for path in ("/health", "/health/ready"):
        await client.get(path)

    assert http.requests.total_events() == before
    assert http.probes.value(endpoint="/health", status_code=200) >= 1


def test_a_worker_has_a_door_for_probes(running_service: StartService):
    """It serves no API, and is asked all the same (D37)."""
    port = free_port()
    running_service("worker", env={"HEALTH_PORT": str(port)})

    answers = [httpx.get(f"http://127.0.0.1:{port}{path}") for path in ("/health", "/health/ready")]

    assert [one.status_code for one in answers] == [200, 200]


def test_a_door_for_several_processes_is_refused(running_service: StartService):
    """One line says which setting, and how to mend it."""
    env = {"HEALTH_PORT": str(free_port())}
    service = running_service("run", workers=2, env=env, wait=False)

    assert service.wait() == 2
    assert "HEALTH_PORT" in service.notices


@pytest.mark.parametrize(
    ("how", "workers"),
    [("run", 1), ("uvicorn", 2), ("gunicorn", 2), ("gunicorn --preload", 2)],
)
def test_an_end_under_load_fails_no_request_that_was_accepted(
    running_service: StartService, how: How, workers: int
):
    """Not ready first, then what is in flight, then the rest: nobody sees a cut answer."""
    unlimited = json.dumps({"reads": "9000/second", "reads.per_client": "9000/second"})
    env = {"EMBEDDED_WORKER": "false", "RATE_LIMITS": unlimited}
    service = running_service(how, workers=workers, env=env)
    with ThreadPoolExecutor(8) as pool:
        callers = [pool.submit(_ask_until_the_door_is_shut, service.port) for _ in range(8)]
        time.sleep(1.0)
        service.send(signal.SIGTERM)
        code = service.wait()
        asked = [one for caller in callers for one in caller.result()]

    accepted = {entry.get("request_id") for entry in service.log_lines if "httpRequest" in entry}
    cut = [one for one in asked if one.status == 0 and one.request_id in accepted]
    phases = [one["phase"] for one in service.log_lines if one["message"] == "phase_entered"]
    assert cut == []
    assert {one.status for one in asked} <= {0, 401}
    assert len([one for one in asked if one.status and one.request_id in accepted]) > 50
    assert code == 0
    assert {"draining", "stopped"} <= set(phases)


@dataclass(frozen=True)
class Asked:
    """One request, and what came of it; 0 if no answer did."""

    request_id: str
    status: int


def _ask_until_the_door_is_shut(port: int) -> list[Asked]:
    """One request after the other, a connection each, until none is taken any more."""
    asked = []
    while True:
        request_id = uuid.uuid4().hex
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/api/v1/auth/me", headers={"x-request-id": request_id})
            asked.append(Asked(request_id, connection.getresponse().status))
        except ConnectionRefusedError:
            return asked
        except (ConnectionError, http.client.HTTPException):
            # Either the kernel closed it with the listener, before anybody took it, or the
            # service took it and broke it off: the service's own log knows which.
            asked.append(Asked(request_id, 0))
        finally:
            connection.close()
