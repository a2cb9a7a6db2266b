"""A flood from a few addresses, most of which the limits refuse."""

import itertools
from typing import Final

from drills.stage import VividlyStage
from tocsin.rehearsal.drills.callers import request
from tocsin.rehearsal.drills.declared import Cause

_CLIENTS: Final = 5
_EVERY_S: Final = 0.008


def cause(stage: VividlyStage) -> None:
    """Hundreds of requests a second for a page that does not exist."""
    flood = request("GET", "/wp-login.php")
    for _ in range(_CLIENTS):
        address, _email = stage.stranger()
        stage.crowd.come(address, itertools.repeat(flood), every_s=_EVERY_S)


def mend(stage: VividlyStage) -> None:
    """The flood ends."""
    stage.crowd.leave()


CAUSE: Final = Cause(
    alert="DDoSAttempt",
    deed="five clients flood the service until its limits refuse them",
    cause=cause,
    mend=mend,
    may=frozenset({"ElevatedRateLimiting"}),
)
