"""The stages' order, and what each may take: time, progress, another attempt.

>>> [stage.value for stage in remaining(has_script=True, has_artefact=False)]
['narration', 'video', 'notification']
>>> backoff_s(1, chance=0.0), backoff_s(3, chance=0.0)
(0.5, 2.0)
"""

from collections.abc import Mapping, Sequence

from sqlalchemy.exc import SQLAlchemyError

from app.core.vocabulary import ErrorType, Stage
from app.services.artefacts import ArtefactError
from app.services.provider.contract import ProviderError

TIMEOUTS_S: Mapping[Stage, float] = {
    Stage.VALIDATION: 5.0,
    Stage.RETRIEVAL: 10.0,
    Stage.SCRIPT: 30.0,
    Stage.NARRATION: 60.0,
    Stage.VIDEO: 120.0,
    Stage.NOTIFICATION: 10.0,
}
"""How long one attempt at a stage may take."""

_BEGINS_AT: Mapping[Stage, float] = {
    Stage.VALIDATION: 0.02,
    Stage.RETRIEVAL: 0.05,
    Stage.SCRIPT: 0.1,
    Stage.NARRATION: 0.2,
    Stage.VIDEO: 0.3,
    Stage.NOTIFICATION: 0.97,
}

WITHOUT_ANOTHER_ATTEMPT = frozenset({ErrorType.INTERNAL})
"""Our own mistakes: the same again would be the same again."""

_FIRST_BACKOFF_S = 0.5
_BACKOFF_AT_MOST_S = 20.0
_JITTER = 0.5


def remaining(*, has_script: bool, has_artefact: bool) -> Sequence[Stage]:
    """The stages that are still to do, given what an earlier worker has stored."""
    if has_artefact:
        first = Stage.NOTIFICATION
    elif has_script:
        first = Stage.NARRATION
    else:
        first = Stage.VALIDATION
    stages = list(Stage)
    return stages[stages.index(first) :]


def after(stage: Stage) -> Stage | None:
    """The stage that follows, if one does."""
    stages = list(Stage)
    place = stages.index(stage) + 1
    return stages[place] if place < len(stages) else None


def progress(stage: Stage, share: float = 0.0) -> float:
    """The whole request's progress, 0 to 1, at a share of this stage.

    >>> progress(Stage.VIDEO, 0.5)
    0.635
    """
    begin = _BEGINS_AT[stage]
    following = after(stage)
    end = _BEGINS_AT[following] if following else 1.0
    return begin + (end - begin) * share


def backoff_s(attempt: int, *, chance: float) -> float:
    """How long to wait after the given failed attempt; ``chance``, 0 to 1, spreads workers."""
    wait_s = min(_BACKOFF_AT_MOST_S, _FIRST_BACKOFF_S * 2.0 ** (attempt - 1))
    return wait_s * (1 + _JITTER * chance)


def error_type_of(error: Exception) -> ErrorType:
    """The kind of a failure, as an operator would sort it.

    >>> [error_type_of(error).value for error in (TimeoutError(), OSError(), KeyError())]
    ['timeout', 'storage', 'internal']
    """
    if isinstance(error, ProviderError):
        return error.error_type
    if isinstance(error, ArtefactError):
        return ErrorType.INVALID_ARTEFACT
    if isinstance(error, TimeoutError):  # an OSError as well, so it is asked for first
        return ErrorType.TIMEOUT
    if isinstance(error, OSError | SQLAlchemyError):
        return ErrorType.STORAGE
    return ErrorType.INTERNAL
