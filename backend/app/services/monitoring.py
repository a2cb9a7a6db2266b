"""How requests fare, read from the rows that every process shares (D85).

Who may see what: an admin all, a teacher the requests of students of the teacher's own
organisation, and a teacher without one nothing at all (D77). Every look at a child's
records is written down in the same transaction, people by pseudonym (D76): if that
cannot be done, nothing is shown.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import Database
from app.core.moments import now
from app.core.vocabulary import Role, Status
from app.models.tables import AuditEvent, ContentRequest, StageRun, User
from app.schemas.monitoring import PipelineFigures
from app.services.pipeline_figures import figures
from app.services.principal import Principal
from tocsin.clock import Clock
from tocsin.telemetry.context import current
from tocsin.telemetry.identity import Pseudonyms, normalised_email


class NothingToSeeError(Exception):
    """There is no such request, or it is not for this viewer: both look alike."""


class RequestMonitoring:
    """Looks at requests on behalf of a member of staff."""

    def __init__(self, database: Database, *, clock: Clock, pseudonyms: Pseudonyms) -> None:
        self._database = database
        self._clock = clock
        self._pseudonyms = pseudonyms

    def now(self) -> datetime:
        """The hour by the service's clock."""
        return now(self._clock)

    async def newest(
        self,
        viewer: Principal,
        *,
        limit: int,
        status: Status | None = None,
        before: str | None = None,
    ) -> Sequence[ContentRequest]:
        """The newest requests that ``viewer`` may see; ``before`` is an id of an earlier page.

        Raises:
            NothingToSeeError: ``before`` names no request that ``viewer`` may see.
        """
        query = _visible_to(viewer)
        if status is not None:
            query = query.where(ContentRequest.status == status)
        async with self._database.transaction() as session:
            if before is not None:
                query = query.where(_older_than(await _the_one(session, viewer, before)))
            rows = await _newest(session, query, limit)
            self._note(session, viewer, "monitoring.list", {row.user_id for row in rows})
        return rows

    async def one(
        self, viewer: Principal, request_id: str
    ) -> tuple[ContentRequest, Sequence[StageRun]]:
        """One request and its stages' attempts in their order.

        Raises:
            NothingToSeeError: there is none, or not for this viewer.
        """
        async with self._database.transaction() as session:
            row = await _the_one(session, viewer, request_id)
            attempts = select(StageRun).where(StageRun.request_id == row.id).order_by(StageRun.id)
            runs = (await session.scalars(attempts)).all()
            self._note(session, viewer, "monitoring.request", {row.user_id})
        return row, runs

    async def of_student(
        self,
        viewer: Principal,
        *,
        student_id: str | None = None,
        email: str | None = None,
        limit: int,
    ) -> Sequence[ContentRequest]:
        """The newest requests of one student; none for a stranger to ``viewer``."""
        whose = User.id == student_id if student_id else User.email == normalised_email(email or "")
        async with self._database.transaction() as session:
            rows = await _newest(session, _visible_to(viewer).where(whose), limit)
            found = await session.scalar(select(User.id).where(whose))
            self._note(session, viewer, "monitoring.search", {found} if found else set())
        return rows

    async def figures(self, viewer: Principal, *, window_h: int) -> PipelineFigures:
        """Totals, rates and durations of what ``viewer`` may see; no child in particular."""
        since = self.now() - timedelta(hours=window_h)
        async with self._database.transaction() as session:
            return await figures(session, _may_see(viewer), since=since, window_h=window_h)

    def _note(
        self, session: AsyncSession, viewer: Principal, action: str, students: Iterable[str]
    ) -> None:
        context = current()
        for student in sorted(students):
            session.add(
                AuditEvent(
                    at=self.now(),
                    actor=viewer.pseudonym,
                    action=action,
                    subject=self._pseudonyms.user(student),
                    request_id=context.request_id if context else "",
                )
            )


def _may_see(viewer: Principal) -> ColumnElement[bool]:
    """The condition on the asking student's row."""
    if viewer.role.includes(Role.ADMIN):
        return true()
    if viewer.role.includes(Role.TEACHER) and viewer.organization_id is not None:
        return User.organization_id == viewer.organization_id
    return false()


def _visible_to(viewer: Principal) -> Select[ContentRequest]:
    asked_by = User.id == ContentRequest.user_id
    return select(ContentRequest).join(User, asked_by).where(_may_see(viewer))


async def _the_one(session: AsyncSession, viewer: Principal, request_id: str) -> ContentRequest:
    row = await session.scalar(_visible_to(viewer).where(ContentRequest.id == request_id))
    if row is None:
        raise NothingToSeeError
    return row


async def _newest(
    session: AsyncSession, query: Select[ContentRequest], limit: int
) -> Sequence[ContentRequest]:
    # The id settles the order of requests of one instant, so that no page loses a row.
    order: tuple[ColumnElement[Any], ...] = (
        ContentRequest.created_at.desc(),
        ContentRequest.id.desc(),
    )
    return (await session.scalars(query.order_by(*order).limit(limit))).all()


def _older_than(row: ContentRequest) -> ColumnElement[bool]:
    same_instant = and_(ContentRequest.created_at == row.created_at, ContentRequest.id < row.id)
    return or_(ContentRequest.created_at < row.created_at, same_instant)
