"""Cloud Logging refuses a part of every batch: those lines never arrive."""

from typing import Final

from drills.stage import VividlyStage
from tocsin.rehearsal.drills.declared import Cause


def cause(stage: VividlyStage) -> None:
    """Have the cloud refuse every other line."""
    stage.kept["refusal"] = stage.faults.ask("partial_failure", on="WriteLogEntries")


def mend(stage: VividlyStage) -> None:
    """Have it take them all."""
    stage.kept.pop("refusal").lift()


CAUSE: Final = Cause(
    alert="TelemetryDropped",
    deed="Cloud Logging refuses every other line",
    cause=cause,
    mend=mend,
)
