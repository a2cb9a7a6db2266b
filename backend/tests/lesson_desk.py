"""The content side of a process, for tests: on a real database, without HTTP.

``LessonDesk`` asks questions, runs workers and reads what became of it; ``ContentMoves``
tells what an action did to the metrics of content, all of them.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from scripted_provider import ScriptedProvider
from sqlalchemy import func, select, update
from waiting import until

from app.core import metrics
from app.core.config import Settings
from app.core.database import Database
from app.core.moments import now
from app.core.vocabulary import ErrorType, Modality, Outcome, Role, Stage, StageStatus
from app.models.tables import ContentRequest, Notification, StageRun, User
from app.services.artefacts import ArtefactStore
from app.services.content import Asking, ContentService
from app.services.pipeline.claim import Claim
from app.services.pipeline.ledger import Ledger
from app.services.pipeline.records import Records
from app.services.pipeline.run import Pipeline
from app.services.principal import Principal
from app.services.provider.contract import Provider
from app.workers.content_worker import ContentWorker
from app.workers.queue import ContentQueue
from tocsin.clock import Clock, SystemClock
from tocsin.telemetry.assembly import Telemetry
from tocsin.telemetry.testing import CapturedTelemetry

QUESTION = "How does gravity keep the Moon in orbit?"
_NUMBERS = count(1)
_ENDS_WITHIN_S = 30.0


@dataclass
class LessonDesk:
    """One process's content side; several of them may share a database."""

    settings: Settings
    database: Database
    telemetry: Telemetry
    captured: CapturedTelemetry | None = None
    clock: Clock = field(default_factory=SystemClock)
    provider: Any = field(default_factory=ScriptedProvider)
    slept_s: list[float] = field(default_factory=list)
    """How long the pipeline waited between attempts; in tests it does not."""

    def __post_init__(self) -> None:
        """The parts that no test replaces."""
        self.artefacts = ArtefactStore(self.settings.artefact_dir)
        self.ledger = Ledger(self.database, self.clock)
        self.queue = ContentQueue(self.database, self.clock, lease_s=self.settings.worker_lease_s)
        self.woken = 0
        self.service = ContentService(
            self.database,
            artefacts=self.artefacts,
            records=Records(self.telemetry.guard),
            pseudonyms=self.telemetry.pseudonyms,
            clock=self.clock,
            wake_worker=self._wake,
        )

    def pipeline(self, **changes: Any) -> Pipeline:
        """A pipeline that does not really wait between attempts."""
        ordinary = {
            "ledger": self.ledger,
            "provider": self.provider,
            "artefacts": self.artefacts,
            "records": Records(self.telemetry.guard),
            "clock": self.clock,
            "attempts": self.settings.stage_attempts,
            "sleep": self._sleep,
            "chance": lambda: 0.0,
        }
        return Pipeline(**ordinary | changes)

    def worker(self, provider: Provider | None = None, **changes: Any) -> ContentWorker:
        """A worker that looks often."""
        ordinary = {
            "artefacts": self.artefacts,
            "telemetry": self.telemetry,
            "clock": self.clock,
            "poll_s": 0.05,
            "watch_s": 0.05,
        }
        pipeline = self.pipeline(**({"provider": provider} if provider else {}))
        return ContentWorker(self.queue, pipeline, **ordinary | changes)

    @asynccontextmanager
    async def at_work(self, worker: ContentWorker | None = None) -> AsyncIterator[ContentWorker]:
        """A worker runs inside the block and has drained after it."""
        running = worker or self.worker()
        stop = asyncio.Event()
        task = asyncio.create_task(running.run_forever(stop))
        try:
            yield running
        finally:
            stop.set()
            await task

    async def student(self, *, grade_level: int | None = 10, **fields: Any) -> Principal:
        """A new account, signed in."""
        user = User(
            password_hash="no password opens this account",
            first_name="Given",
            last_name="Family",
            grade_level=grade_level,
            created_at=now(self.clock),
            **{"role": Role.STUDENT, "email": f"student-{next(_NUMBERS)}@school.example"} | fields,
        )
        async with self.database.transaction() as session:
            session.add(user)
        pseudonym = self.telemetry.pseudonyms.user(user.id)
        return Principal(user.id, "s", user.role, grade_level, user.organization_id, pseudonym)

    async def ask(
        self, asker: Principal | None = None, query: str = QUESTION, **changes: Any
    ) -> ContentRequest:
        """Ask a question."""
        ordinary = {
            "student_query": query,
            "grade_level": None,
            "interest": "basketball",
            "modalities": (Modality.VIDEO,),
        }
        asking = Asking(**ordinary | changes)
        return await self.service.ask(asker or await self.student(), asking)

    async def claimed(self, **asked: Any) -> Claim:
        """A new question, taken up."""
        await self.ask(**asked)
        claim = await self.queue.claim()
        assert claim is not None
        return claim

    async def run(self, claim: Claim | None = None, **changes: Any) -> ContentRequest:
        """Run the pipeline on a claim (a new question's, if none) and read its row."""
        taken = claim or await self.claimed()
        await self.pipeline(**changes).run(taken)
        return await self.row(taken.request_id)

    async def row(self, request_id: str) -> ContentRequest:
        """The request as the database has it."""
        async with self.database.sessions() as session:
            return await session.get_one(ContentRequest, request_id)

    async def ended(self, request_id: str, within_s: float = _ENDS_WITHIN_S) -> ContentRequest:
        """The request when it has ended."""

        async def has_ended() -> bool:
            return (await self.row(request_id)).status.is_final

        await until(has_ended, within_s=within_s)
        return await self.row(request_id)

    async def stages(self, request_id: str) -> Sequence[tuple[Stage, StageStatus]]:
        """Each attempt at each stage, in their order."""
        runs = select(StageRun).where(StageRun.request_id == request_id).order_by(StageRun.id)
        async with self.database.sessions() as session:
            return [(run.stage, run.status) for run in await session.scalars(runs)]

    async def notifications(self, request_id: str) -> int:
        """How often the student was told."""
        told = select(func.count()).where(Notification.request_id == request_id)
        async with self.database.sessions() as session:
            return int(await session.scalar(told) or 0)

    async def change(self, request_id: str, **fields: Any) -> None:
        """Change a row behind everybody's back, as another process does."""
        async with self.database.transaction() as session:
            this = ContentRequest.id == request_id
            await session.execute(update(ContentRequest).where(this).values(**fields))

    async def _sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)

    def _wake(self) -> None:
        self.woken += 1


class ContentMoves:
    """What has moved among the metrics of content since this was made."""

    def __init__(self) -> None:
        self._before = _readings()

    def __call__(self) -> dict[str, float]:
        """Each counter and each histogram's count that moved, and by how much."""
        moved = {name: now - self._before[name] for name, now in _readings().items()}
        return {name: by for name, by in moved.items() if by}


def _readings() -> dict[str, float]:
    found = {
        f"requests {status}": metrics.CONTENT_REQUESTS.value(status=status)
        for status in ("pending", "completed", "failed")
    }
    for outcome in Outcome:
        found[f"outcome {outcome}"] = metrics.CONTENT_OUTCOMES.value(outcome=outcome)
    for stage in (*Stage, "total"):
        found[f"timed {stage}"] = float(metrics.CONTENT_DURATION.count(stage=stage))
    for stage in Stage:
        for status in StageStatus:
            value = metrics.CONTENT_STAGES.value(stage=stage, status=status)
            found[f"{stage} {status}"] = value
        for error_type in ErrorType:
            value = metrics.CONTENT_ERRORS.value(stage=stage, error_type=error_type)
            found[f"{stage} error {error_type}"] = value
    return found
