"""A student who does not want a lesson any more is heeded, wherever the lesson stands."""

import asyncio

import psutil
import pytest
from lesson_desk import ContentMoves, LessonDesk
from scripted_provider import ScriptedProvider, hang
from waiting import until

from app.core.vocabulary import Outcome, Role, Stage, Status
from app.services.artefacts import artefact_name
from app.services.content import AlreadyEndedError, NoSuchRequestError, NotYoursToChangeError
from app.services.provider.contract import Question
from app.services.provider.embedded import EmbeddedProvider

ENCODERS = ("ffmpeg", "app.services.provider.film")


def encoders() -> list[str]:
    """The programs of ours that draw or encode just now, this test's own alone."""
    found = []
    for child in psutil.Process().children(recursive=True):
        command = " ".join(child.cmdline()) if child.is_running() else ""
        found += [name for name in ENCODERS if name in command]
    return found


async def test_a_waiting_request_is_cancelled_at_once(any_desk: LessonDesk):
    """Nobody works on it, so nobody has to be asked; no worker ever sees it."""
    student = await any_desk.student()
    request = await any_desk.ask(student)
    moves = ContentMoves()

    row = await any_desk.service.cancel(student, request.id)

    assert (row.status, row.outcome) == (Status.CANCELLED, Outcome.CANCELLED)
    assert moves() == {"outcome cancelled": 1, "timed total": 1}
    assert await any_desk.queue.claim() is None


@pytest.mark.parametrize("stage", [Stage.RETRIEVAL, Stage.SCRIPT, Stage.NARRATION, Stage.VIDEO])
async def test_a_request_under_way_is_stopped_in_its_stage(desk: LessonDesk, stage: Stage):
    """The worker hears of it while the stage hangs, and ends the request once."""
    desk.provider = ScriptedProvider({stage: [hang]})
    student = await desk.student()
    moves = ContentMoves()

    async with desk.at_work():
        request = await desk.ask(student)
        await desk.provider.reached[stage].wait()
        await desk.service.cancel(student, request.id)
        row = await desk.ended(request.id)

    assert (row.status, row.outcome, row.lease_owner) == (
        Status.CANCELLED,
        Outcome.CANCELLED,
        None,
    )
    assert moves()["outcome cancelled"] == 1
    assert await desk.notifications(request.id) == 0


async def test_encoding_is_stopped_with_all_its_processes(desk: LessonDesk):
    """The real film in the making: painter and encoder are gone, and so are their files."""
    student = await desk.student()

    async with desk.at_work(desk.worker(EmbeddedProvider())):
        request = await desk.ask(student)
        await until(lambda: set(encoders()) == set(ENCODERS))
        await desk.service.cancel(student, request.id)
        row = await desk.ended(request.id)
        await until(lambda: not encoders())

    assert row.outcome is Outcome.CANCELLED
    assert [path for path in desk.settings.artefact_dir.rglob("*") if path.is_file()] == []


async def test_the_last_moment_belongs_to_the_student(desk: LessonDesk):
    """A cancel that comes before the lesson is given wins; the film is deleted."""
    student = await desk.student()
    request = await desk.ask(student)
    claim = await desk.queue.claim()

    async def cancel() -> None:
        await desk.service.cancel(student, request.id)

    row = await desk.run(claim, provider=ScriptedProvider({Stage.VIDEO: [cancel]}))

    assert row.outcome is Outcome.CANCELLED
    assert not list(desk.settings.artefact_dir.rglob("*.mp4"))


async def test_a_request_of_a_dead_worker_is_cancelled_at_once(desk: LessonDesk):
    """Its lease has lapsed, so there is nobody to wait for; its film is not kept."""
    student = await desk.student()
    request = await desk.ask(student)
    claim = await desk.queue.claim()
    await desk.change(request.id, lease_until=request.created_at)
    film = desk.artefacts.path(artefact_name(request.id, claim.attempt))
    film.parent.mkdir(parents=True)
    film.write_bytes(b"left behind")

    row = await desk.service.cancel(student, request.id)

    assert row.status is Status.CANCELLED
    assert not film.exists()


async def test_cancelling_twice_changes_nothing(desk: LessonDesk):
    """The second time is answered like the first and counts no second end."""
    student = await desk.student()
    request = await desk.ask(student)
    await desk.service.cancel(student, request.id)
    moves = ContentMoves()

    row = await desk.service.cancel(student, request.id)

    assert row.status is Status.CANCELLED
    assert moves() == {}


async def test_a_lesson_that_was_given_cannot_be_cancelled(desk: LessonDesk):
    """The request keeps its lesson."""
    student = await desk.student()
    request = await desk.ask(student)
    await desk.run(await desk.queue.claim())

    with pytest.raises(AlreadyEndedError):
        await desk.service.cancel(student, request.id)

    assert (await desk.row(request.id)).status is Status.COMPLETED


async def test_only_the_student_and_an_admin_may_cancel(desk: LessonDesk):
    """A stranger sees nothing; the student's teacher may look but not touch."""
    school = "0" * 36
    student = await desk.student(organization_id=school)
    teacher = await desk.student(role=Role.TEACHER, grade_level=None, organization_id=school)
    admin = await desk.student(role=Role.ADMIN, grade_level=None)
    request = await desk.ask(student)

    with pytest.raises(NoSuchRequestError):
        await desk.service.cancel(await desk.student(), request.id)
    with pytest.raises(NotYoursToChangeError):
        await desk.service.cancel(teacher, request.id)

    assert (await desk.service.cancel(admin, request.id)).status is Status.CANCELLED


async def test_a_narration_is_stopped_too(desk: LessonDesk, tmp_path):
    """A voice that never ends is gone when its stage is cancelled."""
    voice = tmp_path / "voice"
    voice.write_text("#!/bin/sh\nsleep 300\n")
    voice.chmod(0o755)
    provider = EmbeddedProvider(voice=str(voice))
    question = Question(text="What is gravity?", grade_level=9)
    script = await provider.write_script(question, await provider.retrieve(question))
    speaking = asyncio.create_task(provider.narrate(script, tmp_path))
    await until(lambda: psutil.Process().children(recursive=True))

    speaking.cancel()
    await asyncio.wait({speaking})

    assert speaking.cancelled()
    assert not [child for child in psutil.Process().children() if "voice" in child.cmdline()]
