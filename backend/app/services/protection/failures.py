"""A guard that is broken must not become a second fault of the service."""

from types import TracebackType

from app.core.metrics import LIMIT_STORE_ERRORS
from app.services.protection.purposes import Purpose
from tocsin.telemetry.logs import get_logger

log = get_logger(__name__)


def passed_over(purpose: Purpose, error: Exception) -> None:
    """Count and log a judgement that could not be made: the request goes on without it.

    A lost store never gets here: its callers judge by their own memory (decision 0004).
    What does is a defect of ours, and no reason to send a school home.
    """
    LIMIT_STORE_ERRORS.inc(purpose=purpose)
    # The type alone: the text may carry what was being judged.
    log.error("protection_failed", purpose=purpose, error_kind=type(error).__name__)


class failing_open:  # noqa: N801 - read as the block's adverb: `with failing_open("limits"):`
    """Let the request pass if the block fails."""

    __slots__ = ("_purpose",)

    def __init__(self, purpose: Purpose) -> None:
        self._purpose = purpose

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        passed_over(self._purpose, error)
        return True
