"""The guards of one process, put together from its settings.

With REDIS_URL limits, lockouts and revocations are shared by all processes; without it
each lives in its own process, bounded (D83). With several processes and no Redis every
limit is multiplied by their number: the settings' page says so.
"""

from dataclasses import dataclass
from typing import Self

from app.core.config import Settings
from app.services.protection.clients import Clients
from app.services.protection.limits import Limits
from app.services.protection.lockout_records import LockoutPolicy, LockoutRecords, MemoryLockouts
from app.services.protection.lockouts import LockoutBook
from app.services.protection.revocations import Revocations
from app.services.protection.rules import RuleBook
from app.services.protection.shared import TIMEOUT_S, SharedStore
from app.services.protection.shared_lockouts import SharedLockouts
from app.services.protection.shared_windows import SharedWindows
from app.services.protection.windows import MemoryWindows, Windows
from tocsin.clock import Clock
from tocsin.telemetry.identity import Pseudonyms


@dataclass(frozen=True)
class Protection:
    """What stands between the world and the endpoints."""

    clients: Clients
    limits: Limits
    lockouts: LockoutBook
    revocations: Revocations
    store: SharedStore | None

    @classmethod
    def build(
        cls,
        settings: Settings,
        *,
        pseudonyms: Pseudonyms,
        clock: Clock,
        store_timeout_s: float = TIMEOUT_S,
    ) -> Self:
        """Put the guards together; nothing is connected to before the first question.

        Raises:
            ConfigurationError: RATE_LIMITS or REDIS_URL cannot work.
        """
        rules = RuleBook.with_overrides(settings.rate_limits)
        policy = LockoutPolicy(
            failures=settings.lockout_failures,
            window_s=settings.lockout_window_s,
            lockout_s=settings.lockout_s,
            client_failures=rules.wrong_passwords,
            familiar_s=settings.refresh_token_s,
        )
        own_windows, own_records = MemoryWindows(clock), MemoryLockouts(policy, clock)
        windows: Windows = own_windows
        records: LockoutRecords = own_records
        store = None
        if settings.redis_url is not None:
            url = settings.redis_url.get_secret_value()
            store = SharedStore(url, clock=clock, timeout_s=store_timeout_s)
            windows = SharedWindows(store, own_windows)
            records = SharedLockouts(store, policy, own_records)
        return cls(
            clients=Clients(pseudonyms, settings.trusted_proxies),
            limits=Limits(rules, windows, pseudonyms, clock),
            lockouts=LockoutBook(records, pseudonyms),
            revocations=Revocations(clock, pseudonyms, store=store),
            store=store,
        )

    async def close(self) -> None:
        """Give connections back."""
        if self.store is not None:
            await self.store.close()
