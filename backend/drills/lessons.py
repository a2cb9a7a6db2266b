"""Pupils who ask for lessons, one after the other, as long as an incident lasts."""

import itertools
from typing import Final

from drills.stage import VividlyStage

_QUESTION: Final = "How does photosynthesis turn sunlight into sugar inside a leaf?"
_PUPILS: Final = 8
_EVERY_S: Final = 3.5  # content.generate takes 20 a minute from one person


def ask_for_lessons(stage: VividlyStage, modality: str, *, pupils: int = _PUPILS) -> None:
    """Have pupils ask, and somebody who makes lessons."""
    stage.need_worker()
    body = {"student_query": _QUESTION, "requested_modalities": [modality]}
    for pupil in stage.pupils(pupils):
        asked = itertools.repeat(pupil.asks("POST", "/content/generate", body=body))
        stage.crowd.come(pupil.address, asked, every_s=_EVERY_S)
