"""Says how a walk was: in metrics, in one line a step, and to a person.

>>> in_words(Taken(Step.ASK, 41.7, Kind.FAILED))
'ask      ill   failed      42 ms'
"""

from typing import Final

from app.core.logging import get_logger
from app.core.metrics import JOURNEY_DURATION, JOURNEY_STEPS
from app.journey.walk import Kind, Step, Taken

UNREACHABLE: Final = 3
CUT_SHORT: Final = 1
_NOTHING: Final = "-"

_log = get_logger(__name__)


def told(taken: Taken) -> Taken:
    """Count one step and log it; never what was answered."""
    result = "well" if taken.is_well else "ill"
    JOURNEY_STEPS.inc(step=taken.step, result=result)
    JOURNEY_DURATION.set(taken.took_ms, step=taken.step)
    tell = _log.info if taken.is_well else _log.warning
    tell(
        "journey_step",
        step=taken.step.value,
        result=result,
        kind=_kind(taken),
        ms=round(taken.took_ms),
        answered_as=taken.request_id or _NOTHING,
    )
    return taken


def in_words(taken: Taken) -> str:
    """One line for a terminal."""
    result = "well" if taken.is_well else "ill"
    return f"{taken.step.value:8} {result:5} {_kind(taken):9} {taken.took_ms:4.0f} ms"


def exit_status(steps: list[Taken]) -> int:
    """0 all well, 1 a step was ill or did not come about, 3 nobody answers."""
    if [one.step for one in steps if one.is_well] == [*Step]:
        return 0
    last = steps[-1] if steps else None
    nobody = last is not None and last.kind is Kind.UNREACHABLE and last.step is Step.SIGN_IN
    return UNREACHABLE if nobody else CUT_SHORT


def _kind(taken: Taken) -> str:
    return taken.kind.value if taken.kind else _NOTHING
