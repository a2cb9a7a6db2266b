"""What the pipeline says of itself: its metrics and its log lines, once each.

Called after the database has taken the fact, so that a metric never counts what did not
happen. Guarded: no failure of telemetry can fail a stage (D29). No line carries a
question, an interest or a name.
"""

from typing import Any

from app.core.logging import get_logger
from app.core.metrics import (
    CONTENT_DURATION,
    CONTENT_ERRORS,
    CONTENT_OUTCOMES,
    CONTENT_REQUESTS,
    CONTENT_STAGES,
)
from app.core.vocabulary import ErrorType, Outcome, Stage, StageStatus
from app.services.artefacts import ArtefactError
from app.services.pipeline.ending import Ending
from app.services.provider.contract import ProviderError
from tocsin.telemetry.guard import Guard

_log = get_logger(__name__)
_TOTAL = "total"


class StageFailedError(Exception):
    """Stands in a log for an error whose own text might repeat a child's question."""


class Records:
    """Counts, times and logs; ``guard`` meets whatever goes wrong with that."""

    def __init__(self, guard: Guard, *, log: Any = _log) -> None:
        self._guard = guard
        self._log = log

    def asked(self) -> None:
        """A request was taken on."""
        with self._guard("pipeline.asked"):
            CONTENT_REQUESTS.inc(status="pending")

    def stage_ended(self, stage: Stage, status: StageStatus, seconds: float) -> None:
        """An attempt at a stage ended without an error."""
        with self._guard("pipeline.stage_ended"):
            CONTENT_STAGES.inc(stage=stage, status=status)
            if status is not StageStatus.SKIPPED:
                CONTENT_DURATION.observe(seconds, stage=stage)
            self._log.debug("stage_ended", stage=stage.value, status=status.value, seconds=seconds)

    def attempt_failed(
        self,
        stage: Stage,
        error_type: ErrorType,
        seconds: float,
        *,
        error: Exception,
        attempt: int,
        again_in_s: float | None,
    ) -> None:
        """An attempt at a stage failed; ``again_in_s`` is None when it was the last."""
        with self._guard("pipeline.attempt_failed"):
            CONTENT_STAGES.inc(stage=stage, status=StageStatus.FAILED)
            CONTENT_ERRORS.inc(stage=stage, error_type=error_type)
            CONTENT_DURATION.observe(seconds, stage=stage)
            # A stage that gives up is an event of error reporting; one that tries again is none.
            tell = self._log.error if again_in_s is None else self._log.warning
            tell(
                "stage_attempt_failed",
                stage=stage.value,
                error_kind=error_type.value,
                seconds=seconds,
                attempt=attempt,
                again_in_s=again_in_s,
                reason=str(error) if isinstance(error, ProviderError | ArtefactError) else "",
                exc_info=without_words(error),
            )

    def finished(self, ending: Ending, total_s: float) -> None:
        """A request ended; called once, by whoever ended it."""
        with self._guard("pipeline.finished"):
            CONTENT_OUTCOMES.inc(outcome=ending.outcome)
            if ending.has_lesson:
                CONTENT_REQUESTS.inc(status="completed")
            elif ending.outcome is Outcome.FAILED:
                CONTENT_REQUESTS.inc(status="failed")
            CONTENT_DURATION.observe(total_s, stage=_TOTAL)
            fields = {"outcome": ending.outcome.value, "total_s": round(total_s, 3)}
            if ending.error_type is not None:
                fields["error_kind"] = ending.error_type.value
            tell = self._log.error if ending.outcome is Outcome.FAILED else self._log.info
            tell("content_request_finished", **fields)


def without_words(error: Exception) -> Exception:
    """The same place and kind of error, but none of its words."""
    quiet = StageFailedError(type(error).__name__)
    return quiet.with_traceback(error.__traceback__)
