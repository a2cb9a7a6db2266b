"""Sign-in: who may have an account, who is let in, and what strangers learn (nothing).

The metrics of R073 to R077 are moved here and nowhere else, each once per event, after
the database has agreed. A wrong address and a wrong password look alike in words and in
time; a locked-out pair is refused before its password is looked at, whether or not the
account exists. Log lines name accounts by pseudonym.

Only registration tells that an address is taken, because the person who registers must
know; it is held to a few tries per client (decision 0002).
"""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core.database import Database
from app.core.logging import get_logger
from app.core.metrics import LOGIN_ATTEMPTS, LOGIN_FAILURES, TOKEN_REFRESHES, UNKNOWN_ROLE
from app.core.moments import now
from app.core.vocabulary import AccountStatus, Role, SessionEnd
from app.models.tables import User
from app.services.auth_errors import (
    AccountInactiveError,
    EmailTakenError,
    LockedOutError,
    PasswordRefusedError,
    RefreshOverlapError,
    RefreshRefusedError,
    WrongCredentialsError,
)
from app.services.password_resets import PasswordResets
from app.services.password_rules import broken_rules
from app.services.passwords import Passwords
from app.services.principal import Principal
from app.services.protection.lockouts import LockoutBook
from app.services.sessions import Grant, Sessions, may_sign_in
from app.services.tokens import AccessToken
from tocsin.clock import Clock
from tocsin.telemetry.context import bind_user
from tocsin.telemetry.identity import Pseudonyms, normalised_email

_log = get_logger(__name__)


@dataclass(frozen=True)
class NewAccount:
    """What a person says who registers."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    role: Role
    grade_level: int | None = None


class AuthService:
    """Registers, signs in and out; every refusal is an :class:`AuthError`."""

    def __init__(
        self,
        database: Database,
        *,
        passwords: Passwords,
        sessions: Sessions,
        resets: PasswordResets,
        lockouts: LockoutBook,
        pseudonyms: Pseudonyms,
        clock: Clock,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions
        self._resets = resets
        self._lockouts = lockouts
        self._pseudonyms = pseudonyms
        self._clock = clock

    async def register(self, new: NewAccount) -> User:
        """Make an account.

        Raises:
            PasswordRefusedError: the password breaks a rule.
            EmailTakenError: the address has an account.
            PasswordsBusyError: too many passwords are being hashed.
        """
        rules = broken_rules(new.password, [new.first_name, new.last_name, new.email])
        if rules:
            raise PasswordRefusedError(rules)
        # Before the address is looked up: a taken one costs the same time.
        password_hash = await self._passwords.hash(new.password)
        user = User(
            email=normalised_email(new.email),
            password_hash=password_hash,
            first_name=new.first_name,
            last_name=new.last_name,
            role=new.role,
            status=AccountStatus.ACTIVE,
            grade_level=new.grade_level,
            created_at=now(self._clock),
        )
        try:
            async with self._database.transaction() as transaction:
                transaction.add(user)
        except IntegrityError:
            # The database's own word: of two who register at once, one is told.
            _log.info("registration_refused", reason="email_taken")
            raise EmailTakenError from None
        _log.info(
            "account_registered",
            account=self._pseudonyms.user(user.id),
            account_role=user.role.value,
        )
        return user

    async def login(self, email: str, password: str, client: str) -> Grant:
        """Sign in; ``client`` is the client's address or its pseudonym.

        Raises:
            LockedOutError: too many wrong passwords; says for how long.
            WrongCredentialsError: no such account, or not its password.
            AccountInactiveError: the password is right, the account may not sign in.
            PasswordsBusyError: too many passwords are being hashed.
        """
        await self._refuse_locked(email, client)
        user = await self._find(email)
        verdict = await self._passwords.verify(password, user.password_hash if user else None)
        # Guesses sent side by side all passed the first question. Those whose turn came
        # after the lockout are refused alike, or the refusal would tell the right one.
        await self._refuse_locked(email, client)
        if user is None or not verdict.right:
            await self._lockouts.failed(client, email)
            reason = "invalid_password" if user else "user_not_found"
            self._count_failure(reason, email, user)
            raise WrongCredentialsError
        if not may_sign_in(user):
            self._count_failure("account_inactive", email, user)
            raise AccountInactiveError
        grant = await self._sessions.begin(user, new_hash=verdict.new_hash)
        if grant is None:
            self._count_failure("invalid_password", email, user)
            raise WrongCredentialsError
        await self._lockouts.succeeded(client, email)
        self._count_success(user)
        return grant

    async def refresh(self, refresh_token: str) -> Grant:
        """Continue a session with its newest refresh token.

        Raises:
            RefreshRefusedError: the token, its session or the account does not count.
            RefreshOverlapError: another refresh with it was under way and won.
        """
        try:
            grant = await self._sessions.rotate(refresh_token)
        except (RefreshRefusedError, RefreshOverlapError) as error:
            TOKEN_REFRESHES.inc(status="failure")
            reason = error.reason if isinstance(error, RefreshRefusedError) else "overlap"
            _log.info("token_refresh_refused", reason=reason)
            raise
        TOKEN_REFRESHES.inc(status="success")
        bind_user(self._pseudonyms.user(grant.user.id), grant.user.role.value)
        return grant

    async def logout(self, principal: Principal) -> None:
        """End the session that the caller uses, and no other."""
        await self._sessions.end(principal.session_id, SessionEnd.LOGOUT)

    async def logout_all(self, principal: Principal) -> None:
        """End every session of the caller's account."""
        await self._sessions.end_all(principal.user_id, SessionEnd.LOGOUT_ALL)

    async def identify(self, token: AccessToken) -> Principal:
        """Whose access token this is.

        Raises:
            NotSignedInError: its session or the account does not count.
        """
        return await self._sessions.identify(token)

    async def limited_by(self, refresh_token: str) -> str:
        """What refreshes with this token are counted by, for the limiter."""
        return await self._sessions.limited_by(refresh_token)

    async def account(self, principal: Principal) -> User:
        """The caller's own account."""
        async with self._database.sessions() as connection:
            return await connection.get_one(User, principal.user_id)

    async def request_reset(self, email: str) -> None:
        """Send a reset letter if there is an account; to be called after the answer.

        Raises:
            MailNotSentError: the mail server did not take it.
        """
        await self._resets.request(email)

    async def confirm_reset(self, secret: str, new_password: str, client: str) -> None:
        """Set a new password with the secret of a letter; a lockout of this client ends.

        Raises:
            ResetRefusedError: the secret is unknown, used or too old.
            PasswordRefusedError: the password breaks a rule.
            PasswordsBusyError: too many passwords are being hashed.
        """
        user = await self._resets.confirm(secret, new_password)
        await self._lockouts.succeeded(client, user.email)

    async def _refuse_locked(self, email: str, client: str) -> None:
        wait_s = await self._lockouts.locked_for_s(client, email)
        if wait_s > 0:
            # The account is not looked up: its role stays unknown, to us and to strangers.
            self._count_failure("account_locked", email, None)
            raise LockedOutError(wait_s)

    async def _find(self, email: str) -> User | None:
        async with self._database.sessions() as connection:
            return await connection.scalar(
                select(User).where(User.email == normalised_email(email))
            )

    def _count_success(self, user: User) -> None:
        LOGIN_ATTEMPTS.inc(status="success", user_role=user.role.value)
        bind_user(self._pseudonyms.user(user.id), user.role.value)
        _log.info("login_succeeded")

    def _count_failure(self, reason: str, email: str, user: User | None) -> None:
        role = user.role.value if user else UNKNOWN_ROLE
        LOGIN_ATTEMPTS.inc(status="failure", user_role=role)
        LOGIN_FAILURES.inc(reason=reason)
        _log.info("login_failed", reason=reason, account=self._pseudonyms.email(email))
