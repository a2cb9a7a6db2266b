"""Readiness is asked, not remembered: bounded, shared among askers, and silent on details."""

import asyncio

from app.core.health import Readiness
from tocsin.telemetry.testing import HandClock


class Dependency:
    """Something to ask, which counts how often it was and does as it is told."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None
        self.answers = asyncio.Event()
        self.answers.set()

    async def check(self) -> None:
        self.asked += 1
        await self.answers.wait()
        if self.error is not None:
            raise self.error


async def test_a_service_is_ready_while_everything_it_stands_on_answers():
    """Yes needs every yes."""
    database, redis = Dependency(), Dependency()
    readiness = Readiness({"database": database.check, "redis": redis.check}, clock=HandClock())

    ready = await readiness.is_ready()

    assert ready
    assert (database.asked, redis.asked) == (1, 1)


async def test_one_failing_dependency_is_enough_for_a_no():
    """The other one's yes does not help."""
    database, redis = Dependency(), Dependency()
    redis.error = ConnectionRefusedError("redis://user:secret@10.0.0.1")
    readiness = Readiness({"database": database.check, "redis": redis.check}, clock=HandClock())

    ready = await readiness.is_ready()

    assert not ready


async def test_what_has_a_stand_in_is_asked_and_its_loss_tolerated():
    """Without Redis each process limits by itself: one yes less, and still ready (R127)."""
    database, redis = Dependency(), Dependency()
    redis.error = ConnectionRefusedError("gone")
    readiness = Readiness(
        {"database": database.check}, tolerated={"redis": redis.check}, clock=HandClock()
    )

    ready = await readiness.is_ready()

    assert ready
    assert redis.asked == 1


async def test_a_dependency_that_hangs_is_one_that_fails():
    """The answer comes within the check's time, whatever the dependency does."""
    database = Dependency()
    database.answers.clear()
    readiness = Readiness({"database": database.check}, clock=HandClock(), timeout_s=0.05)

    async with asyncio.timeout(1.0):
        ready = await readiness.is_ready()

    assert not ready


async def test_a_check_that_will_not_let_go_is_neither_waited_for_nor_asked_again():
    """A driver that clings to a dead server costs one task, not one for each probe."""
    clock, lets_go, asked = HandClock(), asyncio.Event(), []

    async def clings() -> None:
        asked.append(1)
        try:
            await asyncio.Event().wait()
        finally:
            await lets_go.wait()

    readiness = Readiness({"database": clings}, clock=clock, timeout_s=0.02, keep_s=1.0)
    answers = []
    async with asyncio.timeout(1.0):
        for _ in range(5):
            answers.append(await readiness.is_ready())
            clock.advance(2.0)
    lets_go.set()
    await asyncio.sleep(0.01)
    await readiness.is_ready()

    assert answers == [False] * 5
    assert len(asked) == 2


async def test_a_crowd_that_asks_makes_one_question():
    """A stranger cannot turn probes into load on our database (D39)."""
    database = Dependency()
    database.answers.clear()
    readiness = Readiness({"database": database.check}, clock=HandClock())
    crowd = [asyncio.create_task(readiness.is_ready()) for _ in range(100)]
    await asyncio.sleep(0.01)

    database.answers.set()
    answers = await asyncio.gather(*crowd)

    assert answers == [True] * 100
    assert database.asked == 1


async def test_one_asker_who_hangs_up_does_not_spoil_the_answer_of_the_others():
    """The question belongs to all who wait for it."""
    database = Dependency()
    database.answers.clear()
    readiness = Readiness({"database": database.check}, clock=HandClock())
    leaves, stays = (asyncio.create_task(readiness.is_ready()) for _ in range(2))
    await asyncio.sleep(0.01)

    leaves.cancel()
    await asyncio.sleep(0.01)
    database.answers.set()

    assert await stays
    assert database.asked == 1


async def test_an_answer_is_good_for_a_second_and_no_longer():
    """Cached against floods, and yet true: both by the same clock."""
    database = Dependency()
    clock = HandClock()
    readiness = Readiness({"database": database.check}, clock=clock, keep_s=1.0)
    await readiness.is_ready()
    database.error = OSError("gone")

    clock.advance(0.9)
    before = await readiness.is_ready()
    clock.advance(0.2)
    after = await readiness.is_ready()
    database.error = None
    clock.advance(1.1)
    recovered = await readiness.is_ready()

    assert (before, after, recovered) == (True, False, True)
    assert database.asked == 3


async def test_a_process_that_ends_is_not_ready_whatever_answers():
    """Nobody should send requests to who is about to leave."""
    database = Dependency()
    readiness = Readiness({"database": database.check}, clock=HandClock())
    await readiness.is_ready()

    readiness.drain()

    assert not await readiness.is_ready()
    assert database.asked == 1
