"""Strangers get a status, operators get all, and an ending process is not ready."""

import asyncio

import httpx
import pytest
from ailing import Dependency, checkup_of
from starlette.applications import Starlette

from tocsin.health import Health, Life, LoopWatch, Phase, health_routes
from tocsin.telemetry.testing import HandClock

OPERATOR = {"authorization": "Bearer operator"}
SECRETS = ("database", "db-7.internal", "ConnectionRefusedError", "1.2.3", "abc123")


def health_of(*checks, clock=None, sections=None) -> Health:
    """A process that is ready, with these checks."""
    hand = clock or HandClock()
    health = Health(
        checkup=checkup_of(*checks, clock=hand),
        life=Life(hand),
        loop=LoopWatch(clock=hand),
        release={"version": "1.2.3", "releaseId": "abc123"},
        sections=sections or {},
    )
    health.life.enter(Phase.READY)
    return health


def visitor(health: Health) -> httpx.AsyncClient:
    """Somebody who speaks HTTP to it."""

    async def may_see(request) -> bool:
        return request.headers.get("authorization") == OPERATOR["authorization"]

    app = Starlette(routes=health_routes(health, may_see=may_see))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


def failing() -> Dependency:
    """A dependency whose error names its host."""
    gone = Dependency()
    gone.error = ConnectionRefusedError("db-7.internal refused")
    return gone


async def test_liveness_answers_while_everything_else_hangs():
    """No dependency is asked, so none can hold it up (behaviour 33, R118)."""
    silent = [Dependency(is_silent=True).check(f"part-{n}", timeout_s=9.0) for n in range(5)]
    async with visitor(health_of(*silent)) as client:
        waiting = asyncio.create_task(client.get("/health/ready"))
        await asyncio.sleep(0.01)

        answers = [await client.get("/health") for _ in range(5)]

        waiting.cancel()
    assert {one.status_code for one in answers} == {200}
    assert min(one.elapsed.total_seconds() for one in answers) < 0.05


@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.DRAINING, Phase.STOPPED])
async def test_a_process_that_starts_or_ends_is_not_ready(phase):
    """Whatever its dependencies say, nobody should send requests there (R125)."""
    health = health_of(Dependency().check())
    health.life.phase = phase
    async with visitor(health) as client:
        answer = await client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json() == {"status": "fail"}


@pytest.mark.parametrize("path", ["/health", "/health/ready", "/health/detailed"])
async def test_strangers_learn_no_name_no_version_and_no_error(path):
    """A map of the system is for those who run it (D39, D79, behaviour 33)."""
    async with visitor(health_of(failing().check())) as client:
        answer = await client.get(path)

    told = answer.text + str(answer.headers)
    assert [secret for secret in SECRETS if secret in told] == []


async def test_operators_learn_which_part_fails_but_not_its_words():
    """The type of an error leads to the log; its text may hold a host or a password (D39)."""
    async with visitor(health_of(failing().check(owner="engineering"))) as client:
        answer = await client.get("/health/ready", headers=OPERATOR)

    (part,) = answer.json()["checks"]["database"]
    assert (part["status"], part["output"]) == ("fail", "ConnectionRefusedError")
    assert part["owner"] == "engineering"
    assert "db-7" not in answer.text


async def test_details_need_a_right():
    """R129 is for those who may know."""
    async with visitor(health_of(Dependency().check())) as client:
        refused = await client.get("/health/detailed")
        told = await client.get("/health/detailed", headers=OPERATOR)

    assert refused.status_code == 403
    assert (told.status_code, told.json()["version"], told.json()["releaseId"]) == (
        200,
        "1.2.3",
        "abc123",
    )


async def test_a_part_of_the_details_that_fails_is_unknown_and_hides_no_other():
    """A page for the worst hour must not fall over one gauge (D40)."""

    def broken() -> dict:
        raise OSError("no /proc")

    parts = {"resources": broken, "recent": lambda: {"requests": 7}}
    async with visitor(health_of(sections=parts)) as client:
        told = (await client.get("/health/detailed", headers=OPERATOR)).json()

    assert told["resources"] == {"unknown": "OSError"}
    assert told["recent"] == {"requests": 7}


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_probes_may_ask_with_head_and_nobody_keeps_the_answer(method, path):
    """Health+JSON, never cached, the same status either way."""
    async with visitor(health_of(Dependency().check())) as client:
        answer = await client.request(method, path)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/health+json"
    assert bool(answer.content) is (method == "GET")


def test_a_phase_is_entered_once_and_told_with_its_seconds():
    """Signals come twice; life goes one way."""
    clock, told = HandClock(), []
    life = Life(clock, tell=lambda *what: told.append(what))

    clock.advance(2.5)
    life.enter(Phase.READY)
    life.enter(Phase.DRAINING)
    life.enter(Phase.READY)

    assert told == [(Phase.STARTING, Phase.READY, 2.5), (Phase.READY, Phase.DRAINING, 0.0)]
