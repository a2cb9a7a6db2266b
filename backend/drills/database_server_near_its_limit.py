"""Others use up the connections of the database server."""

import subprocess
import time
from typing import Final

from drills.database import CONNECTIONS_AT_MOST
from drills.runbook import Runbook
from drills.stage import POOL, VividlyStage
from tocsin.rehearsal.drills.declared import Cause

# Over 80 %, and some are left: a server that grants none at all is another incident.
_FULL: Final = round(CONNECTIONS_AT_MOST * 0.88)
_AT_REST: Final = POOL // 3 + 8  # what the pool keeps, and the worker's
_ROUNDS: Final = 40
_ROUND_S: Final = 0.25


def cause(stage: VividlyStage) -> None:
    """Open sessions that do nothing, beside those that the service keeps."""
    others = _FULL - _kept_at_rest(stage)
    stage.kept["others"] = [stage.database.console() for _ in range(others)]


def _kept_at_rest(stage: VividlyStage) -> int:
    """The service's sessions, once those of an incident before this one are given back."""
    for _ in range(_ROUNDS):
        if (sessions := stage.database.sessions()) <= _AT_REST:
            return sessions
        time.sleep(_ROUND_S)
    return sessions


def mend(stage: VividlyStage) -> None:
    """Do as the runbook says: see who has the most that do nothing, and end those."""
    page = Runbook.of("database-server-near-its-limit")
    most, *_ = page.asked_of(stage.database, "count(*)")
    page.asked_of(stage.database, "pg_terminate_backend", NAME=most)
    consoles: list[subprocess.Popen[str]] = stage.kept.pop("others")
    for console in consoles:
        console.communicate(timeout=10)


CAUSE: Final = Cause(
    alert="DatabaseServerNearItsLimit",
    deed="sessions of others fill the database server to 88 of its 100 connections",
    cause=cause,
    mend=mend,
)
