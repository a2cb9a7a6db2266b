"""A lost dependency shows in the metrics, with nobody probing."""

import asyncio

import pytest

from tocsin.clock import SystemClock
from tocsin.errors import DeclarationError
from tocsin.health import Check, Checkup, Finding, Status
from tocsin.health.metrics import HealthMetrics
from tocsin.telemetry.metrics import MetricsClient

SLOW_S = 0.03
KEEP_S = 0.02


async def slow() -> None:
    """Takes its time."""
    await asyncio.sleep(SLOW_S)


async def gone() -> None:
    """Is not there."""
    raise ConnectionRefusedError


async def late() -> Finding:
    """Works, and not as it should."""
    return Finding(Status.WARN)


async def test_what_fails_is_1_and_what_does_not_is_0():
    """A warning is not a failure."""
    told = HealthMetrics(MetricsClient("shop"), "database", "redis", "queue")
    asked = {"database": slow, "redis": gone, "queue": late}
    checkup = Checkup(
        [Check(name=name, ask=ask) for name, ask in asked.items()], clock=SystemClock()
    )

    told.note(await checkup.results())

    assert {name: told.failing.value(check=name) for name in asked} == {
        "database": 0.0,
        "redis": 1.0,
        "queue": 0.0,
    }
    assert told.duration.value(check="database") >= SLOW_S * 1000


async def test_what_came_back_is_0_again():
    """The series follows the state, both ways."""
    told = HealthMetrics(MetricsClient("shop"), "redis")
    answers = iter([ConnectionRefusedError(), None])

    async def ask() -> None:
        if (error := next(answers)) is not None:
            raise error

    check = Check(name="redis", ask=ask, keep_s=KEEP_S, steady_s=0.0)
    checkup = Checkup([check], clock=SystemClock())
    told.note(await checkup.results())
    during = told.failing.value(check="redis")
    await asyncio.sleep(2 * KEEP_S)
    told.note(await checkup.results())

    assert during == 1.0
    assert told.failing.value(check="redis") == 0.0


def test_a_check_of_no_name_is_refused():
    """A label without values could never be told."""
    with pytest.raises(DeclarationError):
        HealthMetrics(MetricsClient("shop"))
