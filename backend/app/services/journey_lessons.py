"""Forgets what the synthetic journey asked for: a real lesson every few minutes, for nobody.

An hour after its end a lesson of the journey's account goes, with its file and all that was
written down of it; until then whoever was called can look at it. No other account's is touched,
and where no account is named nothing is. Any number of processes may sweep at once.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select

from app.core.database import Database
from app.core.logging import get_logger
from app.core.moments import now
from app.models.tables import ContentRequest, Notification, StageRun, User
from app.services.artefacts import ArtefactStore
from tocsin.clock import Clock
from tocsin.telemetry.identity import normalised_email

KEPT_AFTER_END: Final = timedelta(hours=1)
_AT_ONCE: Final = 50

_log = get_logger(__name__)


class JourneyLessons:
    """Sweeps away the lessons of the account ``email``."""

    def __init__(
        self, database: Database, artefacts: ArtefactStore, *, email: str, clock: Clock
    ) -> None:
        self._database = database
        self._artefacts = artefacts
        self._email = normalised_email(email)
        self._clock = clock

    async def sweep(self) -> None:
        """Forget what ended more than an hour ago; a backlog goes in several sweeps."""
        old = (
            select(ContentRequest.id)
            .join(User, User.id == ContentRequest.user_id)
            .where(User.email == self._email)
            .where(ContentRequest.finished_at < now(self._clock) - KEPT_AFTER_END)
            .limit(_AT_ONCE)
        )
        async with self._database.sessions() as session:
            ids = list(await session.scalars(old))
        if not ids:
            return
        # Files first: a film whose row is gone would be found by nobody any more.
        for one in ids:
            await self._artefacts.discard(one, but=None)
        async with self._database.transaction() as session:
            await session.execute(delete(StageRun).where(StageRun.request_id.in_(ids)))
            await session.execute(delete(Notification).where(Notification.request_id.in_(ids)))
            await session.execute(delete(ContentRequest).where(ContentRequest.id.in_(ids)))
        _log.info("journey_lessons_forgotten", lessons=len(ids))
