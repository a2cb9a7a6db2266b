"""The worker stands still, as a process does whose machine is out of breath."""

import signal
from typing import Final

from drills.lessons import ask_for_lessons
from drills.stage import VividlyStage
from tocsin.rehearsal.drills.declared import Cause


def cause(stage: VividlyStage) -> None:
    """Stop the worker in its tracks while pupils go on asking."""
    stage.need_worker()
    stage.worker.send(signal.SIGSTOP)
    ask_for_lessons(stage, "text", pupils=2)


def mend(stage: VividlyStage) -> None:
    """Let it go on."""
    stage.crowd.leave()
    stage.worker.send(signal.SIGCONT)


CAUSE: Final = Cause(
    alert="LessonQueueSlow",
    deed="the worker stands still while pupils ask",
    cause=cause,
    mend=mend,
    may=frozenset({"LessonsStuck"}),
    thresholds={"LessonQueueSlow": {"> 300": "> 10"}},
    within_s=60.0,
)
