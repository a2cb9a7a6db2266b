"""With REDIS_URL the guards are shared: a real Redis, and processes that know nothing else."""

import asyncio
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.services.protection.assembly import Protection
from app.services.protection.lockout_records import LockoutPolicy, MemoryLockouts
from app.services.protection.rules import Limit, Rule
from app.services.protection.shared_lockouts import SharedLockouts
from tocsin.clock import SystemClock
from tocsin.telemetry.identity import Pseudonyms

KEY = b"a telemetry key for tests, 32 characters and more"
PSEUDONYMS = Pseudonyms(KEY)
ADDRESS, EMAIL = "192.0.2.7", "ada@school.example"
CLIENT = PSEUDONYMS.client(ADDRESS)
BACKEND = Path(__file__).resolve().parents[1]


@pytest.fixture
async def process(settings_with, redis_url):
    """Makes guards as separate processes have them: nothing shared but the store."""
    made = []

    def make(**overrides):
        settings = settings_with(redis_url=redis_url, **overrides)
        # A busy machine must not make a process judge alone: that is another file's subject.
        protection = Protection.build(
            settings, pseudonyms=PSEUDONYMS, clock=SystemClock(), store_timeout_s=10.0
        )
        made.append(protection)
        return protection

    yield make
    for protection in made:
        await protection.close()


def rule_of(limit):
    return Rule("a.rule", limit, limit, says_who_in_body=False)


async def admitted(protection, rule, times=1):
    verdicts = [await protection.limits.check_request(rule, CLIENT) for _ in range(times)]
    return [verdict.admitted for verdict in verdicts]


async def keys_of(protection):
    found = await protection.store.ask("limits", lambda redis: redis.keys("*"))
    return sorted(key.decode() for key in found)


async def test_two_processes_share_one_limit(process):
    """Five a minute are five, not five for each (D83)."""
    one, other, rule = process(), process(), rule_of(Limit(5, 60))

    found = await admitted(one, rule, 3) + await admitted(other, rule, 3)

    assert found == [True] * 5 + [False]


async def test_of_requests_that_race_in_two_processes_exactly_the_limit_is_admitted(process):
    """The look and the count are one step of the store."""
    one, other, rule = process(), process(), rule_of(Limit(7, 60))

    judgements = (protection.limits.check_request(rule, CLIENT) for protection in (one, other) * 20)
    verdicts = await asyncio.gather(*judgements)

    assert sum(verdict.admitted for verdict in verdicts) == 7


async def test_a_wait_that_the_store_states_can_be_relied_on(process):
    """Coming back when told succeeds, and just before it does not: by the store's clock."""
    protection, rule = process(), rule_of(Limit(2, 2))
    await admitted(protection, rule, 2)
    refused = await protection.limits.check_request(rule, CLIENT)

    await asyncio.sleep(refused.reset_s / 2)
    too_early = await protection.limits.check_request(rule, CLIENT)
    await asyncio.sleep(too_early.reset_s + 0.002)
    in_time = await admitted(protection, rule)

    assert refused.admitted is False
    assert 0 < refused.reset_s <= 2
    assert too_early.admitted is False
    assert in_time == [True]


async def test_verdicts_are_the_same_as_in_memory(process, settings_with):
    """Admitted, limit, remaining: the two stores cannot be told apart."""
    shared = process()
    alone = Protection.build(settings_with(), pseudonyms=PSEUDONYMS, clock=SystemClock())
    rule = rule_of(Limit(4, 60))

    told = [
        [(await one.limits.check_request(rule, CLIENT))[:3] for _ in range(6)]
        for one in (shared, alone)
    ]

    assert told[0] == told[1]


async def test_two_processes_share_one_lockout(process):
    """Failures add up across processes; the one that begins the lockout says so, once."""
    one, other = process(), process()

    began = [await one.lockouts.failed(ADDRESS, EMAIL) for _ in range(3)]
    began += [await other.lockouts.failed(ADDRESS, EMAIL) for _ in range(4)]

    assert began == [0, 0, 0, 0, 300, 0, 0]
    assert await one.lockouts.locked_for_s(ADDRESS, " ADA@school.example") == 300


async def test_failures_that_race_in_two_processes_begin_one_lockout(process):
    """Forty wrong passwords at once: one of them is told that it began the lockout."""
    one, other = process(), process()

    began = await asyncio.gather(
        *(protection.lockouts.failed(ADDRESS, EMAIL) for protection in (one, other) * 20)
    )

    assert sorted(began)[-2:] == [0, 300]


async def test_failures_that_are_further_apart_than_the_window_never_add_up(process):
    """Each counts for its own time, although a later one keeps the list alive."""
    policy = LockoutPolicy(failures=3, window_s=1, lockout_s=300)
    own = MemoryLockouts(policy, SystemClock())
    records = SharedLockouts(process().store, policy, own)

    began = []
    for pause_s in (0.0, 0.6, 0.6, 0.6):
        await asyncio.sleep(pause_s)
        began.append((await records.failed(CLIENT, "account")).locked_s)

    assert began == [0, 0, 0, 0]


async def test_a_lockout_ends_and_a_success_wipes_the_slate(process):
    """As in memory, by the store's own clock."""
    one, other = process(lockout_failures=2, lockout_s=2), process(lockout_failures=2, lockout_s=2)
    for _ in range(2):
        await one.lockouts.failed(ADDRESS, EMAIL)
    locked_s = await other.lockouts.locked_for_s(ADDRESS, EMAIL)

    await asyncio.sleep(2.05)
    after = await other.lockouts.locked_for_s(ADDRESS, EMAIL)
    began = [await one.lockouts.failed(ADDRESS, EMAIL)]
    await other.lockouts.succeeded(ADDRESS, EMAIL)
    began.append(await one.lockouts.failed(ADDRESS, EMAIL))

    assert (locked_s, after) == (2, 0)
    assert began == [0, 0]


async def test_a_sprayer_is_stopped_across_processes_and_the_familiar_are_spared(process):
    """The address's failures are one number, wherever they were met."""
    few = {"auth.wrong_passwords.per_client": "6/hour"}
    one, other = process(rate_limits=few), process(rate_limits=few)
    await one.lockouts.succeeded(ADDRESS, EMAIL)
    for number in range(3):
        await one.lockouts.failed(ADDRESS, f"pupil{number}@school.example")
        await other.lockouts.failed(ADDRESS, f"other{number}@school.example")

    stranger_s = await one.lockouts.locked_for_s(ADDRESS, "new@school.example")
    familiar_s = await other.lockouts.locked_for_s(ADDRESS, EMAIL)

    assert 3590 < stranger_s <= 3600
    assert familiar_s == 0


async def test_two_processes_share_revocations(process):
    """A session that one of them ended is refused by the other."""
    one, other = process(), process()

    await one.revocations.revoke("session-7", for_s=900)

    assert await other.revocations.is_revoked("session-7") is True
    assert await other.revocations.is_revoked("session-8") is False


async def test_the_store_holds_pseudonyms_only_and_forgets_by_itself(process):
    """No address, mailbox, account or session is in any key or value, and every key expires."""
    protection, rule = process(), rule_of(Limit(5, 60))
    await protection.limits.check_request(rule, CLIENT)
    await protection.limits.check_request(rule, CLIENT, "user-42")
    await protection.limits.check_account("auth.login", ADDRESS, EMAIL)
    for _ in range(5):
        await protection.lockouts.failed(ADDRESS, EMAIL)
    await protection.lockouts.failed(ADDRESS, "ben@school.example")
    await protection.lockouts.succeeded(ADDRESS, "cy@school.example")
    await protection.revocations.revoke("session-7", for_s=900)

    keys = await keys_of(protection)
    lives = [
        await protection.store.ask("limits", lambda redis, key=key: redis.pttl(key)) for key in keys
    ]

    assert len(keys) == 8
    assert all(re.fullmatch(r"vividly:[a-z_.:{}0-9]+", key) for key in keys)
    assert not any(word in key for key in keys for word in (ADDRESS, "school", "42", "session-7"))
    assert all(0 < life_ms <= 14 * 86400 * 1000 for life_ms in lives)


GUESS = """
import asyncio, json, sys
from app.core.config import Settings
from app.services.protection.assembly import Protection
from tocsin.clock import SystemClock
from tocsin.telemetry.identity import Pseudonyms

async def guess(url, times):
    settings = Settings.load(
        environment="test", secret_key="s" * 32, telemetry_key="t" * 32, redis_url=url
    )
    pseudonyms = Pseudonyms(%r)
    protection = Protection.build(
        settings, pseudonyms=pseudonyms, clock=SystemClock(), store_timeout_s=10.0
    )
    rule = protection.limits.rules["content.generate"]
    client = pseudonyms.client("192.0.2.7")
    verdicts = [await protection.limits.check_request(rule, client, "ada") for _ in range(times)]
    began = [await protection.lockouts.failed("192.0.2.7", "ada@school.example") for _ in range(3)]
    await protection.close()
    print(json.dumps([sum(verdict.admitted for verdict in verdicts), began]))

asyncio.run(guess(sys.argv[1], int(sys.argv[2])))
"""


def test_processes_of_the_operating_system_share_limit_and_lockout(redis_url):
    """Two interpreters at the same time: twenty of thirty pass, five of six failures lock."""
    paths = f"{BACKEND}:{BACKEND.parent / 'tocsin' / 'src'}"
    with ThreadPoolExecutor(2) as both:
        guessing = [
            both.submit(
                subprocess.run,
                [sys.executable, "-c", GUESS % KEY, redis_url, "15"],
                env={"PYTHONPATH": paths},
                capture_output=True,
                check=True,
                timeout=60,
            )
            for _ in range(2)
        ]

    told = [json.loads(guesser.result().stdout.splitlines()[-1]) for guesser in guessing]

    assert sum(passed for passed, _ in told) == 20
    assert sorted(began for _, list_ in told for began in list_) == [0, 0, 0, 0, 0, 300]
