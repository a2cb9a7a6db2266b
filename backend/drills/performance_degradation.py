"""The database answers late, and with it the service."""

import itertools
from typing import Final

from drills.stage import API, VividlyStage
from tocsin.rehearsal.drills.callers import request
from tocsin.rehearsal.drills.declared import Cause

_PUPILS: Final = 20
_PASSERS_BY: Final = 3
_EVERY_S: Final = 0.25
_DELAY_S: Final = 0.25  # one page takes some dozen questions


def cause(stage: VividlyStage) -> None:
    """Delay every question to PostgreSQL while a class of twenty works."""
    for pupil in stage.pupils(_PUPILS):
        stage.crowd.come(pupil.address, itertools.repeat(pupil.asks("GET", "/auth/me")))
    for _ in range(_PASSERS_BY):  # whoever is not signed in is told so at once
        address, _email = stage.stranger()
        looks = itertools.repeat(request("GET", f"{API}/auth/me"))
        stage.crowd.come(address, looks, every_s=_EVERY_S)
    stage.proxy.delay(_DELAY_S)


def mend(stage: VividlyStage) -> None:
    """Let the network be quick again."""
    stage.proxy.pass_on()
    stage.crowd.leave()


CAUSE: Final = Cause(
    alert="PerformanceDegradation",
    deed="every question to PostgreSQL takes a quarter of a second longer",
    cause=cause,
    mend=mend,
    within_s=60.0,
)
