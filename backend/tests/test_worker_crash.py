"""Real workers are killed in mid-pipeline: each request is finished once all the same."""

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from imageio_ffmpeg import read_frames
from lesson_desk import LessonDesk
from real.service import Service, StartService
from sqlalchemy import update
from waiting import until

from app.core.vocabulary import ErrorType, Modality, Outcome, Stage, StageStatus, Status
from app.models.tables import ContentRequest
from app.services.artefacts import check_artefact

LEASE_S = 1.0
QUESTIONS = 150
NEXT_CENTURY = datetime(2126, 1, 1, tzinfo=UTC)


@pytest.fixture
def start_worker(
    running_service: StartService, any_desk: LessonDesk, any_database_url: str
) -> Callable[..., Service]:
    """Start `python -m app worker` on the database and the artefacts of ``any_desk``."""

    def start(**env: str) -> Service:
        ordinary = {
            "DATABASE_URL": any_database_url,
            "ARTEFACT_DIR": str(any_desk.settings.artefact_dir),
            "WORKER_LEASE_S": str(LEASE_S),
        }
        return running_service("worker", env=ordinary | env)

    return start


async def reached(desk: LessonDesk, request_id: str, status: Status) -> None:
    """Wait until the request is in a stage."""

    async def is_there() -> bool:
        return (await desk.row(request_id)).status is status

    await until(is_there)


def kill(worker: Service) -> None:
    """As the kernel does when memory runs out: no last words."""
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()


def encoders_in(folder: Path) -> list[int]:
    """Encoders that write below this folder."""
    commands = (
        (p.pid, " ".join(p.info["cmdline"] or ())) for p in psutil.process_iter(["cmdline"])
    )
    return [pid for pid, command in commands if "ffmpeg" in command and str(folder) in command]


async def test_a_request_whose_worker_was_killed_is_finished_once(
    any_desk: LessonDesk, start_worker: Callable[..., Service]
):
    """Killed while encoding; the next worker makes one film and tells the student once."""
    first = start_worker()
    request = await any_desk.ask()
    await reached(any_desk, request.id, Status.VIDEO)
    kill(first)
    left = await any_desk.row(request.id)

    second = start_worker()
    row = await any_desk.ended(request.id)
    second.stop()

    assert not left.status.is_final
    assert (row.outcome, row.attempts) in {(Outcome.COMPLETED, 2), (Outcome.DEGRADED, 2)}
    assert await any_desk.notifications(row.id) == 1
    finished = [stage for stage, status in await any_desk.stages(row.id) if status != "failed"]
    assert finished.count(Stage.VIDEO) == finished.count(Stage.NOTIFICATION) == 1
    assert finished.count(Stage.SCRIPT) == 1
    film = any_desk.artefacts.path(row.artefact)
    assert list(any_desk.settings.artefact_dir.rglob("*.mp4")) == [film]
    seconds = next(read_frames(str(film)))["duration"]
    sound = row.outcome is Outcome.COMPLETED
    await check_artefact(film, pictures=True, sound=sound, seconds=seconds)
    assert finished_by(second) == [row.id]


async def test_a_killed_worker_takes_its_encoder_with_it(
    any_desk: LessonDesk, start_worker: Callable[..., Service]
):
    """The painter notices that nobody is there any more, and ends ffmpeg and itself."""
    worker = start_worker()
    request = await any_desk.ask()
    folder = any_desk.settings.artefact_dir
    await until(lambda: bool(encoders_in(folder)))

    kill(worker)

    await until(lambda: not encoders_in(folder), within_s=5)
    assert not (await any_desk.row(request.id)).status.is_final


async def test_a_request_that_kills_every_worker_is_given_up(
    any_desk: LessonDesk, start_worker: Callable[..., Service]
):
    """Three dead workers are enough: the fourth ends it as failed and goes on with the others."""
    poison = await any_desk.ask()
    for _ in range(3):
        worker = start_worker()
        await reached(any_desk, poison.id, Status.VIDEO)
        kill(worker)
        await any_desk.change(poison.id, status=Status.SCRIPT, lease_until=poison.created_at)
    healthy = await any_desk.ask(modalities=(Modality.TEXT,))

    start_worker()
    given_up = await any_desk.ended(poison.id)
    other = await any_desk.ended(healthy.id)

    assert (given_up.outcome, given_up.error_type) == (Outcome.FAILED, ErrorType.INTERNAL)
    assert given_up.attempts == 4
    assert await any_desk.notifications(poison.id) == 1
    assert other.outcome is Outcome.COMPLETED


async def test_two_workers_never_do_the_same_request_twice(
    any_desk: LessonDesk, start_worker: Callable[..., Service]
):
    """Quick questions, two processes with four hands each: every stage ran once."""
    student = await any_desk.student()
    requests = [await any_desk.ask(student, modalities=(Modality.TEXT,)) for _ in range(QUESTIONS)]
    async with any_desk.database.transaction() as session:
        await session.execute(update(ContentRequest).values(lease_until=NEXT_CENTURY))
    workers = [start_worker(WORKER_CONCURRENCY="4", WORKER_LEASE_S="30") for _ in range(2)]

    async with any_desk.database.transaction() as session:
        await session.execute(update(ContentRequest).values(lease_until=None))
    rows = [await any_desk.ended(request.id) for request in requests]
    for worker in workers:
        worker.stop()

    assert {(row.outcome, row.attempts) for row in rows} == {(Outcome.COMPLETED, 1)}
    for row in rows:
        assert [stage for stage, _ in await any_desk.stages(row.id)] == list(Stage)
        assert await any_desk.notifications(row.id) == 1
    told = [finished_by(worker) for worker in workers]
    assert all(told)
    assert sorted(told[0] + told[1]) == sorted(row.id for row in rows)


def finished_by(worker: Service) -> list[str]:
    """The requests that a worker says it has finished."""
    lines = (line for line in worker.log_lines if line["message"] == "content_request_finished")
    return [line["content_request_id"] for line in lines]


async def test_a_worker_told_to_stop_hands_over_at_once(
    any_desk: LessonDesk, start_worker: Callable[..., Service]
):
    """SIGTERM while a film is made: it is finished, or given back and made by the next one."""
    first = start_worker(WORKER_LEASE_S="60")
    request = await any_desk.ask()
    await reached(any_desk, request.id, Status.VIDEO)

    assert first.stop() == 0
    left = await any_desk.row(request.id)
    start_worker(WORKER_LEASE_S="60")
    row = await any_desk.ended(request.id)

    assert left.lease_owner is None
    assert row.attempts == 1
    assert row.outcome in (Outcome.COMPLETED, Outcome.DEGRADED)
    assert (Stage.NOTIFICATION, StageStatus.COMPLETED) in await any_desk.stages(row.id)


async def test_the_service_killed_with_its_own_worker_goes_on_after_its_restart(
    desk: LessonDesk, running_service: StartService
):
    """The default: API and worker in one process, killed while encoding, started again."""
    env = {"WORKER_LEASE_S": str(LEASE_S)}
    first = running_service("run", env=env)
    request = await desk.ask()
    await reached(desk, request.id, Status.VIDEO)
    kill(first)

    running_service("run", env=env)
    row = await desk.ended(request.id)

    assert (row.status, row.attempts) == (Status.COMPLETED, 2)
    assert await desk.notifications(row.id) == 1
    assert len(list(desk.settings.artefact_dir.rglob("*.mp4"))) == 1
    assert not encoders_in(desk.settings.artefact_dir)
