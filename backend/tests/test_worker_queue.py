"""The queue is the table: each request is one worker's, for as long as its lease lasts."""

import asyncio
from dataclasses import replace

from lesson_desk import LessonDesk

from app.core.metrics import QUEUE_AGE, QUEUE_DEPTH, REQUESTS_STUCK
from app.core.vocabulary import Status
from app.workers.queue import ContentQueue
from tocsin.telemetry.testing import HandClock

LEASE_S = 10.0


def queue_of(desk: LessonDesk, clock: HandClock) -> ContentQueue:
    """A queue whose leases are judged by a clock that the test moves."""
    return ContentQueue(desk.database, clock, lease_s=LEASE_S)


async def test_the_oldest_question_comes_first(any_desk: LessonDesk):
    """Nobody is overtaken."""
    asked = [(await any_desk.ask()).id for _ in range(3)]

    claims = [await any_desk.queue.claim() for _ in range(4)]

    assert [claim and claim.request_id for claim in claims] == [*asked, None]


async def test_many_workers_at_once_get_different_requests(any_desk: LessonDesk):
    """Ten hands reach for five requests at the same moment: five get one each."""
    asked = {(await any_desk.ask()).id for _ in range(5)}

    claims = [c for c in await asyncio.gather(*(any_desk.queue.claim() for _ in range(10))) if c]

    assert len(claims) == 5
    assert {claim.request_id for claim in claims} == asked
    assert len({claim.token for claim in claims}) == 5


async def test_a_lapsed_lease_frees_the_request(any_desk: LessonDesk):
    """Up to its last second it is held; then it is anybody's, and the taking is counted."""
    clock = HandClock()
    queue = queue_of(any_desk, clock)
    first = await (await asked(any_desk, queue)).claim()

    clock.advance(LEASE_S - 1)
    too_early = await queue.claim()
    clock.advance(2)
    second = await queue.claim()

    assert too_early is None
    assert (second.request_id, second.attempt) == (first.request_id, 2)
    assert await queue.renew(first) is None
    assert await queue.renew(second) is not None


async def asked(desk: LessonDesk, queue: ContentQueue) -> ContentQueue:
    """Put one question into the queue."""
    await desk.ask()
    return queue


async def test_a_renewed_lease_lasts_on(any_desk: LessonDesk):
    """A worker that lives keeps its request, however long it takes."""
    clock = HandClock()
    queue = queue_of(any_desk, clock)
    claim = await (await asked(any_desk, queue)).claim()

    for _ in range(5):
        clock.advance(LEASE_S - 1)
        held = await queue.renew(claim)

        assert held is not None
        assert not held.cancel_requested
        assert await queue.claim() is None


async def test_a_released_request_is_free_at_once_and_not_blamed(any_desk: LessonDesk):
    """A worker that is told to stop has not failed."""
    await any_desk.ask()
    first = await any_desk.queue.claim()

    await any_desk.queue.release(first)
    second = await any_desk.queue.claim()

    assert (second.request_id, second.attempt) == (first.request_id, 1)


async def test_nobody_releases_what_another_holds(desk: LessonDesk):
    """A stranger's token changes nothing."""
    await desk.ask()
    claim = await desk.queue.claim()

    await desk.queue.release(replace(claim, token="somebody else"))

    assert await desk.queue.look(claim) is not None
    assert await desk.queue.claim() is None


async def test_a_cancel_reaches_the_worker_with_its_next_look(desk: LessonDesk):
    """Looking and renewing both tell of it."""
    await desk.ask()
    claim = await desk.queue.claim()
    await desk.change(claim.request_id, cancel_requested=True)

    assert (await desk.queue.look(claim)).cancel_requested
    assert (await desk.queue.renew(claim)).cancel_requested


async def test_the_queues_length_and_age_are_told(any_desk: LessonDesk):
    """What is worked on or has ended does not wait."""
    await any_desk.ask()
    ended = await any_desk.ask()
    await any_desk.change(ended.id, status=Status.FAILED, finished_at=ended.created_at)
    await any_desk.ask()
    await any_desk.queue.claim()

    await any_desk.queue.sample()

    assert QUEUE_DEPTH.value() == 1
    assert 0 < QUEUE_AGE.value() < 30


async def test_an_empty_queue_has_no_age(desk: LessonDesk):
    """Nothing waits: both figures are 0."""
    await desk.queue.sample()

    assert (QUEUE_DEPTH.value(), QUEUE_AGE.value()) == (0, 0)


async def test_a_request_that_was_begun_and_left_lying_is_stuck(any_desk: LessonDesk):
    """`vividly_content_requests_stuck` counts it a lease after its lease lapsed, not before."""
    clock = HandClock()
    queue = queue_of(any_desk, clock)
    await (await asked(any_desk, queue)).claim()
    await any_desk.ask()  # waits, and is not stuck

    seen = []
    for after_s in (0, LEASE_S + 1, LEASE_S):
        clock.advance(after_s)
        await queue.sample()
        seen.append(REQUESTS_STUCK.value())

    assert seen == [0, 0, 1]


async def test_a_request_that_is_held_and_does_not_end_is_stuck(any_desk: LessonDesk):
    """A worker that renews its lease for ever hides nothing: no lesson takes ten minutes."""
    clock = HandClock()
    queue = queue_of(any_desk, clock)
    claim = await (await asked(any_desk, queue)).claim()

    seen = []
    for after_s in (599, 2):
        clock.advance(after_s)
        await queue.renew(claim)
        seen.append(await queue.stuck())

    assert seen == [0, 1]


async def test_what_has_ended_is_not_stuck(desk: LessonDesk):
    """However long it took."""
    clock = HandClock()
    queue = queue_of(desk, clock)
    claim = await (await asked(desk, queue)).claim()
    clock.advance(3600)
    row = await desk.row(claim.request_id)
    await desk.change(row.id, status=Status.FAILED, finished_at=row.created_at)

    found = await queue.stuck()

    assert found == 0
