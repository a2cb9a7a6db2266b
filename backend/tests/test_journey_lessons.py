"""The journey's lessons do not pile up, and nobody else's are touched."""

from datetime import timedelta

import pytest
from lesson_desk import LessonDesk
from sqlalchemy import func, select

from app.core.moments import now
from app.models.tables import ContentRequest, Notification, StageRun
from app.services.journey_lessons import KEPT_AFTER_END, JourneyLessons

EMAIL = "journey@vividly.example"


@pytest.fixture
def lessons(any_desk: LessonDesk) -> JourneyLessons:
    """Sweeps what is the journey's."""
    return JourneyLessons(
        any_desk.database, any_desk.artefacts, email=EMAIL.upper(), clock=any_desk.clock
    )


async def left(desk: LessonDesk) -> dict[str, int]:
    async with desk.database.sessions() as session:
        rows = {
            table.__tablename__: await session.scalar(select(func.count()).select_from(table))
            for table in (ContentRequest, StageRun, Notification)
        }
    return rows | {"films": len(list(desk.settings.artefact_dir.rglob("*.mp4")))}


async def made(desk: LessonDesk, asker, *, ended_ago: timedelta) -> str:
    """A lesson that was finished so long ago."""
    async with desk.at_work():
        request = await desk.ask(asker)
        row = await desk.ended(request.id)
    await desk.change(row.id, finished_at=now(desk.clock) - ended_ago)
    return row.id


async def test_an_hour_after_its_end_nothing_is_left_of_a_lesson(any_desk, lessons):
    """Row, stages, notification and film go together; a second sweep finds nothing to do."""
    walker = await any_desk.student(email=EMAIL)
    await made(any_desk, walker, ended_ago=KEPT_AFTER_END + timedelta(seconds=5))

    await lessons.sweep()
    await lessons.sweep()

    assert set((await left(any_desk)).values()) == {0}


async def test_what_is_fresh_open_or_somebody_elses_stays(any_desk, lessons):
    """Whoever was called can look at it, and no pupil loses a lesson."""
    walker, pupil = await any_desk.student(email=EMAIL), await any_desk.student()
    kept = {
        await made(any_desk, walker, ended_ago=KEPT_AFTER_END - timedelta(minutes=5)),
        await made(any_desk, pupil, ended_ago=timedelta(days=300)),
        (await any_desk.ask(walker)).id,
    }

    await lessons.sweep()

    async with any_desk.database.sessions() as session:
        assert set(await session.scalars(select(ContentRequest.id))) == kept
    assert (await left(any_desk))["films"] == 2
