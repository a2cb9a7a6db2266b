"""A worker takes up what is asked, keeps its hold, drains when told, and outlives outages."""

import asyncio
import time

from lesson_desk import LessonDesk
from scripted_provider import ScriptedProvider, hang
from sqlalchemy import text
from waiting import until

from app.core.vocabulary import Outcome, Stage, Status
from app.workers.queue import ContentQueue


async def test_what_is_asked_in_this_process_is_taken_up_at_once(desk: LessonDesk):
    """The bell, not the poll: a worker that looks once an hour starts within the second."""
    async with desk.at_work(desk.worker(poll_s=3600.0)) as worker:
        await asyncio.sleep(0.2)
        request = await desk.ask()
        worker.wake()
        await asyncio.wait_for(desk.provider.reached[Stage.RETRIEVAL].wait(), timeout=1.0)
        row = await desk.ended(request.id)

    assert row.outcome is Outcome.COMPLETED


async def test_what_another_process_asked_is_found_by_looking(any_desk: LessonDesk):
    """Nobody rings: the next look finds it."""
    async with any_desk.at_work():
        await asyncio.sleep(0.1)
        row = await any_desk.ended((await any_desk.ask()).id)

    assert row.outcome is Outcome.COMPLETED


async def test_no_more_than_its_share_at_a_time(desk: LessonDesk):
    """Two at once if told so; the third waits its turn."""
    desk.provider = ScriptedProvider({Stage.SCRIPT: [hang] * 2})
    requests = [await desk.ask() for _ in range(3)]

    async with desk.at_work(desk.worker(concurrency=2, drain_s=0.0)):
        await until(lambda: desk.provider.calls[Stage.SCRIPT] == 2)
        await asyncio.sleep(0.2)
        waiting = await desk.row(requests[2].id)

    assert (waiting.status, waiting.attempts) == (Status.PENDING, 0)


async def test_a_long_stage_keeps_its_lease(desk: LessonDesk):
    """The watch renews it: nobody takes the request over while it is worked on."""

    async def take_long() -> None:
        await asyncio.sleep(1.2)

    desk.provider = ScriptedProvider({Stage.SCRIPT: [take_long]})
    desk.queue = ContentQueue(desk.database, desk.clock, lease_s=0.4)
    request = await desk.ask()

    async with desk.at_work(desk.worker(concurrency=2)):
        row = await desk.ended(request.id)

    assert (row.outcome, row.attempts) == (Outcome.COMPLETED, 1)


async def test_a_lost_lease_stops_the_work(desk: LessonDesk):
    """Another process took the request: this one lets go within its next looks."""
    desk.provider = ScriptedProvider({Stage.SCRIPT: [hang]})
    request = await desk.ask()

    async with desk.at_work():
        await desk.provider.reached[Stage.SCRIPT].wait()
        await desk.change(request.id, lease_owner="another worker")
        await until(lambda: bool(desk.captured.lines("lease_lost")))
        row = await desk.row(request.id)

    assert (row.lease_owner, row.status) == ("another worker", Status.SCRIPT)


async def test_told_to_stop_it_finishes_what_is_nearly_done(desk: LessonDesk):
    """A drain waits for the work under way, and takes up nothing more."""

    async def take_a_moment() -> None:
        await asyncio.sleep(0.3)

    desk.provider = ScriptedProvider({Stage.SCRIPT: [take_a_moment]})
    first, second = await desk.ask(), await desk.ask()

    async with desk.at_work():
        await desk.provider.reached[Stage.SCRIPT].wait()

    assert (await desk.row(first.id)).outcome is Outcome.COMPLETED
    assert (await desk.row(second.id)).status is Status.PENDING


async def test_told_to_stop_it_gives_back_what_takes_too_long(any_desk: LessonDesk):
    """Another worker goes on at once, without waiting for the lease to lapse."""
    any_desk.provider = ScriptedProvider({Stage.NARRATION: [hang]})
    request = await any_desk.ask()
    async with any_desk.at_work(any_desk.worker(drain_s=0.1)):
        await any_desk.provider.reached[Stage.NARRATION].wait()
    given_back = await any_desk.row(request.id)
    began_s = time.monotonic()

    async with any_desk.at_work():
        row = await any_desk.ended(request.id)

    assert (given_back.lease_owner, given_back.attempts) == (None, 0)
    assert (row.outcome, row.attempts) == (Outcome.COMPLETED, 1)
    assert time.monotonic() - began_s < any_desk.queue.lease_s / 2


async def test_an_outage_of_the_database_ends_no_worker(desk: LessonDesk):
    """It says once that it cannot look, and goes on when it can."""
    await hide(desk)
    async with desk.at_work(desk.worker()) as worker:
        await until_told(desk, "queue_unreachable")
        await hide(desk, back=True)
        worker.wake()
        await until_told(desk, "queue_reachable_again")
        row = await desk.ended((await desk.ask()).id)

    assert row.outcome is Outcome.COMPLETED
    assert len(desk.captured.lines("queue_unreachable")) == 1


async def hide(desk: LessonDesk, *, back: bool = False) -> None:
    """Take the table away, or bring it back."""
    names = ("content_requests", "hidden")
    old, new = names[::-1] if back else names
    async with desk.database.transaction() as session:
        await session.execute(text("PRAGMA legacy_alter_table=ON"))
        await session.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


async def until_told(desk: LessonDesk, message: str) -> None:
    """Wait for a log line."""
    await until(lambda: bool(desk.captured.lines(message)))


async def test_an_unforeseen_error_leaves_the_request_to_another_try(desk: LessonDesk):
    """The worker lives; the lease lapses; the request is taken up again and finished."""
    desk.queue = ContentQueue(desk.database, desk.clock, lease_s=0.5)
    request = await desk.ask()
    await desk.change(request.id, modalities=["smell"])

    async with desk.at_work():
        await until_told(desk, "content_job_crashed")
        await desk.change(request.id, modalities=["text"])
        row = await desk.ended(request.id)

    assert (row.outcome, row.attempts) == (Outcome.COMPLETED, 2)
