"""The process is gone, and nobody starts it again."""

from typing import Final

from drills.stage import VividlyStage
from tocsin.rehearsal.drills.declared import Cause


def cause(stage: VividlyStage) -> None:
    """Kill it with signal 9."""
    stage.service.kill()


def mend(stage: VividlyStage) -> None:
    """Start it again."""
    stage.service.start(stage.is_ready)


CAUSE: Final = Cause(
    alert="ServiceDown",
    deed="the process is killed",
    cause=cause,
    mend=mend,
)
