"""A second worker takes up what the first one left: nothing is lost, nothing done twice."""

import pytest
from lesson_desk import ContentMoves, LessonDesk
from scripted_provider import ScriptedProvider
from sqlalchemy import delete

from app.core.vocabulary import ErrorType, Outcome, Stage, StageStatus, Status
from app.models.tables import Notification
from app.services.pipeline.claim import Claim, LeaseLostError


async def taken_over(desk: LessonDesk, claim: Claim) -> Claim:
    """Let the lease lapse and have another worker take the request up."""
    await desk.change(claim.request_id, lease_until=None)
    second = await desk.queue.claim()
    assert second is not None
    assert second.request_id == claim.request_id
    return second


async def test_whoever_lost_the_lease_changes_nothing_any_more(any_desk: LessonDesk):
    """The first worker's film, row and metrics stay away; the second one's count once."""
    first = await any_desk.claimed()
    second = await taken_over(any_desk, first)
    moves = ContentMoves()

    with pytest.raises(LeaseLostError):
        await any_desk.pipeline().run(first)
    row = await any_desk.run(second)

    assert (row.outcome, row.attempts) == (Outcome.COMPLETED, 2)
    assert await any_desk.notifications(row.id) == 1
    assert moves()["outcome completed"] == moves()["video completed"] == 1


async def test_a_lease_lost_in_mid_stage_leaves_no_trace(any_desk: LessonDesk):
    """The film that was finished too late is deleted, and the row is the other worker's."""
    first = await any_desk.claimed()
    taken = []

    async def lose_it() -> None:
        taken.append(await taken_over(any_desk, first))

    late = any_desk.pipeline(provider=ScriptedProvider({Stage.VIDEO: [lose_it]}))

    with pytest.raises(LeaseLostError):
        await late.run(first)

    row = await any_desk.row(first.request_id)
    assert (row.lease_owner, row.artefact) == (taken[0].token, None)
    assert not list(any_desk.settings.artefact_dir.rglob("*.mp4"))


async def test_a_finished_request_cannot_be_finished_again(any_desk: LessonDesk):
    """Not even by the worker that finished it."""
    claim = await any_desk.claimed()
    await any_desk.run(claim)
    moves = ContentMoves()

    with pytest.raises(LeaseLostError):
        await any_desk.pipeline().run(claim)

    assert moves() == {}
    assert await any_desk.notifications(claim.request_id) == 1


async def test_what_was_stored_is_not_made_again(desk: LessonDesk):
    """The second worker begins after the script that the first one paid for."""
    first = await desk.claimed()

    async def die() -> None:
        raise LeaseLostError

    with pytest.raises(LeaseLostError):
        await desk.pipeline(provider=ScriptedProvider({Stage.NARRATION: [die]})).run(first)
    row = await desk.run(await taken_over(desk, first))

    assert row.outcome is Outcome.COMPLETED
    assert desk.provider.calls == {Stage.NARRATION: 1, Stage.VIDEO: 1}


async def test_a_degraded_film_is_still_degraded_after_a_takeover(desk: LessonDesk):
    """Whoever only tells the student knows that the voice is missing."""
    desk.provider = ScriptedProvider(voice=False)
    claim = await desk.claimed()
    row = await desk.run(claim)
    await desk.change(row.id, status=Status.NOTIFICATION, finished_at=None, attempts=0)
    async with desk.database.transaction() as session:
        await session.execute(delete(Notification))

    again = await desk.queue.claim()
    row = await desk.run(again)

    assert row.outcome is Outcome.DEGRADED
    assert (await desk.stages(row.id)).count((Stage.VIDEO, StageStatus.COMPLETED)) == 1


async def test_a_film_that_got_lost_is_made_again(desk: LessonDesk):
    """A stored name without its file is no lesson."""
    claim = await desk.claimed()
    await desk.change(claim.request_id, artefact=f"{claim.request_id}.9.mp4", artefact_bytes=1)

    row = await desk.run(claim)

    assert row.artefact == f"{claim.request_id}.1.mp4"
    assert desk.artefacts.path(row.artefact).is_file()


async def test_a_request_that_kills_its_workers_is_given_up(any_desk: LessonDesk):
    """After three taken-up attempts it ends as failed and is in nobody's way any more."""
    claim = await any_desk.claimed()
    for _ in range(3):
        claim = await taken_over(any_desk, claim)
    moves = ContentMoves()

    row = await any_desk.run(claim)

    assert (row.status, row.error_type, row.attempts) == (Status.FAILED, ErrorType.INTERNAL, 4)
    assert any_desk.provider.calls == {}
    assert moves() == {"requests failed": 1, "outcome failed": 1, "timed total": 1}
    assert await any_desk.queue.claim() is None
