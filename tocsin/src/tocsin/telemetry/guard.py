"""Telemetry may fail; the request may not.

Every public hook runs behind one guard. In production it counts the failure, logs the
first one of each site and goes on; in tests it raises, so that no fault hides.

>>> guard = Guard(strict=False)
>>> with guard("metrics.observe"):
...     1 / 0
>>> guard.caught
{'metrics.observe': 1}
"""

import logging
from types import TracebackType
from typing import Protocol

_log = logging.getLogger(__name__)


class FailureCounter(Protocol):
    """Whoever wants to hear of each failure: a metric, as a rule."""

    def __call__(self, site: str, /) -> None:
        """Count one failure at ``site``."""
        ...


class Guard:
    """Keeps failures of telemetry away from the host.

    ``caught`` maps a site's name to the number of failures met there. ``on_failure`` is
    called with the site of each (to move a metric); it is itself guarded.
    """

    def __init__(self, *, strict: bool = False, on_failure: FailureCounter | None = None) -> None:
        self.strict = strict
        self.on_failure = on_failure
        self.caught: dict[str, int] = {}

    def __call__(self, site: str) -> "_GuardedBlock":
        """A block whose failures are met here; ``site`` names it in log and metric."""
        return _GuardedBlock(self, site)

    def failed(self, site: str, error: Exception) -> None:
        """Meet one failure: raise it under test, else count it and log the first."""
        if self.strict:
            raise error
        seen = self.caught.get(site, 0)
        self.caught[site] = seen + 1
        try:
            if self.on_failure is not None:
                self.on_failure(site)
            if not seen:
                # The type alone: an error's text may carry the value that broke us.
                _log.error(
                    "telemetry_failed: still serving, with less telemetry",
                    extra={"site": site, "error_kind": type(error).__name__},
                )
        except Exception:  # noqa: BLE001, S110 - the last line of defence has nobody to tell
            pass


class _GuardedBlock:
    __slots__ = ("_guard", "_site")

    def __init__(self, guard: Guard, site: str) -> None:
        self._guard = guard
        self._site = site

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self._guard.failed(self._site, error)
        return True
