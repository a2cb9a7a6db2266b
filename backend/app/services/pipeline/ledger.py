"""The request's row, as the pipeline writes it: only while it holds the lease.

Every write asks for the claim's token in the same statement and fails with LeaseLostError
where another worker has the request by now, so a request is finished once, whoever else
still believes to work on it. One attempt at a stage is one transaction (D89 had four).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import Database
from app.core.moments import now
from app.core.vocabulary import ErrorType, Modality, Outcome, Stage, StageStatus, Status
from app.models.tables import ContentRequest, Notification, StageRun
from app.services.pipeline import plan
from app.services.pipeline.claim import Claim, LeaseLostError
from app.services.pipeline.ending import Ending, Job, Work
from app.services.provider.contract import Question, Script
from tocsin.clock import Clock

_S_NS = 1_000_000_000


class CancelRequestedError(Exception):
    """The student does not want the lesson any more."""


class StageTimer:
    """When an attempt began, and how long it took: one figure for the row and the metric."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_ns = clock.monotonic_ns()
        self._seconds: float | None = None
        self.started_at = now(clock)

    def seconds(self) -> float:
        """How long it took until this was first asked."""
        if self._seconds is None:
            self._seconds = (self._clock.monotonic_ns() - self._began_ns) / _S_NS
        return self._seconds


class Ledger:
    """Reads and writes the rows of requests that are held by a claim."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def timer(self) -> StageTimer:
        """Start to time an attempt."""
        return StageTimer(self._clock)

    async def take_up(self, claim: Claim) -> Job:
        """Read the request and say in its row that work goes on.

        Raises:
            LeaseLostError: another worker has it.
            CancelRequestedError: nobody wants it any more.
        """
        async with self._database.transaction() as session:
            row = await session.scalar(
                select(ContentRequest).where(
                    ContentRequest.id == claim.request_id,
                    ContentRequest.lease_owner == claim.token,
                )
            )
            if row is None:
                raise LeaseLostError
            if row.cancel_requested:
                raise CancelRequestedError
            job = _job(row, degraded=await _was_degraded(session, claim.request_id))
            stage = plan.remaining(
                has_script=job.script is not None, has_artefact=job.artefact is not None
            )[0]
            await _write(
                session,
                claim,
                status=Status(stage.value),
                progress=max(job.progress, plan.progress(stage)),
            )
        return job

    async def tell_progress(self, claim: Claim, value: float) -> None:
        """Store how far the request is.

        Raises:
            LeaseLostError, CancelRequestedError: stop.
        """
        async with self._database.transaction() as session:
            cancelled = await _write(session, claim, progress=value)
        _heed(cancelled)

    async def stage_done(
        self, claim: Claim, stage: Stage, status: StageStatus, timer: StageTimer, work: Work
    ) -> None:
        """Store a stage's end and what it made; the request moves on to the next stage.

        Raises:
            LeaseLostError, CancelRequestedError: stop.
        """
        following = plan.after(stage) or stage
        async with self._database.transaction() as session:
            cancelled = await _write(
                session,
                claim,
                status=Status(following.value),
                progress=max(work.job.progress, plan.progress(following)),
                script=work.script.as_json() if work.script else None,
                artefact=work.artefact,
                artefact_bytes=work.artefact_bytes,
            )
            session.add(_run(claim, stage, status, timer))
        _heed(cancelled)

    async def attempt_failed(
        self, claim: Claim, stage: Stage, error_type: ErrorType, timer: StageTimer
    ) -> None:
        """Store a failed attempt; the request stays in its stage.

        Raises:
            LeaseLostError, CancelRequestedError: stop.
        """
        async with self._database.transaction() as session:
            cancelled = await _write(session, claim, error_type=error_type)
            session.add(_run(claim, stage, StageStatus.FAILED, timer, error_type))
        _heed(cancelled)

    async def finish(
        self,
        claim: Claim,
        ending: Ending,
        *,
        stage: Stage | None = None,
        timer: StageTimer | None = None,
    ) -> float:
        """End the request and tell the student, in one transaction.

        The answer is the time since the question was asked, in seconds. ``stage`` is
        stored as completed along with it.

        Raises:
            LeaseLostError: another worker has it; nothing was written.
            CancelRequestedError: a lesson is not wanted any more; nothing was written.
        """
        moment = now(self._clock)
        async with self._database.transaction() as session:
            created_at = await self._end(session, claim, ending, moment)
            if stage is not None and timer is not None:
                session.add(_run(claim, stage, StageStatus.COMPLETED, timer))
            if ending.outcome is not Outcome.CANCELLED:
                session.add(_notification(claim, ending, moment))
        return max(0.0, (moment - created_at).total_seconds())

    async def _end(
        self, session: AsyncSession, claim: Claim, ending: Ending, moment: datetime
    ) -> datetime:
        final: dict[str, Any] = {
            "status": ending.status,
            "outcome": ending.outcome,
            "error_type": ending.error_type,
            "finished_at": moment,
            "lease_owner": None,
            "lease_until": None,
        }
        if ending.has_lesson:
            final["progress"] = 1.0
        if ending.questions:
            final["questions"] = list(ending.questions)
        statement = update(ContentRequest).where(*_held(claim)).values(**final)
        returned = statement.returning(ContentRequest.cancel_requested, ContentRequest.created_at)
        row = (await session.execute(returned)).one_or_none()
        if row is None:
            raise LeaseLostError
        if row.cancel_requested and ending.has_lesson:
            raise CancelRequestedError
        created_at: datetime = row.created_at
        return created_at


def _held(claim: Claim) -> tuple[Any, Any]:
    return (ContentRequest.id == claim.request_id, ContentRequest.lease_owner == claim.token)


async def _write(session: AsyncSession, claim: Claim, **values: Any) -> bool:
    """Change the row if the claim still holds it; whether a cancel was asked for."""
    statement = update(ContentRequest).where(*_held(claim)).values(**values)
    row = (
        await session.execute(statement.returning(ContentRequest.cancel_requested))
    ).one_or_none()
    if row is None:
        raise LeaseLostError
    return bool(row.cancel_requested)


def _heed(cancelled: bool) -> None:  # noqa: FBT001 - a predicate's answer
    if cancelled:
        raise CancelRequestedError


async def _was_degraded(session: AsyncSession, request_id: str) -> bool:
    latest = (
        select(StageRun.status)
        .where(StageRun.request_id == request_id, StageRun.stage == Stage.NARRATION)
        .order_by(StageRun.id.desc())
        .limit(1)
    )
    return await session.scalar(latest) is StageStatus.DEGRADED


def _run(
    claim: Claim,
    stage: Stage,
    status: StageStatus,
    timer: StageTimer,
    error_type: ErrorType | None = None,
) -> StageRun:
    return StageRun(
        request_id=claim.request_id,
        stage=stage,
        status=status,
        error_type=error_type,
        started_at=timer.started_at,
        duration_s=timer.seconds(),
    )


def _notification(claim: Claim, ending: Ending, moment: datetime) -> Notification:
    return Notification(
        user_id=claim.user_id,
        request_id=claim.request_id,
        outcome=ending.outcome,
        created_at=moment,
    )


def _job(row: ContentRequest, *, degraded: bool) -> Job:
    return Job(
        question=Question(
            text=row.student_query, grade_level=row.grade_level, interest=row.interest
        ),
        modalities=frozenset(Modality(word) for word in row.modalities),
        progress=row.progress,
        created_at=row.created_at,
        script=Script.from_json(row.script) if row.script else None,
        artefact=row.artefact,
        artefact_bytes=row.artefact_bytes,
        degraded=degraded,
    )
