"""Whoever guesses passwords is made to wait.

Five wrong passwords for one account from one client within an hour, and that pair waits
for 300 s: the account stays open from anywhere else. A client from which too many
sign-ins fail, whatever the account, may then only sign in accounts that it has signed in
before (decision 0003): that stops the sprayer and spares the school that sits with him
behind one address.

An account is told by its mailbox, however spelt (D80), and both are kept by pseudonym.
"""

from math import ceil

from app.core.metrics import BRUTE_FORCE_ATTEMPTS, BRUTE_FORCE_LOCKOUTS
from app.services.protection.failures import failing_open
from app.services.protection.lockout_records import LockoutRecords
from tocsin.telemetry.identity import Pseudonyms, is_pseudonym
from tocsin.telemetry.logs import get_logger

log = get_logger(__name__)


class LockoutBook:
    """Who is locked out; ``client`` is a pseudonym or an address, ``email`` as it was typed.

    Usage, around a password check::

        wait_s = await book.locked_for_s(client, email)
        if wait_s:
            ...  # refuse without looking at the password
        elif password_is_right:
            await book.succeeded(client, email)
        else:
            await book.failed(client, email)
    """

    def __init__(self, records: LockoutRecords, pseudonyms: Pseudonyms) -> None:
        self._records = records
        self._pseudonyms = pseudonyms

    async def locked_for_s(self, client: str, email: str) -> int:
        """Whole seconds until the pair may try again; 0 if it may now."""
        with failing_open("lockouts"):
            return ceil(await self._records.locked_s(*self._pair(client, email)))
        return 0

    async def failed(self, client: str, email: str) -> int:
        """Note a wrong password; returns the seconds of the lockout that it began, else 0."""
        with failing_open("lockouts"):
            who, account = self._pair(client, email)
            BRUTE_FORCE_ATTEMPTS.inc(ip_address=who)
            failure = await self._records.failed(who, account)
            locked_s = ceil(failure.locked_s)
            if failure.client_is_spent:
                log.warning("password_spraying", offender=who, last_account=account)
            if locked_s:
                BRUTE_FORCE_LOCKOUTS.inc(ip_address=who, email=account)
                log.warning("brute_force_lockout", offender=who, account=account, locked_s=locked_s)
            return locked_s
        return 0

    async def succeeded(self, client: str, email: str) -> None:
        """Note a right password: the pair's failures are forgotten."""
        with failing_open("lockouts"):
            await self._records.succeeded(*self._pair(client, email))

    def _pair(self, client: str, email: str) -> tuple[str, str]:
        who = client if is_pseudonym(client) else self._pseudonyms.client(client)
        return who, self._pseudonyms.email(email)
