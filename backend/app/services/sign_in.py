"""The sign-in of one process, put together from its settings.

Connects to nothing and starts no thread before the first question; ``close`` ends the
threads that hash.
"""

from dataclasses import dataclass
from typing import Self

from app.core.config import Settings
from app.core.database import Database
from app.services.auth import AuthService
from app.services.demo import make_demo_admin
from app.services.mailer import Mailer, mailer_from
from app.services.password_resets import PasswordResets
from app.services.passwords import Passwords
from app.services.protection.lockouts import LockoutBook
from app.services.protection.revocations import Revocations
from app.services.session_sweeper import SessionSweeper
from app.services.sessions import Sessions
from app.services.tokens import TokenMint
from tocsin.clock import Clock
from tocsin.telemetry.identity import Pseudonyms


@dataclass(frozen=True)
class SignIn:
    """The parts; ``sweeper.sweep`` wants to be called every few seconds."""

    settings: Settings
    database: Database
    clock: Clock
    tokens: TokenMint
    passwords: Passwords
    mailer: Mailer
    auth: AuthService
    sweeper: SessionSweeper

    @classmethod
    def build(
        cls,
        settings: Settings,
        *,
        database: Database,
        lockouts: LockoutBook,
        revocations: Revocations,
        pseudonyms: Pseudonyms,
        clock: Clock,
        passwords: Passwords | None = None,
    ) -> Self:
        """Put the parts together; ``passwords`` may be handed in, of another strength."""
        passwords = passwords or Passwords()
        mailer = mailer_from(settings, clock=clock)
        tokens = TokenMint(
            settings.secret_key.get_secret_value(),
            clock=clock,
            access_token_s=settings.access_token_s,
        )
        sessions = Sessions(
            database,
            mint=tokens,
            revocations=revocations,
            pseudonyms=pseudonyms,
            clock=clock,
            lifetime_s=settings.refresh_token_s,
        )
        resets = PasswordResets(
            database,
            passwords=passwords,
            mint=tokens,
            sessions=sessions,
            mailer=mailer,
            pseudonyms=pseudonyms,
            clock=clock,
            page=settings.reset_page,
        )
        auth = AuthService(
            database,
            passwords=passwords,
            sessions=sessions,
            resets=resets,
            lockouts=lockouts,
            pseudonyms=pseudonyms,
            clock=clock,
        )
        sweeper = SessionSweeper(database, clock=clock)
        return cls(settings, database, clock, tokens, passwords, mailer, auth, sweeper)

    async def make_demo_admin(self) -> None:
        """Make the demo administrator, if the settings ask for one."""
        await make_demo_admin(
            self.settings, self.database, passwords=self.passwords, clock=self.clock
        )

    def close(self) -> None:
        """Let the hashing threads go."""
        self.passwords.close()
