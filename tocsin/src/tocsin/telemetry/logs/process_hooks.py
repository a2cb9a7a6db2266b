"""Last words: what the interpreter would print as plain text comes out as one entry.

Uncaught exceptions of the main thread and of others, exceptions that nobody could raise
(in finalisers) and warnings. What asyncio cannot deliver it logs itself, on its logger
``asyncio``, which the standard library's bridge takes.
"""

import logging
import sys
import threading
import warnings
from types import TracebackType
from typing import Any, Final, TextIO

from tocsin.telemetry.context import current
from tocsin.telemetry.logs.draft import Happening, Location
from tocsin.telemetry.logs.exceptions import was_recorded
from tocsin.telemetry.logs.recorder import Recorder

UNCAUGHT_LOGGER: Final = "python"
WARNINGS_LOGGER: Final = "py.warnings"


class ProcessHooks:
    """The hooks of one pipeline; only those that are still ours are given back."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._given: list[tuple[Any, str, Any, Any]] = []

    def put_on(self) -> None:
        """Take the interpreter's hooks over; once they are ours, do nothing."""
        if self._given:
            return
        self._replace(sys, "excepthook", self._uncaught)
        self._replace(sys, "unraisablehook", self._unraisable)
        self._replace(threading, "excepthook", self._uncaught_in_thread)
        self._replace(warnings, "showwarning", self._warned)

    def take_off(self) -> None:
        """Give them back, except where somebody has put another over ours."""
        for module, name, ours, before in self._given:
            if getattr(module, name) is ours:
                setattr(module, name, before)
        self._given.clear()

    def _replace(self, module: Any, name: str, ours: Any) -> None:
        self._given.append((module, name, ours, getattr(module, name)))
        setattr(module, name, ours)

    def _uncaught(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        # Also when the error has its line: that the process ends is one more fact.
        self._tell(logging.CRITICAL, "uncaught_exception", error, thread="MainThread")

    def _uncaught_in_thread(self, told: threading.ExceptHookArgs) -> None:
        if told.exc_value is None or issubclass(told.exc_type, SystemExit):
            return
        name = told.thread.name if told.thread is not None else ""
        if not was_recorded(told.exc_value):
            self._tell(logging.ERROR, "uncaught_exception", told.exc_value, thread=name)

    def _unraisable(self, told: "sys.UnraisableHookArgs") -> None:
        where = getattr(told.object, "__qualname__", type(told.object).__name__)
        if told.exc_value is None:
            sys.__unraisablehook__(told)
        elif not was_recorded(told.exc_value):
            self._tell(logging.ERROR, "unraisable_exception", told.exc_value, where=where)

    def _warned(  # noqa: PLR0917 - the signature of warnings.showwarning
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if file is not None:
            file.write(warnings.formatwarning(message, category, filename, lineno, line))
            return
        self._record(
            logging.WARNING,
            WARNINGS_LOGGER,
            str(message),
            location=(filename, lineno, ""),
            category=category.__name__,
        )

    def _tell(self, level: int, message: str, error: BaseException, **fields: Any) -> None:
        self._record(level, UNCAUGHT_LOGGER, message, error=error, **fields)

    def _record(
        self,
        level: int,
        logger: str,
        message: str,
        *,
        error: BaseException | None = None,
        location: Location | None = None,
        **fields: Any,
    ) -> None:
        told = Happening(
            level=level,
            logger=logger,
            message=message,
            fields=fields,
            wall_ns=self._recorder.now_ns(),
            sequence=self._recorder.next_sequence(),
            error=error,
            location=location,
            context=current(),
        )
        self._recorder.take(told, written=True)
