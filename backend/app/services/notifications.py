"""What a student was told: one notification for each request that ended.

It is written in the same transaction as the request's end (``pipeline.ledger``), so that
there is exactly one, whatever happens to workers.
"""

from collections.abc import Sequence

from sqlalchemy import select, update

from app.core.database import Database
from app.core.moments import now
from app.models.tables import Notification
from app.services.principal import Principal
from tocsin.clock import Clock


class NoSuchNotificationError(Exception):
    """There is none of that id for this reader."""


class Notifications:
    """A person's own notifications."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def newest(
        self, reader: Principal, *, unread: bool, limit: int
    ) -> Sequence[Notification]:
        """The newest first; ``unread`` leaves out those that were read."""
        query = select(Notification).where(Notification.user_id == reader.user_id)
        if unread:
            query = query.where(Notification.read_at.is_(None))
        newest = query.order_by(Notification.created_at.desc(), Notification.id.desc())
        async with self._database.sessions() as session:
            return (await session.scalars(newest.limit(limit))).all()

    async def mark_read(self, reader: Principal, notification_id: str) -> None:
        """Mark one as read; marking it again changes nothing.

        Raises:
            NoSuchNotificationError: the reader has none of that id.
        """
        own = (Notification.id == notification_id, Notification.user_id == reader.user_id)
        async with self._database.transaction() as session:
            found = await session.scalar(select(Notification.id).where(*own))
            if found is None:
                raise NoSuchNotificationError
            await session.execute(
                update(Notification)
                .where(*own, Notification.read_at.is_(None))
                .values(read_at=now(self._clock))
            )
