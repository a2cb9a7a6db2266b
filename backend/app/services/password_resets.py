"""A forgotten password: a letter with a secret, good once and for an hour.

What is asked for an address is done after the answer has gone out, so that neither the
answer nor its time tells whether an account exists. At most three letters for an account
are open at a time: nobody fills somebody else's mailbox.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, func, select, update

from app.core.database import Database
from app.core.logging import get_logger
from app.core.moments import now
from app.core.vocabulary import SessionEnd
from app.models.tables import PasswordReset, Session, User
from app.services.auth_errors import PasswordRefusedError, ResetRefusedError
from app.services.mailer import Mail, Mailer
from app.services.password_rules import broken_rules
from app.services.passwords import Passwords
from app.services.sessions import Sessions, close_sessions, may_sign_in
from app.services.tokens import TokenMint, digest
from tocsin.clock import Clock
from tocsin.telemetry.identity import Pseudonyms, normalised_email

GOOD_FOR: Final = timedelta(hours=1)
OPEN_AT_MOST: Final = 3

_log = get_logger(__name__)

_SUBJECT = "A new password for Vividly"
_LETTER = """\
Hello {first_name},

somebody, hopefully you, asked for a new password for your Vividly account.

{way}

This works once, and for one hour. If it was not you, nothing has happened: keep your
password and ignore this letter.
"""
_WAY_BY_PAGE = "Open this page and choose a new one:\n\n{page}#token={secret}"
_WAY_BY_CODE = "Where Vividly asks for the reset code, enter this one:\n\n{secret}"


class PasswordResets:
    """Sends reset letters and accepts what they hold; ``page`` may be empty."""

    def __init__(
        self,
        database: Database,
        *,
        passwords: Passwords,
        mint: TokenMint,
        sessions: Sessions,
        mailer: Mailer,
        pseudonyms: Pseudonyms,
        clock: Clock,
        page: str = "",
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._mint = mint
        self._sessions = sessions
        self._mailer = mailer
        self._pseudonyms = pseudonyms
        self._clock = clock
        self._page = page

    async def request(self, email: str) -> None:
        """Send a letter, if there is an active account and not too many letters are open.

        Raises:
            MailNotSentError: the mail server did not take it.
        """
        account = self._pseudonyms.email(email)
        secret = self._mint.secret()
        user = await self._open(normalised_email(email), secret)
        if user is None:
            _log.info("password_reset_not_sent", account=account)
            return
        # The secret stands in the address's fragment, which browsers keep to themselves (D78).
        way = (_WAY_BY_PAGE if self._page else _WAY_BY_CODE).format(page=self._page, secret=secret)
        text = _LETTER.format(first_name=user.first_name, way=way)
        await self._mailer.send(Mail(user.email, _SUBJECT, text))
        _log.info("password_reset_sent", account=account)

    async def confirm(self, secret: str, new_password: str) -> User:
        """Set the new password and end every session of the account.

        Raises:
            ResetRefusedError: the secret is unknown, used or too old.
            PasswordRefusedError: the password breaks a rule; the secret stays good.
            PasswordsBusyError: too many passwords are being hashed.
        """
        user = await self._owner(secret)
        rules = broken_rules(new_password, [user.first_name, user.last_name, user.email])
        if rules:
            raise PasswordRefusedError(rules)
        password_hash = await self._passwords.hash(new_password)
        at = now(self._clock)
        async with self._database.transaction() as transaction:
            taken = await transaction.execute(
                update(PasswordReset)
                .where(self._is_open(secret))
                .values(used_at=at)
                .returning(PasswordReset.user_id)
            )
            if taken.first() is None:
                raise ResetRefusedError
            # One new password closes all letters that were sent for the old one.
            await transaction.execute(
                update(PasswordReset)
                .where(PasswordReset.user_id == user.id, PasswordReset.used_at.is_(None))
                .values(used_at=at)
            )
            await transaction.execute(
                update(User).where(User.id == user.id).values(password_hash=password_hash)
            )
            ended = await close_sessions(
                transaction, Session.user_id == user.id, SessionEnd.PASSWORD_RESET, at
            )
        await self._sessions.ended(ended, SessionEnd.PASSWORD_RESET, at)
        _log.info("password_reset_done", account=self._pseudonyms.user(user.id))
        return user

    async def _open(self, email: str, secret: str) -> User | None:
        """Note the secret and return its owner, or None if there shall be no letter."""
        at = now(self._clock)
        async with self._database.transaction() as transaction:
            # Changes nothing but takes the row, on SQLite too (which knows no FOR UPDATE):
            # of many requests at once only three get through.
            user: User | None = await transaction.scalar(
                update(User).where(User.email == email).values(email=User.email).returning(User)
            )
            if user is None or not may_sign_in(user):
                return None
            still_open = await transaction.scalar(
                select(func.count())
                .select_from(PasswordReset)
                .where(PasswordReset.user_id == user.id)
                .where(PasswordReset.used_at.is_(None), PasswordReset.expires_at > at)
            )
            if (still_open or 0) >= OPEN_AT_MOST:
                return None
            transaction.add(
                PasswordReset(
                    token_sha256=digest(secret), user_id=user.id, expires_at=at + GOOD_FOR
                )
            )
            return user

    async def _owner(self, secret: str) -> User:
        async with self._database.sessions() as connection:
            user = await connection.scalar(
                select(User)
                .join(PasswordReset, PasswordReset.user_id == User.id)
                .where(self._is_open(secret))
            )
        if user is None or not may_sign_in(user):
            raise ResetRefusedError
        return user

    def _is_open(self, secret: str) -> ColumnElement[bool]:
        return and_(
            PasswordReset.token_sha256 == digest(secret),
            PasswordReset.used_at.is_(None),
            PasswordReset.expires_at > now(self._clock),
        )
