"""What happens to sessions without anybody asking: they expire, are counted, are forgotten.

Called every few seconds by each process. The database decides who ends a session, so that
its duration is observed once however many processes sweep.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, delete, distinct, func, or_, select

from app.core.database import Database
from app.core.logging import get_logger
from app.core.metrics import ACTIVE_SESSIONS, ACTIVE_USERS, SESSION_DURATION
from app.core.moments import now
from app.core.vocabulary import Role, SessionEnd
from app.models.tables import PasswordReset, RefreshToken, Session, User
from app.services.sessions import close_sessions
from tocsin.clock import Clock

ACTIVE_WITHIN: Final = timedelta(minutes=5)
KEPT_AFTER_END: Final = timedelta(days=30)
"""Long enough to look into a theft, then nothing is left of who signed in when."""

_FORGET_EVERY = timedelta(hours=1)
_log = get_logger(__name__)


class SessionSweeper:
    """Ends expired sessions, refreshes the gauges, deletes what is old."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._forgot_at: datetime | None = None

    async def sweep(self) -> None:
        """Do all that is due."""
        at = now(self._clock)
        await self._end_expired(at)
        await self._count(at)
        if self._forgot_at is None or at - self._forgot_at >= _FORGET_EVERY:
            await self._forget(at - KEPT_AFTER_END)
            self._forgot_at = at

    async def _end_expired(self, at: datetime) -> None:
        async with self._database.transaction() as transaction:
            # A session ends when its time is up, not when somebody notices.
            expired = await close_sessions(
                transaction, Session.expires_at <= at, SessionEnd.EXPIRED, Session.expires_at
            )
        for _, _, created_at, expires_at in expired:
            SESSION_DURATION.observe((expires_at - created_at).total_seconds())
        if expired:
            _log.info("sessions_expired", sessions=len(expired))

    async def _count(self, at: datetime) -> None:
        is_live = and_(Session.ended_at.is_(None), Session.expires_at > at)
        by_role = (
            select(User.role, func.count())
            .select_from(Session)
            .join(User, User.id == Session.user_id)
            .where(is_live)
            .group_by(User.role)
        )
        seen = select(func.count(distinct(Session.user_id))).where(
            Session.last_seen_at > at - ACTIVE_WITHIN
        )
        async with self._database.sessions() as connection:
            live = dict(list(await connection.execute(by_role)))
            active = await connection.scalar(seen)
        for role in Role:
            ACTIVE_SESSIONS.set(live.get(role, 0), user_role=role.value)
        ACTIVE_USERS.set(active or 0)

    async def _forget(self, before: datetime) -> None:
        old = select(Session.id).where(Session.ended_at < before)
        async with self._database.transaction() as transaction:
            await transaction.execute(delete(RefreshToken).where(RefreshToken.session_id.in_(old)))
            await transaction.execute(delete(Session).where(Session.ended_at < before))
            await transaction.execute(
                delete(PasswordReset).where(
                    or_(PasswordReset.expires_at < before, PasswordReset.used_at < before)
                )
            )
