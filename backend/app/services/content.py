"""Takes questions on, and shows students what became of theirs.

Who may see a request: the student who asked, an admin, and a teacher of the student's own
organisation; to everybody else it does not exist. A look by anyone but the student is
written down, people by pseudonym (plan gap 1). Asking is one row: whoever works it off
finds it there, and where the worker lives in this process it is woken at once.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import Database
from app.core.logging import get_logger
from app.core.moments import now
from app.core.vocabulary import Modality, Outcome, Role, Status
from app.models.tables import AuditEvent, ContentRequest, User
from app.services.artefacts import ArtefactStore
from app.services.pipeline.claim import is_free, is_open
from app.services.pipeline.ending import Ending
from app.services.pipeline.records import Records
from app.services.principal import Principal
from tocsin.clock import Clock
from tocsin.telemetry.context import current
from tocsin.telemetry.identity import Pseudonyms
from tocsin.telemetry.traces import current_traceparent

_log = get_logger(__name__)


class NoSuchRequestError(Exception):
    """There is no such request, or it is not for this viewer: both look alike."""


class NotYoursToChangeError(Exception):
    """The viewer may see the request but not change it."""


class AlreadyEndedError(Exception):
    """The request has ended; there is nothing to cancel."""


class NoLessonError(Exception):
    """There is no file to download: not yet, not at all, or not any more."""


class GradeUnknownError(Exception):
    """Neither the question nor the account tells a grade level."""


class KeyUsedOtherwiseError(Exception):
    """The idempotency key belongs to another question of the same person."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A question as it was asked; ``grade_level`` None: that of the account."""

    student_query: str = field(repr=False)
    grade_level: int | None
    interest: str = field(repr=False)
    modalities: tuple[Modality, ...]
    idempotency_key: str | None = field(default=None, repr=False)


class ContentService:
    """Questions and what became of them, for endpoints."""

    def __init__(
        self,
        database: Database,
        *,
        artefacts: ArtefactStore,
        records: Records,
        pseudonyms: Pseudonyms,
        clock: Clock,
        wake_worker: Callable[[], None],
    ) -> None:
        self._database = database
        self._artefacts = artefacts
        self._records = records
        self._pseudonyms = pseudonyms
        self._clock = clock
        self._wake_worker = wake_worker

    async def ask(self, asker: Principal, asking: Asking) -> ContentRequest:
        """Take a question on; the same key of the same person brings the same request back.

        Raises:
            GradeUnknownError: no grade level is known.
            KeyUsedOtherwiseError: the key was used for another question.
        """
        row = self._row(asker, asking)
        try:
            async with self._database.transaction() as session:
                session.add(row)
        except IntegrityError:
            if asking.idempotency_key is None:
                raise
            return await self._asked_before(row)
        self._records.asked()
        _log.info("content_requested", content_request_id=row.id)
        self._wake_worker()
        return row

    async def see(self, viewer: Principal, request_id: str) -> ContentRequest:
        """One request.

        Raises:
            NoSuchRequestError: there is none for this viewer.
        """
        async with self._database.transaction() as session:
            row = await self._visible(session, viewer, request_id)
            self._note_look(session, viewer, row, "content.see")
        return row

    async def own(
        self, viewer: Principal, *, limit: int, before: str | None
    ) -> Sequence[ContentRequest]:
        """The viewer's own requests, newest first; ``before`` is the last id of a page.

        Raises:
            NoSuchRequestError: ``before`` is none of the viewer's requests.
        """
        query = select(ContentRequest).where(ContentRequest.user_id == viewer.user_id)
        async with self._database.sessions() as session:
            if before is not None:
                last = await session.scalar(query.where(ContentRequest.id == before))
                if last is None:
                    raise NoSuchRequestError
                same = and_(
                    ContentRequest.created_at == last.created_at, ContentRequest.id < last.id
                )
                query = query.where(or_(ContentRequest.created_at < last.created_at, same))
            # The id settles the order of one instant, so that no page loses a row.
            newest = query.order_by(ContentRequest.created_at.desc(), ContentRequest.id.desc())
            return (await session.scalars(newest.limit(limit))).all()

    async def cancel(self, viewer: Principal, request_id: str) -> ContentRequest:
        """Cancel a request: at once if nobody works on it, else as soon as its worker looks.

        Raises:
            NoSuchRequestError: there is none for this viewer.
            NotYoursToChangeError: only its student and an admin may.
            AlreadyEndedError: it has ended otherwise.
        """
        moment = now(self._clock)
        async with self._database.transaction() as session:
            row = await self._visible(session, viewer, request_id)
            if row.user_id != viewer.user_id and not viewer.may(Role.ADMIN):
                raise NotYoursToChangeError
            self._note_look(session, viewer, row, "content.cancel")
            this = ContentRequest.id == request_id
            ended = await session.execute(
                update(ContentRequest)
                .where(this, is_free(moment))
                .values(
                    status=Status.CANCELLED,
                    outcome=Outcome.CANCELLED,
                    cancel_requested=True,
                    finished_at=moment,
                    lease_owner=None,
                    lease_until=None,
                )
                .returning(ContentRequest.created_at)
            )
            at_once = ended.one_or_none()
            if at_once is None:
                asked = update(ContentRequest).where(this, is_open()).values(cancel_requested=True)
                await session.execute(asked)
            await session.refresh(row)
        if at_once is not None:
            waited_s = (moment - at_once.created_at).total_seconds()
            self._records.finished(Ending(outcome=Outcome.CANCELLED), max(0.0, waited_s))
            # A worker that died may have left a film behind.
            await self._artefacts.discard(request_id, but=None)
        elif row.status.is_final and row.status is not Status.CANCELLED:
            raise AlreadyEndedError
        return row

    async def lesson(self, viewer: Principal, request_id: str) -> Path:
        """The file of a finished lesson.

        Raises:
            NoSuchRequestError: there is none for this viewer.
            NoLessonError: the request has no file to show.
        """
        async with self._database.transaction() as session:
            row = await self._visible(session, viewer, request_id)
            self._note_look(session, viewer, row, "content.lesson")
        if row.status is not Status.COMPLETED or row.artefact is None:
            raise NoLessonError
        if not await self._artefacts.holds(row.artefact):
            _log.error("artefact_missing", content_request_id=row.id)
            raise NoLessonError
        return self._artefacts.path(row.artefact)

    def _row(self, asker: Principal, asking: Asking) -> ContentRequest:
        grade_level = asking.grade_level or asker.grade_level
        if grade_level is None:
            raise GradeUnknownError
        context = current()
        return ContentRequest(
            id=_request_id(asker, asking),
            user_id=asker.user_id,
            correlation_id=context.correlation_id if context else "",
            trace_id=context.trace_id if context else "",
            traceparent=current_traceparent(),
            student_query=asking.student_query,
            grade_level=grade_level,
            interest=asking.interest,
            modalities=[modality.value for modality in asking.modalities],
            created_at=now(self._clock),
        )

    async def _asked_before(self, row: ContentRequest) -> ContentRequest:
        async with self._database.sessions() as session:
            stored = await session.get_one(ContentRequest, row.id)
        for name in ("user_id", "student_query", "grade_level", "interest", "modalities"):
            if getattr(stored, name) != getattr(row, name):
                raise KeyUsedOtherwiseError
        return stored

    async def _visible(
        self, session: AsyncSession, viewer: Principal, request_id: str
    ) -> ContentRequest:
        query = select(ContentRequest).where(ContentRequest.id == request_id)
        if not viewer.may(Role.ADMIN):
            may_see = ContentRequest.user_id == viewer.user_id
            if viewer.may(Role.TEACHER) and viewer.organization_id is not None:
                mates = select(User.id).where(User.organization_id == viewer.organization_id)
                may_see = or_(may_see, ContentRequest.user_id.in_(mates))
            query = query.where(may_see)
        row = await session.scalar(query)
        if row is None:
            raise NoSuchRequestError
        return row

    def _note_look(
        self, session: AsyncSession, viewer: Principal, row: ContentRequest, action: str
    ) -> None:
        if row.user_id == viewer.user_id:
            return
        context = current()
        session.add(
            AuditEvent(
                at=now(self._clock),
                actor=viewer.pseudonym,
                action=action,
                subject=self._pseudonyms.user(row.user_id),
                request_id=context.request_id if context else "",
            )
        )


def _request_id(asker: Principal, asking: Asking) -> str:
    """A new id, or the one that belongs to the asker's key: the primary key finds repeats.

    So a key is remembered as long as its request and takes no room of its own. Accounts'
    ids are random, so nobody else can work it out (RFC 9562, 5.5).
    """
    if asking.idempotency_key is None:
        return str(uuid.uuid4())
    return str(uuid.uuid5(uuid.UUID(asker.user_id), asking.idempotency_key))
