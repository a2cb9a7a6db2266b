"""The disk for finished lessons is gone: every lesson fails."""

from typing import Final

from drills.lessons import ask_for_lessons
from drills.stage import VividlyStage
from tocsin.rehearsal.drills.declared import Cause


def cause(stage: VividlyStage) -> None:
    """Put a file where the folder of lessons was."""
    stage.need_worker()
    stage.artefacts.mkdir(exist_ok=True)
    stage.artefacts.rename(stage.artefacts.with_suffix(".gone"))
    stage.artefacts.write_text("not a folder")
    ask_for_lessons(stage, "video")


def mend(stage: VividlyStage) -> None:
    """Mount it again."""
    stage.crowd.leave()
    stage.artefacts.unlink(missing_ok=True)
    stage.artefacts.with_suffix(".gone").rename(stage.artefacts)


CAUSE: Final = Cause(
    alert="LessonsFailing",
    deed="the folder of lessons is gone while pupils ask",
    cause=cause,
    mend=mend,
)
