"""The queue is the table itself: rows that have not ended and that nobody holds.

A row is taken by an UPDATE that checks once more that it is free, so one worker gets it
on SQLite as on PostgreSQL; there, workers skip rows that another is just taking (FOR
UPDATE SKIP LOCKED) and do not wait for one another. Decision 0006 says why this needs no
broker. Leases are judged by the workers' clocks, which must agree to well within a lease.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Update, func, literal, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from app.core.database import Database
from app.core.metrics import QUEUE_AGE, QUEUE_DEPTH, REQUESTS_STUCK
from app.core.moments import now
from app.models.tables import ContentRequest, UtcDateTime
from app.services.pipeline.claim import Claim, is_free, is_open
from tocsin.clock import Clock

_TOKEN_BYTES = 12
_TRIES = 3
_LESSON_AT_MOST_S = 600


@dataclass(frozen=True)
class Waiting:
    """How many requests wait for a worker, and for how long the oldest has, in seconds."""

    depth: int
    oldest_s: float


@dataclass(frozen=True)
class Held:
    """A claim that still holds."""

    cancel_requested: bool


class ContentQueue:
    """Takes, keeps and gives back requests for the workers of one process."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        lease_s: float,
        worker: str = "worker",
        token: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        self.lease_s = lease_s
        self._database = database
        self._clock = clock
        self._worker = worker
        self._token = token

    async def claim(self) -> Claim | None:
        """Take the request that has waited longest; None if none waits."""
        for _ in range(_TRIES):
            moment = now(self._clock)
            async with self._database.transaction() as session:
                # On SQLite an UPDATE locks the file even if it finds nothing: look first.
                if await session.scalar(_oldest(is_free(moment))) is None:
                    return None
                token = f"{self._worker}/{self._token(_TOKEN_BYTES)}"
                row = (await session.execute(self._taking(token, moment))).one_or_none()
            if row is not None:
                return Claim(
                    request_id=row.id,
                    user_id=row.user_id,
                    token=token,
                    attempt=row.attempts,
                    correlation_id=row.correlation_id,
                    trace_id=row.trace_id,
                    traceparent=row.traceparent,
                )
        return None  # others were faster each time: they will not stay so

    def _taking(
        self, token: str, moment: datetime
    ) -> ReturningUpdate[str, str, int, str, str, str]:
        chosen = _oldest(is_free(moment)).with_for_update(skip_locked=True)
        return (
            update(ContentRequest)
            .where(ContentRequest.id == chosen.scalar_subquery(), is_free(moment))
            .values(
                lease_owner=token,
                lease_until=moment + timedelta(seconds=self.lease_s),
                attempts=ContentRequest.attempts + 1,
                started_at=func.coalesce(ContentRequest.started_at, literal(moment, UtcDateTime())),
            )
            .returning(
                ContentRequest.id,
                ContentRequest.user_id,
                ContentRequest.attempts,
                ContentRequest.correlation_id,
                ContentRequest.trace_id,
                ContentRequest.traceparent,
            )
        )

    async def renew(self, claim: Claim) -> Held | None:
        """Hold on for another lease; None if the request is not ours any more."""
        until = now(self._clock) + timedelta(seconds=self.lease_s)
        async with self._database.transaction() as session:
            row = (
                await session.execute(
                    _held(claim)
                    .values(lease_until=until)
                    .returning(ContentRequest.cancel_requested)
                )
            ).one_or_none()
        return None if row is None else Held(row.cancel_requested)

    async def look(self, claim: Claim) -> Held | None:
        """Whether the claim still holds, without renewing it; reads only."""
        async with self._database.sessions() as session:
            row = (
                await session.execute(
                    select(ContentRequest.cancel_requested).where(
                        ContentRequest.id == claim.request_id,
                        ContentRequest.lease_owner == claim.token,
                    )
                )
            ).one_or_none()
        return None if row is None else Held(row.cancel_requested)

    async def release(self, claim: Claim) -> None:
        """Give the request back, unfinished, so that another worker can go on at once.

        A worker that is told to stop has not failed: the taking does not count.
        """
        async with self._database.transaction() as session:
            await session.execute(
                _held(claim).values(
                    lease_owner=None, lease_until=None, attempts=ContentRequest.attempts - 1
                )
            )

    async def waiting(self) -> Waiting:
        """How long the queue is, in requests and in seconds."""
        moment = now(self._clock)
        free = select(func.count(), func.min(ContentRequest.created_at)).where(is_free(moment))
        async with self._database.sessions() as session:
            depth, oldest = (await session.execute(free)).one()
        waited_s = (moment - oldest).total_seconds() if oldest is not None else 0.0
        return Waiting(depth, max(0.0, waited_s))

    async def stuck(self) -> int:
        """Requests that were begun, have not ended, and are not getting on.

        Nobody has taken one up though its lease lapsed a lease ago, or somebody holds it for
        longer than any lesson takes.
        """
        moment = now(self._clock)
        abandoned = ContentRequest.lease_until < moment - timedelta(seconds=self.lease_s)
        endless = ContentRequest.started_at < moment - timedelta(seconds=_LESSON_AT_MOST_S)
        begun = select(func.count()).where(
            is_open(), ContentRequest.attempts > 0, abandoned | endless
        )
        async with self._database.sessions() as session:
            return await session.scalar(begun) or 0

    async def sample(self) -> None:
        """Tell the metrics how long the queue is, and what stands still in it."""
        REQUESTS_STUCK.set(await self.stuck())
        waiting = await self.waiting()
        QUEUE_DEPTH.set(waiting.depth)
        QUEUE_AGE.set(waiting.oldest_s)


def _oldest(condition: ColumnElement[bool]) -> Select[Any]:
    oldest_first = select(ContentRequest.id).order_by(ContentRequest.created_at)
    return oldest_first.where(condition).limit(1)


def _held(claim: Claim) -> Update:
    return update(ContentRequest).where(
        ContentRequest.id == claim.request_id, ContentRequest.lease_owner == claim.token
    )
