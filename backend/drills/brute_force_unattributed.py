"""A crowd guesses passwords: each client locks one account, too many to name each of them."""

from collections.abc import Iterator
from typing import Final

from drills.stage import API, VividlyStage
from tocsin.rehearsal.drills.callers import request
from tocsin.rehearsal.drills.declared import Cause

_CLIENTS: Final = 75  # 50 keep series of their own, the others fold into `other`
_GUESSES: Final = 5  # LOCKOUT_FAILURES
_EVERY_S: Final = 6.0  # together a dozen a second: passwords are slow to compare, on purpose


def cause(stage: VividlyStage) -> None:
    """Seventy-five clients, each with five wrong passwords for one account."""
    for number in range(_CLIENTS):
        address, email = stage.stranger()
        after_s = number / _CLIENTS * _EVERY_S
        stage.crowd.come(address, _guesses(email), every_s=_EVERY_S, after_s=after_s)


def mend(stage: VividlyStage) -> None:
    """They give up."""
    stage.crowd.leave()


def _guesses(email: str) -> Iterator[bytes]:
    for number in range(_GUESSES):
        body = {"email": email, "password": f"Guess-{number:04}"}
        yield request("POST", f"{API}/auth/login", body=body)


CAUSE: Final = Cause(
    alert="BruteForceUnattributed",
    deed="75 clients guess the password of one account each",
    cause=cause,
    mend=mend,
    may=frozenset({"AuthenticationFailuresSpike", "LabelBoundReached"}),
    within_s=150.0,  # it clears when the scaled hour is over
)
