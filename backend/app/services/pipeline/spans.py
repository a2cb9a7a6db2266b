"""Each attempt at a stage as a span of the trace that began with the request for it.

A failed attempt is told by its kind alone: a provider's error may repeat the question.
An end that somebody wanted, or a lease that another worker has, is no failure.

>>> from app.core.vocabulary import Stage
>>> with StageSpan(Stage.SCRIPT, attempt=1):
...     "outside of a sampled trace it costs nothing"
'outside of a sampled trace it costs nothing'
"""

from types import TracebackType
from typing import Self

from app.core.vocabulary import Stage
from app.services.pipeline.claim import LeaseLostError
from app.services.pipeline.ledger import CancelRequestedError
from app.services.pipeline.records import without_words
from tocsin.telemetry.traces import span

_NO_FAILURES = (LeaseLostError, CancelRequestedError)


class StageSpan:
    """A block that is one attempt."""

    def __init__(self, stage: Stage, *, attempt: int) -> None:
        self._block = span(f"pipeline.{stage.value}", attempt=attempt)

    def __enter__(self) -> Self:
        self._work = self._block.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, _NO_FAILURES):
            self._work.set(stopped=type(error).__name__)
            kind, error, trace = None, None, None
        elif isinstance(error, Exception):
            error = without_words(error)
            kind, trace = type(error), error.__traceback__
        self._block.__exit__(kind, error, trace)
