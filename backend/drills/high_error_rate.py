"""The way to the database is cut: whatever needs it fails with 5xx."""

from typing import Final

from drills.stage import VividlyStage
from tocsin.rehearsal.drills.declared import Cause


def cause(stage: VividlyStage) -> None:
    """Cut every connection to PostgreSQL, and each new one."""
    stage.proxy.refuse()


def mend(stage: VividlyStage) -> None:
    """Let the network be well again."""
    stage.proxy.pass_on()


CAUSE: Final = Cause(
    alert="HighErrorRate",
    deed="the network to PostgreSQL is cut while pupils are at class",
    cause=cause,
    mend=mend,
)
