"""The shared store dies, hangs and returns under traffic: requests go on, and it is heard."""

import asyncio
import signal
import time

import pytest
from real.programs import Server, accepts_connections, find_program, free_port
from real.redis import RedisServer

from app.core.config import ConfigurationError
from app.core.metrics import LIMIT_STORE_ERRORS
from app.services.protection.assembly import Protection
from app.services.protection.rules import Limit, Rule
from app.services.protection.shared import TIMEOUT_S
from tocsin.clock import SystemClock
from tocsin.telemetry.identity import Pseudonyms

PSEUDONYMS = Pseudonyms(b"a telemetry key for tests, 32 characters and more")
ADDRESS, EMAIL = "192.0.2.7", "ada@school.example"
CLIENT = PSEUDONYMS.client(ADDRESS)
RULE = Rule("a.rule", Limit(1000, 60), Limit(1000, 60), says_who_in_body=False)


@pytest.fixture
def own_redis(tmp_path):
    """A Redis of this test's own, to be killed and paused; started again on the same port."""
    program = find_program("redis-server", package="redis-server")
    started = []

    def start(port=None):
        port = port or free_port()
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        server = Server(command, port=port, log=tmp_path / "redis.log")
        server.wait_until(lambda: accepts_connections(port))
        started.append(server)
        return RedisServer(server)

    yield start
    for server in started:
        if server.process.poll() is None:
            server.process.send_signal(signal.SIGCONT)
        server.stop()


@pytest.fixture
async def process(settings_with):
    made = []

    def make(redis, timeout_s=1.0):
        settings = settings_with(redis_url=redis.url)
        protection = Protection.build(
            settings, pseudonyms=PSEUDONYMS, clock=SystemClock(), store_timeout_s=timeout_s
        )
        made.append(protection)
        return protection

    yield make
    for protection in made:
        await protection.close()


async def check(protection):
    started = time.perf_counter()
    verdict = await protection.limits.check_request(RULE, CLIENT)
    return verdict.admitted, time.perf_counter() - started


async def until_up(protection, timeout_s=10.0):
    end = time.perf_counter() + timeout_s
    while not protection.store.is_up and time.perf_counter() < end:
        await check(protection)
        await asyncio.sleep(0.05)
    return protection.store.is_up


async def test_a_hung_store_delays_one_moment_and_not_every_request(own_redis, process):
    """SIGSTOP: the first wave waits for the time-out, all later requests do not wait at all."""
    redis = own_redis()
    protection = process(redis, TIMEOUT_S)
    await check(protection)

    redis.server.process.send_signal(signal.SIGSTOP)
    first_wave = await asyncio.gather(*(check(protection) for _ in range(20)))
    later = [await check(protection) for _ in range(200)]

    assert all(admitted for admitted, _ in first_wave + later)
    assert max(seconds for _, seconds in first_wave) < 4 * TIMEOUT_S
    assert sorted(seconds for _, seconds in later)[-10] < 0.005


async def test_a_lockout_that_processes_reckoned_together_outlives_the_store(own_redis, process):
    """Three failures here and two there: who saw the lockout refuses alone, too."""
    redis = own_redis()
    here, there, asked = process(redis), process(redis), process(redis)
    for one in (here, here, here, there, there):
        await one.lockouts.failed(ADDRESS, EMAIL)
    await asked.lockouts.locked_for_s(ADDRESS, EMAIL)

    redis.server.process.send_signal(signal.SIGKILL)
    redis.server.process.wait(5)
    left_s = [await one.lockouts.locked_for_s(ADDRESS, EMAIL) for one in (there, asked)]

    assert all(295 <= left <= 300 for left in left_s)
    assert not there.store.is_up


async def test_a_store_that_comes_back_is_used_again(own_redis, process):
    """SIGCONT: within seconds limits are shared once more, and nobody had to restart."""
    redis = own_redis()
    one, other = process(redis), process(redis)
    redis.server.process.send_signal(signal.SIGSTOP)
    await check(one)
    was_up = one.store.is_up

    redis.server.process.send_signal(signal.SIGCONT)
    came_back = await until_up(one)
    for _ in range(3):
        await one.lockouts.failed(ADDRESS, EMAIL)
        await other.lockouts.failed(ADDRESS, EMAIL)

    assert (was_up, came_back) == (False, True)
    assert await one.lockouts.locked_for_s(ADDRESS, EMAIL) == 300
    assert await other.lockouts.locked_for_s(ADDRESS, EMAIL) == 300


async def test_a_killed_store_leaves_every_guard_standing_on_its_own(own_redis, process):
    """Limits, lockouts and revocations go on in this process's memory, each miss counted."""
    redis = own_redis()
    protection = process(redis)
    for _ in range(4):
        await protection.lockouts.failed(ADDRESS, EMAIL)
    await protection.revocations.revoke("before", for_s=900)
    redis.server.process.kill()
    redis.server.process.wait(10)
    purposes = ("limits", "lockouts", "revocations")
    before = [LIMIT_STORE_ERRORS.value(purpose=purpose) for purpose in purposes]

    verdicts = [(await protection.limits.check_request(RULE, CLIENT)) for _ in range(5)]
    fifth = await protection.lockouts.failed(ADDRESS, EMAIL)
    locked_s = await protection.lockouts.locked_for_s(ADDRESS, EMAIL)
    await protection.revocations.revoke("during", for_s=900)
    revoked = [await protection.revocations.is_revoked(name) for name in ("before", "during", "x")]

    assert [verdict.remaining for verdict in verdicts] == [999, 998, 997, 996, 995]
    assert (fifth, locked_s) == (300, 300)
    assert revoked == [True, True, False]
    after = [LIMIT_STORE_ERRORS.value(purpose=purpose) for purpose in purposes]
    assert [now - then for now, then in zip(after, before, strict=True)] == [5, 2, 2]


async def test_what_was_revoked_meanwhile_reaches_the_others_when_the_store_returns(
    own_redis, process
):
    """A sign-out during an outage is not forgotten: an empty new server is told of it."""
    redis = own_redis()
    one, other = process(redis), process(redis)
    await check(one)
    redis.server.process.kill()
    redis.server.process.wait(10)
    await one.revocations.revoke("during", for_s=900)

    own_redis(redis.server.port)
    came_back = [await until_up(one), await until_up(other)]
    await asyncio.sleep(0.2)

    assert came_back == [True, True]
    assert await other.revocations.is_revoked("during") is True


async def test_a_store_that_was_never_there_keeps_nobody_out(process):
    """A wrong port, a firewall: the service starts, serves and counts."""

    class Nowhere:
        url = f"redis://127.0.0.1:{free_port()}/0"

    protection = process(Nowhere)

    found = [await check(protection) for _ in range(50)]

    assert all(admitted for admitted, _ in found)
    assert sum(seconds for _, seconds in found) < 1.0


def test_an_address_that_cannot_be_read_stops_the_start(settings_with):
    """In one line, without the address: it may hold a password."""
    settings = settings_with(redis_url="redis://user:hunter2@cache:port/0")

    with pytest.raises(ConfigurationError) as refused:
        Protection.build(settings, pseudonyms=PSEUDONYMS, clock=SystemClock())

    assert refused.value.lines[0].startswith("REDIS_URL: is no address of a Redis")
    assert "hunter2" not in str(refused.value)
