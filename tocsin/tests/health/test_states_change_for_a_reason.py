"""Unknown is not well, a blip is not an outage, and a recovery must last."""

import pytest
from ailing import Dependency, checkup_of

from tocsin.health import Criticality, Finding, Result, Status
from tocsin.health.checkup import overall
from tocsin.telemetry.testing import HandClock

PASS, WARN, FAIL, UNKNOWN = Status.PASS, Status.WARN, Status.FAIL, Status.UNKNOWN


@pytest.mark.parametrize(
    ("criticality", "status", "whole"),
    [
        (Criticality.REQUIRED, UNKNOWN, FAIL),
        (Criticality.REQUIRED, FAIL, FAIL),
        (Criticality.REQUIRED, WARN, WARN),
        (Criticality.REQUIRED, PASS, PASS),
        (Criticality.DEGRADING, FAIL, WARN),
        (Criticality.DEGRADING, UNKNOWN, WARN),
        (Criticality.INFORMATIVE, FAIL, PASS),
    ],
)
def test_what_a_loss_means_is_said_by_its_criticality(criticality, status, whole):
    """Required and not known to be well fails the whole (behaviour 33)."""
    check = Dependency().check(criticality=criticality)

    found = overall([Result(check=check, status=status)])

    assert found is whole


async def test_a_single_error_is_confirmed_before_it_is_believed():
    """One lost packet takes no instance out of service."""
    database, clock, told = Dependency(), HandClock(), []
    checkup = checkup_of(database.check(fails_after=2), clock=clock, told=told)
    await checkup.results()
    answers = iter([OSError("blip"), None])

    async def once_bad() -> None:
        if (error := next(answers)) is not None:
            raise error

    clock.advance(2.0)
    object.__setattr__(checkup._asked[0].check, "ask", once_bad)
    (result,) = await checkup.results()

    assert result.status is PASS
    assert told == [(UNKNOWN, PASS)]


async def test_an_outage_is_told_in_the_round_that_finds_it():
    """Confirming costs a moment, not another probe's period."""
    database, clock = Dependency(), HandClock()
    checkup = checkup_of(database.check(fails_after=2), clock=clock)
    await checkup.results()
    database.error = ConnectionRefusedError()

    clock.advance(2.0)
    (result,) = await checkup.results()

    assert (result.status, result.reason) == (FAIL, "ConnectionRefusedError")
    assert database.asked == 3


async def test_who_recovers_must_stay_well_for_a_while():
    """A dependency that comes and goes is gone (behaviour 33: flapping is damped)."""
    database, clock, told = Dependency(), HandClock(), []
    checkup = checkup_of(database.check(steady_s=3.0), clock=clock, told=told)
    database.error = OSError()
    await checkup.results()
    database.error = None

    seen = []
    for _ in range(4):
        clock.advance(1.1)
        (result,) = await checkup.results()
        seen.append(result.status)

    assert seen == [FAIL, FAIL, PASS, PASS]
    assert told == [(UNKNOWN, FAIL), (FAIL, PASS)]


async def test_the_first_answer_counts_as_it_is():
    """Nobody waits for a second look when a process starts."""
    well, ill = Dependency(), Dependency()
    ill.error = OSError()
    checks = well.check("well", fails_after=3), ill.check("ill", fails_after=3)

    results = await checkup_of(*checks, clock=HandClock()).results()

    assert [one.status for one in results] == [PASS, FAIL]
    assert (well.asked, ill.asked) == (1, 1)


async def test_since_when_it_is_so_outlives_each_new_answer():
    """The moment of the last change is what a tired person asks for first (R130)."""
    database, clock = Dependency(), HandClock()
    checkup = checkup_of(database.check(), clock=clock)
    (first,) = await checkup.results()

    clock.advance(60.0)
    (later,) = await checkup.results()

    assert later.since_ns == first.since_ns
    assert later.asked_ns == first.asked_ns + 60 * 10**9


def test_a_finding_without_words_is_well():
    """A check that returns has nothing to complain of."""
    assert Finding().status is PASS
