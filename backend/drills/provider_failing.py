"""The voice that reads lessons fails whenever it is started."""

from typing import Final

from drills.lessons import ask_for_lessons
from drills.stage import VividlyStage
from tocsin.rehearsal.drills.declared import Cause


def cause(stage: VividlyStage) -> None:
    """Have the program end with an error."""
    stage.voice_is_broken.touch()
    ask_for_lessons(stage, "audio")


def mend(stage: VividlyStage) -> None:
    """Repair it."""
    stage.crowd.leave()
    stage.voice_is_broken.unlink(missing_ok=True)


CAUSE: Final = Cause(
    alert="ProviderFailing",
    deed="the voice fails whenever a lesson is read",
    cause=cause,
    mend=mend,
    also=("LessonsDegraded",),
    may=frozenset({"LessonsFailing"}),
)
