"""Passwords: hashed with argon2id, away from the event loop, a few at a time.

One hash costs tens of milliseconds and 64 MiB on purpose. It therefore runs on threads of
its own, and the queue before them is bounded: a flood of sign-ins is refused soon instead
of being answered never. Whoever signs in to an account that does not exist pays the same
hash, so the time of the answer tells nothing.

>>> import asyncio
>>> passwords = Passwords()
>>> asyncio.run(passwords.hash("Correct horse 1"))[:10]
'$argon2id$'
>>> passwords.close()
"""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

THREADS: Final = 2
WAITING_AT_MOST: Final = 100
"""At about 50 ms a hash and two threads, the last of them waits 2.5 s."""

_NOBODYS_PASSWORD = "the password of an account that does not exist"  # noqa: S105 - nobody's

Result = TypeVar("Result")


class PasswordsBusyError(Exception):
    """More passwords wait to be hashed than could be answered in good time."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password was right; ``new_hash`` replaces a hash of outdated strength."""

    right: bool
    new_hash: str | None = None


def strong_hasher() -> PasswordHash:
    """Argon2id at the strength of RFC 9106's second recommendation (64 MiB, 3 passes)."""
    return PasswordHash((Argon2Hasher(),))


class Passwords:
    """Hashes and verifies passwords."""

    def __init__(
        self,
        *,
        hasher: PasswordHash | None = None,
        threads: int = THREADS,
        waiting_at_most: int = WAITING_AT_MOST,
    ) -> None:
        self._hasher = hasher or strong_hasher()
        self._nobodys_hash = self._hasher.hash(_NOBODYS_PASSWORD)
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._at_most = threads + waiting_at_most
        self._inside = 0

    async def hash(self, password: str) -> str:
        """The hash to keep.

        Raises:
            PasswordsBusyError: too many are waiting already.
        """
        return await self._aside(lambda: self._hasher.hash(_composed(password)))

    async def verify(self, password: str, kept_hash: str | None) -> Verdict:
        """Whether ``password`` belongs to ``kept_hash``; None stands for no such account.

        Raises:
            PasswordsBusyError: too many are waiting already.
        """
        return await self._aside(lambda: self._compare(_composed(password), kept_hash))

    def close(self) -> None:
        """Let the threads go; what still waits is dropped."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _compare(self, password: str, kept_hash: str | None) -> Verdict:
        try:
            right, new_hash = self._hasher.verify_and_update(
                password, kept_hash or self._nobodys_hash
            )
        except UnknownHashError:  # an account that was imported without a usable password
            right, new_hash = self._hasher.verify_and_update(password, self._nobodys_hash)
            kept_hash = None
        return Verdict(right, new_hash) if kept_hash and right else Verdict(right=False)

    async def _aside(self, work: Callable[[], Result]) -> Result:
        if self._inside >= self._at_most:
            raise PasswordsBusyError
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._inside -= 1


def _composed(password: str) -> str:
    # One password may be typed as different sequences of characters: keyboards differ in
    # how they make «é» (NIST SP 800-63B, 5.1.1.2).
    return unicodedata.normalize("NFKC", password)
