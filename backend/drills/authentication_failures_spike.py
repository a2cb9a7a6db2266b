"""Passwords stolen elsewhere are tried: many clients, a few guesses each, no lockout."""

from collections.abc import Iterator
from typing import Final

from drills.stage import API, VividlyStage
from tocsin.rehearsal.drills.callers import request
from tocsin.rehearsal.drills.declared import Cause

_CLIENTS: Final = 8


def cause(stage: VividlyStage) -> None:
    """Eight clients side by side, each with one guess for one account after the other."""
    for _ in range(_CLIENTS):
        address, _email = stage.stranger()
        stage.crowd.come(address, _stuffing(stage))


def mend(stage: VividlyStage) -> None:
    """They give up."""
    stage.crowd.leave()


def _stuffing(stage: VividlyStage) -> Iterator[bytes]:
    while True:
        body = {"email": stage.stranger()[1], "password": "Stolen-elsewhere-1"}
        yield request("POST", f"{API}/auth/login", body=body)


CAUSE: Final = Cause(
    alert="AuthenticationFailuresSpike",
    deed="eight clients try stolen passwords, one account after the other",
    cause=cause,
    mend=mend,
    may=frozenset({"ElevatedRateLimiting"}),
)
