"""The exporter hangs: the service answers, and nobody learns how it is."""

from typing import Final

from drills.stage import VividlyStage
from tocsin.rehearsal.drills.declared import Cause


def cause(stage: VividlyStage) -> None:
    """Let Cloud Monitoring answer no write any more."""
    stage.kept["hanging"] = stage.faults.ask("hang", on="CreateTimeSeries", seconds=20)


def mend(stage: VividlyStage) -> None:
    """Let it answer again."""
    stage.kept.pop("hanging").lift()


CAUSE: Final = Cause(
    alert="TelemetrySilent",
    deed="Cloud Monitoring answers no write any more",
    cause=cause,
    mend=mend,
    may=frozenset({"TelemetryDropped"}),  # what hangs too long is given up
    within_s=75.0,
)
