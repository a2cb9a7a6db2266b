"""What lockouts are reckoned from: the failures of a pair, of a client, and who is known.

A *pair* is one account seen from one client, both by pseudonym. Four things are kept of it:

- its recent failures, until the window is over or a sign-in succeeds;
- its lockout, for as long as that lasts;
- that it signed in before (*familiar*), for as long as a session may last;
- and, for the client as a whole, how many sign-ins failed lately, whatever the account.

Bounds: ``pairs_at_most`` of each, the one that failed least recently going first. Nobody
frees himself early by inventing accounts: his client is stopped after ``client_failures``
of them, so pushing one pair out takes more than ``pairs_at_most / client_failures``
clients at once (250 by default), and gains the five guesses that these would have anyway.

>>> from tocsin.clock import SystemClock
>>> policy = LockoutPolicy(failures=2, window_s=3600, lockout_s=300)
>>> records = MemoryLockouts(policy, SystemClock())
>>> [records.failed_now("c", "e").locked_s for _ in range(2)]
[0.0, 300.0]
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from app.services.protection.entries import ExpiringEntries
from app.services.protection.rules import Limit
from app.services.protection.windows import MemoryWindows
from tocsin.clock import Clock

_NS = 1_000_000_000
_FOURTEEN_DAYS_S = 14 * 86400
_CLIENT_FAILURES = Limit(200, 3600)


@dataclass(frozen=True, kw_only=True)
class LockoutPolicy:
    """``failures`` within ``window_s`` lock a pair for ``lockout_s``."""

    failures: int = 5
    window_s: int = 3600
    lockout_s: int = 300
    client_failures: Limit = _CLIENT_FAILURES
    """after so many, only familiar pairs without a recent failure may try from this client"""
    familiar_s: int = _FOURTEEN_DAYS_S


class Failure(NamedTuple):
    """What one failed sign-in brought about."""

    locked_s: float
    """how long the lockout lasts that it began; 0 if it began none"""
    client_is_spent: bool
    """whether it was the client's last one before strangers are turned away"""


class LockoutRecords(Protocol):
    """A store of the above."""

    async def locked_s(self, client: str, account: str) -> float:
        """How long the pair may not try; 0 if it may."""
        ...

    async def failed(self, client: str, account: str) -> Failure:
        """Note a wrong password."""
        ...

    async def succeeded(self, client: str, account: str) -> None:
        """Note a right one."""
        ...


class MemoryLockouts:
    """The records of one process."""

    def __init__(self, policy: LockoutPolicy, clock: Clock, *, pairs_at_most: int = 50_000) -> None:
        self._policy = policy
        self._now_ns = clock.monotonic_ns
        self._failing = ExpiringEntries[list[int]](clock, at_most=pairs_at_most)
        self._locked = ExpiringEntries[None](clock, at_most=pairs_at_most)
        self._familiar = ExpiringEntries[bool](clock, at_most=pairs_at_most)
        self._clients = MemoryWindows(clock, keys_at_most=pairs_at_most)

    def __len__(self) -> int:
        """How many entries are held in all."""
        pairs = len(self._failing) + len(self._locked) + len(self._familiar)
        return pairs + len(self._clients)

    async def locked_s(self, client: str, account: str) -> float:
        """How long the pair may not try; 0 if it may."""
        pair = f"{client}:{account}"
        left_s = self._locked.left_s(pair)
        if left_s:
            return left_s
        spent = await self._clients.look((client, self._policy.client_failures))
        if spent.admitted or (self._familiar.get(pair) and not self._failing.get(pair)):
            return 0.0
        return spent.reset_s

    async def failed(self, client: str, account: str) -> Failure:
        """Note a wrong password."""
        return self.failed_now(client, account)

    def failed_now(self, client: str, account: str) -> Failure:
        """The same without awaiting: of failures that race, one begins the lockout."""
        pair = f"{client}:{account}"
        of_client = self._clients.take_now((client, self._policy.client_failures))
        is_spent = of_client.admitted and of_client.remaining == 0
        if self._locked.left_s(pair):
            return Failure(0.0, is_spent)
        now = self._now_ns()
        since = now - self._policy.window_s * _NS
        times = [time for time in self._failing.get(pair) or () if time > since]
        times.append(now)
        if len(times) < self._policy.failures:
            self._failing.put(pair, times, for_s=self._policy.window_s)
            return Failure(0.0, is_spent)
        self._failing.drop(pair)
        self._locked.put(pair, None, for_s=self._policy.lockout_s)
        return Failure(float(self._policy.lockout_s), is_spent)

    def note_lockout(self, client: str, account: str, for_s: float) -> None:
        """Refuse the pair for so long: somebody else has counted its failures."""
        self._locked.put(f"{client}:{account}", None, for_s=for_s)

    async def succeeded(self, client: str, account: str) -> None:
        """Note a right one."""
        pair = f"{client}:{account}"
        self._failing.drop(pair)
        self._locked.drop(pair)
        self._familiar.put(pair, True, for_s=self._policy.familiar_s)  # noqa: FBT003 - a mark
