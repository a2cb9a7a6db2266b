"""The standard library's loggers, in the same shape and once.

One handler on the root takes everything. Handlers that others put to the console (the
``basicConfig`` of a script, uvicorn's ``dictConfig``, gunicorn's own) are taken off, and
given back at the end; handlers that write elsewhere stay. The servers' access loggers are
silenced, since our middleware writes one access line that knows more.

The handler has no lock and waits for nobody: ``dictConfig`` flushes and closes every
handler while it holds logging's own lock, where waiting means a deadlock
(AutoGPT issue 10638).

>>> record = logging.LogRecord("shop", 20, "cart.py", 7, "took %d s", (3,), None)
>>> record.cart = 12
>>> extra_fields(record)
{'cart': 12}
"""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tocsin.telemetry.context import current
from tocsin.telemetry.logs.draft import Happening
from tocsin.telemetry.logs.exceptions import error_of, was_recorded
from tocsin.telemetry.logs.levels import LevelTable
from tocsin.telemetry.logs.recorder import Recorder

SERVERS: Final = (
    "uvicorn",
    "uvicorn.error",
    "uvicorn.asgi",
    "gunicorn",
    "gunicorn.error",
    "hypercorn",
    "hypercorn.error",
)
ACCESS: Final = ("uvicorn.access", "gunicorn.access", "hypercorn.access")
_REPORTERS: Final = frozenset({*SERVERS, "asyncio"})

# What logging itself puts on a record; the rest came as `extra`. uvicorn's coloured copy
# of its message is not worth a field.
_OWN_ATTRIBUTES: Final = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "color_message",
}


def extra_fields(record: logging.LogRecord) -> dict[str, Any]:
    """What a call gave as ``extra``."""
    return {key: value for key, value in vars(record).items() if key not in _OWN_ATTRIBUTES}


class _NoLock:
    """What logging acquires around a handler, without anything to wait for."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        return None

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


class RecordHandler(logging.Handler):
    """Hands records to the recorder."""

    def __init__(self, recorder: Recorder, levels: LevelTable, drain: Callable[[], None]) -> None:
        super().__init__(logging.NOTSET)
        self._recorder = recorder
        self._levels = levels
        self._drain = drain
        self.opened: set[str] = set()
        """Packages whose loggers let everything through, for the rings."""

    def createLock(self) -> None:  # noqa: N802 - logging's name
        """Have none: the recorder needs no help, and a lock can be waited for."""
        self.lock = _NoLock()  # type: ignore[assignment] # is all that logging asks of it

    def emit(self, record: logging.LogRecord) -> None:
        """Record one."""
        try:
            self._take(record)
        except Exception as error:  # noqa: BLE001 - the guard decides who hears of it
            self._recorder.guard.failed("logs.standard_library", error)

    def flush(self) -> None:
        """Write what can be written without waiting."""
        self._drain()

    def _take(self, record: logging.LogRecord) -> None:
        error = error_of(record.exc_info)
        if error is not None and record.name in _REPORTERS and was_recorded(error):
            return
        written = record.name.partition(".")[
            0
        ] not in self.opened or record.levelno >= self._levels.threshold(record.name)
        context = current()
        if not written and (context is None or context.ring is None):
            return
        fields = extra_fields(record)
        if record.stack_info:
            fields["stack_info"] = record.stack_info
        told = Happening(
            level=record.levelno,
            level_name=record.levelname,
            logger=record.name,
            message=record.msg,
            args=record.args,
            fields=fields,
            wall_ns=int(record.created * 1_000_000) * 1_000,
            sequence=self._recorder.next_sequence(),
            error=error,
            error_text=record.exc_text or "",
            location=(record.pathname, record.lineno, record.funcName or ""),
            context=context,
        )
        self._recorder.take(told, written=written)
        if record.name in _REPORTERS:
            # A server's last words come when its loop has no turn left: uvicorn then
            # raises the signal again that it was stopped by, and dies of it.
            self._drain()


@dataclass(frozen=True, slots=True)
class _Before:
    """How a logger was found."""

    handlers: list[logging.Handler]
    level: int
    propagate: bool


class StandardLibrary:
    """Takes the standard library's loggers over, and gives them back."""

    def __init__(self, handler: RecordHandler, levels: LevelTable) -> None:
        self._handler = handler
        self._levels = levels
        self._before: dict[str, _Before] = {}

    def take_over(self) -> None:
        """Lead all loggers to our handler; to be repeated after somebody's ``dictConfig``."""
        for logger in _loggers():
            if any(map(_is_console, logger.handlers)):
                self._adopt(logger)
        for name in SERVERS:
            logger = logging.getLogger(name)
            self._adopt(logger)
            logger.setLevel(logging.NOTSET)
        for name in ACCESS:
            logger = logging.getLogger(name)
            self._adopt(logger)
            logger.propagate = False
        self._set_levels(self._levels.by_name)
        root = logging.getLogger()
        self._note(root)
        kept = [one for one in root.handlers if one is not self._handler and not _is_console(one)]
        root.handlers = [*kept, self._handler]
        root.setLevel(self._levels.root)

    def open_package(self, name: str) -> None:
        """Let a package's loggers fill the rings; its written lines stay as they were."""
        logger = logging.getLogger(name)
        unset = logger.level == logging.NOTSET or name in self._levels.by_name
        if unset and self._levels.rings(name):
            self._note(logger)
            logger.setLevel(min(logging.DEBUG, self._levels.threshold(name)))
            self._handler.opened.add(name)

    def give_back(self) -> None:
        """Put every logger back as it was found."""
        for name, before in self._before.items():
            logger = logging.getLogger(name or None)
            logger.handlers = before.handlers
            logger.propagate = before.propagate
            logger.setLevel(before.level)
        self._before.clear()
        self._handler.opened.clear()

    def _note(self, logger: logging.Logger) -> None:
        name = "" if logger.parent is None else logger.name
        self._before.setdefault(
            name, _Before(list(logger.handlers), logger.level, logger.propagate)
        )

    def _adopt(self, logger: logging.Logger) -> None:
        self._note(logger)
        # A new list: uvicorn's worker class shares gunicorn's list with uvicorn's loggers.
        logger.handlers = [one for one in logger.handlers if not _is_console(one)]
        logger.propagate = True

    def _set_levels(self, by_name: Mapping[str, int]) -> None:
        for logger in _loggers():
            covered = any(logger.name.startswith(f"{name}.") for name in by_name)
            if covered and logger.level != logging.NOTSET:
                self._note(logger)
                logger.setLevel(logging.NOTSET)
        for name, level in by_name.items():
            logger = logging.getLogger(name)
            self._note(logger)
            logger.setLevel(level)


def _loggers() -> Iterator[logging.Logger]:
    # A copy, since another thread may be making one; placeholders stand for missing parents.
    for logger in list(logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            yield logger


def _is_console(handler: logging.Handler) -> bool:
    if not isinstance(handler, logging.StreamHandler):
        return False
    return handler.stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
