"""Sessions: one per sign-in, with a chain of refresh tokens and an end that is certain.

A refresh token is good for one refresh, which gives the next one. Shown again it means
that two parties hold it, so the whole session ends for both (RFC 9700, 4.14.2). Only a
refresh that was already under way when another one won is merely refused: a browser's two
tabs, not a thief (decision 0002). Rotation never moves a session's end.

Whether a session still counts is asked of the database at every request, together with
the account's status: who signed out or was suspended is out at once (D74).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.core.database import Database
from app.core.logging import get_logger
from app.core.metrics import SESSION_DURATION, TOKEN_REUSES
from app.core.moments import now
from app.core.vocabulary import AccountStatus, SessionEnd
from app.models.tables import RefreshToken, Session, User
from app.services.auth_errors import NotSignedInError, RefreshOverlapError, RefreshRefusedError
from app.services.principal import Principal
from app.services.protection.revocations import Revocations
from app.services.tokens import AccessToken, TokenMint, digest
from tocsin.clock import Clock
from tocsin.telemetry.identity import Pseudonyms

_log = get_logger(__name__)
_NOTE_SEEN_EVERY = timedelta(seconds=60)

Ended = Sequence[Row[str, str, datetime, datetime]]
"""Session, account, beginning and latest end of each."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a sign-in or a refresh gives."""

    user: User
    session_id: str
    access_token: str
    access_token_s: int
    refresh_token: str


class Sessions:
    """Begins, continues, checks and ends sessions; ``lifetime_s`` is a session's whole life."""

    def __init__(
        self,
        database: Database,
        *,
        mint: TokenMint,
        revocations: Revocations,
        pseudonyms: Pseudonyms,
        clock: Clock,
        lifetime_s: int,
    ) -> None:
        self._database = database
        self._mint = mint
        self._revocations = revocations
        self._pseudonyms = pseudonyms
        self._clock = clock
        self._lifetime = timedelta(seconds=lifetime_s)

    async def begin(self, user: User, *, new_hash: str | None = None) -> Grant | None:
        """Sign ``user`` in, whose password was found right; keep its ``new_hash``, if any.

        None if the password was changed since: that ended every session of the account,
        and must not miss the one that was about to begin.
        """
        at = now(self._clock)
        session = Session(
            user_id=user.id, created_at=at, expires_at=at + self._lifetime, last_seen_at=at
        )
        async with self._database.transaction() as transaction:
            # Takes the account's row, as a change of the password does: one waits for the other.
            unchanged = await transaction.execute(
                update(User)
                .where(User.id == user.id, User.password_hash == user.password_hash)
                .values(password_hash=new_hash or user.password_hash)
                .returning(User.id)
            )
            if unchanged.first() is None:
                return None
            transaction.add(session)
            await transaction.flush()
            return self._grant(transaction, user, session, at)

    async def rotate(self, refresh_token: str) -> Grant:
        """Take a refresh token and give the next one.

        Raises:
            RefreshRefusedError: unknown, used before, or the session or account is over.
            RefreshOverlapError: another refresh with the same token has just won.
        """
        token, session, user = await self._found(refresh_token)
        at = now(self._clock)
        async with self._database.transaction() as transaction:
            # The row was unused when we looked. Of two that saw it so, one writes.
            taken = await transaction.execute(
                update(RefreshToken)
                .where(RefreshToken.token_sha256 == token.token_sha256)
                .where(RefreshToken.used_at.is_(None))
                .values(used_at=at)
                .returning(RefreshToken.token_sha256)
            )
            if taken.first() is None:
                raise RefreshOverlapError
            alive = await transaction.execute(
                update(Session)
                .where(Session.id == session.id, Session.ended_at.is_(None))
                .values(last_seen_at=at)
                .returning(Session.id)
            )
            if alive.first() is None:
                raise RefreshRefusedError("session_ended")
            return self._grant(transaction, user, session, at)

    async def identify(self, token: AccessToken) -> Principal:
        """Whose token this is, if the session and the account still count.

        Raises:
            NotSignedInError: one of them does not.
        """
        if await self._revocations.is_revoked(token.session_id):
            raise NotSignedInError("session_ended")
        async with self._database.sessions() as connection:
            found = await connection.execute(
                select(Session, User)
                .join(User, User.id == Session.user_id)
                .where(Session.id == token.session_id, User.id == token.user_id)
            )
            row = found.one_or_none()
        if row is None:
            raise NotSignedInError("session_unknown")
        session, user = row
        reason = _why_over(session, user, now(self._clock))
        if reason:
            raise NotSignedInError(reason)
        await self._note_seen(session)
        return self._principal(session, user)

    async def limited_by(self, refresh_token: str) -> str:
        """What refreshes are counted by: the token's session, or an unknown token itself."""
        kept_as = digest(refresh_token)
        async with self._database.sessions() as connection:
            session_id = await connection.scalar(
                select(RefreshToken.session_id).where(RefreshToken.token_sha256 == kept_as)
            )
        return session_id or kept_as

    async def end(self, session_id: str, reason: SessionEnd) -> None:
        """End one session, if it has not ended yet."""
        await self._end_where(Session.id == session_id, reason)

    async def end_all(self, user_id: str, reason: SessionEnd) -> None:
        """End every session of an account."""
        await self._end_where(Session.user_id == user_id, reason)

    async def _found(self, refresh_token: str) -> tuple[RefreshToken, Session, User]:
        async with self._database.sessions() as connection:
            found = await connection.execute(
                select(RefreshToken, Session, User)
                .join(Session, Session.id == RefreshToken.session_id)
                .join(User, User.id == Session.user_id)
                .where(RefreshToken.token_sha256 == digest(refresh_token))
            )
            row = found.one_or_none()
        if row is None:
            raise RefreshRefusedError("unknown")
        token, session, user = row
        reason = _why_over(session, user, now(self._clock))
        if token.used_at is not None and session.ended_at is None:
            await self._end_family(session, user)
            raise RefreshRefusedError("used_before")
        if reason:
            raise RefreshRefusedError(reason)
        return token, session, user

    async def _end_family(self, session: Session, user: User) -> None:
        if await self._end_where(Session.id == session.id, SessionEnd.REUSE):
            TOKEN_REUSES.inc()
            _log.warning(
                "refresh_token_reused",
                account=self._pseudonyms.user(user.id),
                account_role=user.role.value,
            )

    async def _end_where(self, which: ColumnElement[bool], reason: SessionEnd) -> int:
        at = now(self._clock)
        async with self._database.transaction() as transaction:
            ended = await close_sessions(transaction, which, reason, at)
        await self.ended(ended, reason, at)
        return len(ended)

    async def ended(self, ended: Ended, reason: SessionEnd, at: datetime) -> None:
        """Tell the world, after the commit, of sessions that ended."""
        for session_id, user_id, created_at, expires_at in ended:
            await self._revocations.revoke(session_id, for_s=self._mint.access_token_s)
            lasted_s = (min(at, expires_at) - created_at).total_seconds()
            SESSION_DURATION.observe(lasted_s)
            _log.info(
                "session_ended",
                reason=reason.value,
                account=self._pseudonyms.user(user_id),
                lasted_s=round(lasted_s, 3),
            )

    async def _note_seen(self, session: Session) -> None:
        at = now(self._clock)
        if at - session.last_seen_at < _NOTE_SEEN_EVERY:
            return
        try:
            async with self._database.transaction() as transaction:
                await transaction.execute(
                    update(Session)
                    .where(Session.id == session.id, Session.last_seen_at < at)
                    .values(last_seen_at=at)
                )
        except SQLAlchemyError as error:
            # It serves a gauge; a request must not fail for it.
            _log.warning("seen_not_noted", error_kind=type(error).__name__)

    def _grant(
        self, transaction: AsyncSession, user: User, session: Session, at: datetime
    ) -> Grant:
        secret = self._mint.secret()
        transaction.add(
            RefreshToken(token_sha256=digest(secret), session_id=session.id, issued_at=at)
        )
        left_s = int((session.expires_at - at).total_seconds())
        good_for_s = min(self._mint.access_token_s, left_s)
        access_token = self._mint.access_token(
            user_id=user.id, session_id=session.id, good_for_s=good_for_s
        )
        return Grant(user, session.id, access_token, good_for_s, secret)

    def _principal(self, session: Session, user: User) -> Principal:
        return Principal(
            user_id=user.id,
            session_id=session.id,
            role=user.role,
            grade_level=user.grade_level,
            organization_id=user.organization_id,
            pseudonym=self._pseudonyms.user(user.id),
        )


async def close_sessions(
    transaction: AsyncSession,
    which: ColumnElement[bool],
    reason: SessionEnd,
    at: datetime | InstrumentedAttribute[datetime],
) -> Ended:
    """Mark sessions as ended, each exactly once, whoever else does the same."""
    closed = await transaction.execute(
        update(Session)
        .where(which, Session.ended_at.is_(None))
        .values(ended_at=at, end_reason=reason)
        .returning(Session.id, Session.user_id, Session.created_at, Session.expires_at)
    )
    return closed.all()


def may_sign_in(user: User) -> bool:
    """Whether the account is active and not deleted."""
    return user.status is AccountStatus.ACTIVE and user.deleted_at is None


def _why_over(session: Session, user: User, at: datetime) -> str:
    """Why the session does not count any more, or nothing."""
    if session.ended_at is not None:
        return "session_ended"
    if session.expires_at <= at:
        return "session_expired"
    return "" if may_sign_in(user) else "account_inactive"
