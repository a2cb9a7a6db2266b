"""The sign-in as the service puts it together, on a real database, with a clock by hand.

``FrontDoor`` is somebody who knows how to knock; ``AuthMoves`` tells what an action did
to the metrics of sign-in, all of them, so that a test sees what moved and what did not.
"""

from pathlib import Path

from app.core import metrics
from app.core.config import Settings
from app.core.database import Database
from app.core.vocabulary import AccountStatus, Role
from app.models.tables import User
from app.services.auth import NewAccount
from app.services.passwords import Passwords
from app.services.principal import Principal
from app.services.protection.assembly import Protection
from app.services.sessions import Grant
from app.services.sign_in import SignIn
from tocsin.clock import Clock
from tocsin.telemetry.identity import Pseudonyms

CLIENT = "192.0.2.7"
PASSWORD = "Analytical-1843"
EMAIL = "ada@school.example"


class FrontDoor:
    """One process's sign-in; several of them may share a database."""

    def __init__(
        self, settings: Settings, database: Database, passwords: Passwords, clock: Clock
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.database = database
        self.pseudonyms = Pseudonyms(settings.telemetry_key.get_secret_value().encode())
        self.protection = Protection.build(settings, pseudonyms=self.pseudonyms, clock=clock)
        self.sign_in = SignIn.build(
            settings,
            database=database,
            lockouts=self.protection.lockouts,
            revocations=self.protection.revocations,
            pseudonyms=self.pseudonyms,
            clock=clock,
            passwords=passwords,
        )
        self.auth = self.sign_in.auth
        self.sweeper = self.sign_in.sweeper
        self.tokens = self.sign_in.tokens

    async def register(
        self, email: str = EMAIL, password: str = PASSWORD, role: Role = Role.STUDENT
    ) -> User:
        """An account; administrators are made as the service would never let them."""
        asked_for = role if role in (Role.STUDENT, Role.TEACHER) else Role.TEACHER
        grade = 10 if asked_for is Role.STUDENT else None
        new = NewAccount(email, password, "Ada", "Lovelace", asked_for, grade)
        user = await self.auth.register(new)
        if role is not asked_for:
            await self.change(user, role=role)
        return user

    async def login(
        self, email: str = EMAIL, password: str = PASSWORD, client: str = CLIENT
    ) -> Grant:
        """Sign in."""
        return await self.auth.login(email, password, client)

    async def signed_in(self, email: str = EMAIL, role: Role = Role.STUDENT) -> Grant:
        """A new account that has just signed in."""
        await self.register(email, role=role)
        return await self.login(email)

    async def identify(self, grant: Grant) -> Principal:
        """Who the access token of ``grant`` belongs to."""
        return await self.auth.identify(self.tokens.read(grant.access_token))

    async def change(self, user: User, **fields: object) -> None:
        """Change the account behind the service's back, as an administrator's tool does."""
        async with self.database.transaction() as transaction:
            kept = await transaction.get_one(User, user.id)
            for name, value in fields.items():
                setattr(kept, name, value)

    async def suspend(self, user: User) -> None:
        """Suspend the account."""
        await self.change(user, status=AccountStatus.SUSPENDED)

    def letters(self) -> list[Path]:
        """The letters that were sent, the oldest first."""
        return sorted(self.settings.mail_dir.glob("*.eml"))


class AuthMoves:
    """What has moved among the metrics of sign-in since the last ``forget``."""

    def __init__(self) -> None:
        self._before = _readings()

    def forget(self) -> None:
        """Count from here."""
        self._before = _readings()

    def __call__(self) -> dict[str, float]:
        """Each series that moved, and by how much."""
        now = _readings()
        moved = {name: round(now[name] - was, 6) for name, was in self._before.items()}
        return {name: by for name, by in moved.items() if by}


def _readings() -> dict[str, float]:
    roles = (*(role.value for role in Role), metrics.UNKNOWN_ROLE)
    reasons = ("invalid_password", "user_not_found", "account_locked", "account_inactive")
    found = {
        f"attempt {status} {role}": metrics.LOGIN_ATTEMPTS.value(status=status, user_role=role)
        for status in ("success", "failure")
        for role in roles
    }
    for reason in reasons:
        found[f"failure {reason}"] = metrics.LOGIN_FAILURES.value(reason=reason)
    for status in ("success", "failure"):
        found[f"refresh {status}"] = metrics.TOKEN_REFRESHES.value(status=status)
    found["reuse"] = metrics.TOKEN_REUSES.value()
    found["sessions ended"] = float(metrics.SESSION_DURATION.count())
    found["seconds of sessions"] = metrics.SESSION_DURATION.sum()
    return found
