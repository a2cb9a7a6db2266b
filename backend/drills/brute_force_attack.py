"""One client guesses passwords of many accounts until each of them is locked."""

from collections.abc import Iterator
from typing import Final

from drills.stage import API, VividlyStage
from tocsin.rehearsal.drills.callers import request
from tocsin.rehearsal.drills.declared import Cause

_ACCOUNTS: Final = 8
_GUESSES: Final = 5  # LOCKOUT_FAILURES


def cause(stage: VividlyStage) -> None:
    """Five wrong passwords for each of eight accounts, from one address."""
    address, _ = stage.stranger()
    stage.crowd.come(address, _guesses([stage.stranger()[1] for _ in range(_ACCOUNTS)]))


def mend(stage: VividlyStage) -> None:
    """The client gives up."""
    stage.crowd.leave()


def _guesses(emails: list[str]) -> Iterator[bytes]:
    for email in emails:
        for number in range(_GUESSES):
            body = {"email": email, "password": f"Guess-{number:04}"}
            yield request("POST", f"{API}/auth/login", body=body)


CAUSE: Final = Cause(
    alert="BruteForceAttack",
    deed="one client guesses the passwords of eight accounts",
    cause=cause,
    mend=mend,
    within_s=110.0,  # it clears when the scaled hour is over
)
