"""Others use up the connections of the database server."""

import subprocess
from typing import Final

from drills.stage import VividlyStage
from tocsin.rehearsal.drills.declared import Cause

_OTHERS: Final = 85  # of a hundred; the service itself has some more


def cause(stage: VividlyStage) -> None:
    """Open sessions that do nothing."""
    stage.kept["others"] = [stage.database.console() for _ in range(_OTHERS)]


def mend(stage: VividlyStage) -> None:
    """Close them."""
    consoles: list[subprocess.Popen[str]] = stage.kept.pop("others")
    for console in consoles:
        if console.stdin is not None:
            console.stdin.close()
    for console in consoles:
        console.wait(10)


CAUSE: Final = Cause(
    alert="DatabaseServerNearItsLimit",
    deed="85 sessions of others sit on the database server",
    cause=cause,
    mend=mend,
)
