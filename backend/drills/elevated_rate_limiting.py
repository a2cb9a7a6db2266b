"""One client polls far too often."""

import itertools
from typing import Final

from drills.stage import VividlyStage
from tocsin.rehearsal.drills.callers import request
from tocsin.rehearsal.drills.declared import Cause

_EVERY_S: Final = 0.015  # some 50 a second: well below the thousand refusals of DDoSAttempt


def cause(stage: VividlyStage) -> None:
    """Ask for one page again and again, past its hundred a minute."""
    address, _email = stage.stranger()
    polls = itertools.repeat(request("GET", "/status.json"))
    stage.crowd.come(address, polls, every_s=_EVERY_S)


def mend(stage: VividlyStage) -> None:
    """The client is switched off."""
    stage.crowd.leave()


CAUSE: Final = Cause(
    alert="ElevatedRateLimiting",
    deed="one client polls past its limit",
    cause=cause,
    mend=mend,
)
