"""Sessions that were ended before their access tokens ran out.

A revoked session is known at once in the process that ended it, and through the shared
store in all others. What was revoked while the store was away is told to it on its return.

Bounds: ``sessions_at_most`` sessions, each for as long as an access token lives; the one
revoked longest ago goes first. It takes 100,000 sign-outs within those 15 minutes.

>>> import asyncio
>>> from tocsin.clock import SystemClock
>>> from tocsin.telemetry.identity import Pseudonyms
>>> revocations = Revocations(SystemClock(), Pseudonyms(b"a key of sixteen bytes"))
>>> async def shown():
...     await revocations.revoke("session-7", for_s=900)
...     return await revocations.is_revoked("session-7"), await revocations.is_revoked("8")
>>> asyncio.run(shown())
(True, False)
"""

from typing import Final

from app.services.protection.entries import ExpiringEntries
from app.services.protection.failures import failing_open
from app.services.protection.shared import SharedStore
from tocsin.clock import Clock
from tocsin.telemetry.identity import Pseudonyms

_PREFIX: Final = "vividly:revoked:"


class Revocations:
    """Which sessions no longer count."""

    def __init__(
        self,
        clock: Clock,
        pseudonyms: Pseudonyms,
        *,
        store: SharedStore | None = None,
        sessions_at_most: int = 100_000,
    ) -> None:
        self._pseudonyms = pseudonyms
        self._own = ExpiringEntries[bool](clock, at_most=sessions_at_most)
        self._untold = ExpiringEntries[bool](clock, at_most=sessions_at_most)
        self._store = store
        if store is not None:
            store.on_return(self._tell)

    def __len__(self) -> int:
        """How many revoked sessions this process remembers."""
        return len(self._own)

    async def revoke(self, session_id: str, for_s: int) -> None:
        """Refuse the session from now on, for as long as a token of it may live."""
        with failing_open("revocations"):
            session = self._pseudonyms.of("session", session_id)
            self._own.put(session, True, for_s=for_s)  # noqa: FBT003 - a mark
            if self._store is not None and not await self._share(session, for_s):
                self._untold.put(session, True, for_s=for_s)  # noqa: FBT003 - a mark

    async def is_revoked(self, session_id: str) -> bool:
        """Whether the session was ended."""
        with failing_open("revocations"):
            session = self._pseudonyms.of("session", session_id)
            if self._own.get(session) or self._store is None:
                return self._own.get(session) is not None
            key = _PREFIX + session
            found = await self._store.ask("revocations", lambda redis: redis.exists(key))
            return bool(found)
        return False

    async def _share(self, session: str, for_s: float) -> bool:
        if self._store is None:
            return False
        key, milliseconds = _PREFIX + session, max(1, round(for_s * 1000))
        told = await self._store.ask(
            "revocations", lambda redis: redis.set(key, 1, px=milliseconds)
        )
        return told is not None

    async def _tell(self) -> None:
        for session, left_s in self._untold.live():
            if not await self._share(session, left_s):
                return
            self._untold.drop(session)
