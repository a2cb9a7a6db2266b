"""Says how a walk was: in metrics, in one line a step, and to a person.

>>> in_words(Taken(Step.ASK, 41.7, Kind.FAILED))
'ask      ill   failed      42 ms'
"""

from typing import Final

from app.core.logging import get_logger
from app.core.metrics import JOURNEY_DURATION, JOURNEY_STEPS
from app.journey.walk import Kind, Step, Taken

_log = get_logger(__name__)
_NOTHING: Final = "-"


def told(taken: Taken) -> Taken:
    """Count one step and log it; never what was answered."""
    result = "well" if taken.is_well else "ill"
    JOURNEY_STEPS.inc(step=taken.step, result=result)
    JOURNEY_DURATION.set(taken.took_ms, step=taken.step)
    tell = _log.info if taken.is_well else _log.warning
    kind = taken.kind.value if taken.kind else _NOTHING
    tell("journey_step", step=taken.step.value, result=result, kind=kind, ms=round(taken.took_ms))
    return taken


def in_words(taken: Taken) -> str:
    """One line for a terminal."""
    result = "well" if taken.is_well else "ill"
    kind = taken.kind.value if taken.kind else _NOTHING
    return f"{taken.step.value:8} {result:5} {kind:9} {taken.took_ms:4.0f} ms"


def exit_status(steps: list[Taken]) -> int:
    """0 all well, 1 a step was ill, 3 nobody answers."""
    ill = next((one for one in steps if not one.is_well), None)
    if ill is None:
        return 0
    return 3 if ill.kind is Kind.UNREACHABLE and ill.step is Step.SIGN_IN else 1
