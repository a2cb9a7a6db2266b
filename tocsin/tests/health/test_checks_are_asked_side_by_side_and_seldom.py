"""However many ask, a dependency gets one question a time, and a hanging one holds up nobody."""

import asyncio
import time

import pytest
from ailing import Dependency, checkup_of

from tocsin.errors import DeclarationError
from tocsin.health import Check, Finding, Status
from tocsin.health.checkup import CLOSES_WITHIN_S
from tocsin.telemetry.testing import HandClock


async def test_a_thousand_probes_a_second_make_one_question():
    """A stranger cannot turn probes into load on a database (D39, behaviour 33)."""
    database, clock = Dependency(is_silent=True), HandClock()
    checkup = checkup_of(database.check(timeout_s=5.0), clock=clock)
    crowd = [asyncio.create_task(checkup.results()) for _ in range(1000)]
    await asyncio.sleep(0)

    database.answers.set()
    answers = await asyncio.gather(*crowd)

    assert database.asked == 1
    assert {one.status for (one,) in answers} == {Status.PASS}


async def test_an_answer_is_good_for_its_time_and_no_longer():
    """Cached against floods, and yet true: both by the same clock."""
    database, clock = Dependency(), HandClock()
    checkup = checkup_of(database.check(keep_s=1.0), clock=clock)
    await checkup.results()

    clock.advance(0.9)
    await checkup.results()
    kept = database.asked
    clock.advance(0.2)
    await checkup.results()

    assert (kept, database.asked) == (1, 2)


async def test_three_hanging_checks_take_as_long_as_one():
    """Checks run side by side, each within its own limit (behaviour 33)."""
    silent = [Dependency(is_silent=True) for _ in range(3)]
    checks = [one.check(f"part-{n}", timeout_s=0.2) for n, one in enumerate(silent)]
    checkup = checkup_of(*checks, clock=HandClock())
    began = time.monotonic()

    results = await checkup.results()

    assert time.monotonic() - began < 0.5
    assert [one.reason for one in results] == ["TimeoutError"] * 3


async def test_a_check_that_will_not_let_go_is_not_asked_again():
    """A driver that clings to a dead server costs one task, not one for each probe."""
    clock, lets_go, asked = HandClock(), asyncio.Event(), []

    async def clings() -> None:
        asked.append(1)
        try:
            await asyncio.Event().wait()
        finally:
            await lets_go.wait()

    checkup = checkup_of(Check(name="database", ask=clings, timeout_s=0.02), clock=clock)
    for _ in range(5):
        (result,) = await checkup.results()
        clock.advance(2.0)
    while_clinging = len(asked)
    lets_go.set()
    await asyncio.sleep(0.01)
    await checkup.results()

    assert result.status is Status.FAIL
    assert (while_clinging, len(asked)) == (1, 2)


async def test_one_asker_who_hangs_up_does_not_spoil_the_answer_of_the_others():
    """The question belongs to all who wait for it."""
    database = Dependency(is_silent=True)
    checkup = checkup_of(database.check(timeout_s=5.0), clock=HandClock())
    leaves, stays = (asyncio.create_task(checkup.results()) for _ in range(2))
    await asyncio.sleep(0.01)

    leaves.cancel()
    await asyncio.sleep(0)
    database.answers.set()
    (result,) = await stays

    assert result.status is Status.PASS
    assert database.asked == 1


async def test_what_a_check_saw_is_told_with_it():
    """A finding keeps its number and its unit."""

    async def half_full() -> Finding:
        return Finding(Status.WARN, observed=0.5, unit="ratio")

    (result,) = await checkup_of(Check(name="disk", ask=half_full), clock=HandClock()).results()

    assert (result.status, result.observed, result.unit) == (Status.WARN, 0.5, "ratio")


@pytest.mark.parametrize("limit", [{"timeout_s": 0}, {"keep_s": 0}, {"fails_after": 0}])
def test_a_limit_that_cannot_hold_is_refused(limit):
    """A check without a limit is a probe that hangs: it is told before it can."""
    with pytest.raises(DeclarationError, match="database"):
        Check(name="database", ask=Dependency().ask, **limit)


def test_two_checks_of_one_name_are_refused():
    """One would hide the other."""
    with pytest.raises(DeclarationError, match="names of their own"):
        checkup_of(Dependency().check(), Dependency().check(), clock=HandClock())


async def test_at_the_end_an_answer_is_waited_for_a_moment():
    """What is asked may be closed after it: no question is left behind on a connection."""
    quick = Dependency(is_silent=True)
    checkup = checkup_of(quick.check(timeout_s=5.0), clock=HandClock())
    asking = asyncio.create_task(checkup.results())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.05, quick.answers.set)

    await asyncio.sleep(0.01)
    await checkup.close()

    (found,) = await asking
    assert found.status is Status.PASS


async def test_at_the_end_nobody_waits_for_what_never_answers():
    """A dependency that hangs is let go of within the time that is said."""
    gone = Dependency(is_silent=True)
    checkup = checkup_of(gone.check(timeout_s=60.0), clock=HandClock())
    asking = asyncio.create_task(checkup.results())
    await asyncio.sleep(0.01)
    began = time.monotonic()

    await checkup.close()

    took_s = time.monotonic() - began
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert took_s < 2 * CLOSES_WITHIN_S
