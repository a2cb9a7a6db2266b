"""Somebody holds a lock, and every request holds a connection while it waits for it."""

import itertools
from typing import Final

from drills.runbook import Runbook
from drills.stage import POOL, VividlyStage
from tocsin.rehearsal.drills.declared import Cause

_WAITING: Final = 54  # of POOL: over 80 %, and none is refused
_LOCK: Final = "BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE;\n"
_PUPILS: Final = 20


def cause(stage: VividlyStage) -> None:
    """Lock the table of accounts by a session of one's own, and let many ask for theirs."""
    pupils = itertools.cycle(stage.pupils(_PUPILS))
    console = stage.kept["console"] = stage.database.console()
    assert console.stdin is not None  # noqa: S101 - asked for as a pipe
    console.stdin.write(_LOCK)
    console.stdin.flush()
    for pupil in itertools.islice(pupils, min(_WAITING, POOL)):
        stage.crowd.come(pupil.address, itertools.repeat(pupil.asks("GET", "/auth/me")))


def mend(stage: VividlyStage) -> None:
    """Do as the runbook says: find whoever holds all others up, and end that session."""
    page = Runbook.of("database-connection-issues")
    (holder,) = page.asked_of(stage.database, "pg_blocking_pids")
    page.asked_of(stage.database, "pg_terminate_backend", PID=holder)
    stage.crowd.leave()
    stage.kept.pop("console").communicate(timeout=10)


CAUSE: Final = Cause(
    alert="DatabaseConnectionIssues",
    deed="a session locks the table of accounts, and 54 requests wait with a connection each",
    cause=cause,
    mend=mend,
)
