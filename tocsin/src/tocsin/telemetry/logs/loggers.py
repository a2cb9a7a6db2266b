"""``get_logger``: structlog's bound logger, with events that are facts.

An event is a snake_case name and its fields are keyword arguments; nothing is formatted
at the call (D29), and no field name is refused, not even ``event`` or ``message``. A
logger may be made before anything is configured.

>>> log = get_logger("shop.cart")
>>> log = log.bind(shop="north")
>>> log.debug("cart_opened", items=3)
>>> log.is_enabled_for(10), log.is_enabled_for(20)
(False, True)
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from types import FrameType
from typing import Any, Final

from structlog import BoundLoggerBase, DropEvent
from structlog.contextvars import merge_contextvars
from structlog.typing import Processor

from tocsin.telemetry.context import current
from tocsin.telemetry.logs.doors import Door, destination, door_of, own_package_of
from tocsin.telemetry.logs.draft import Happening
from tocsin.telemetry.logs.exceptions import error_of

PROCESSORS: Final[list[Processor]] = [merge_contextvars]
"""Runs before an event is handed over; the very list that ``structlog.configure`` is
given, so that ``structlog.testing.capture_logs`` sees these loggers too."""

_CALLER_DEPTH: Final = 2  # _tell, the method, its caller
_STANDARD_LEVELS: Final = frozenset(range(10, 51, 10))


class EventLogger(BoundLoggerBase):
    """Immutable context, and a method for each level."""

    _logger: Door

    def debug(self, event: Any = None, /, *args: Any, **fields: Any) -> None:
        """Tell a detail: written for sampled, failed and slow requests."""
        if self._logger.opens(logging.DEBUG):
            self._tell(logging.DEBUG, "debug", event, args, fields)

    def info(self, event: Any = None, /, *args: Any, **fields: Any) -> None:
        """Tell that something happened as it should."""
        if self._logger.opens(logging.INFO):
            self._tell(logging.INFO, "info", event, args, fields)

    def warning(self, event: Any = None, /, *args: Any, **fields: Any) -> None:
        """Tell that something is odd, though nobody was hurt."""
        if self._logger.opens(logging.WARNING):
            self._tell(logging.WARNING, "warning", event, args, fields)

    def error(self, event: Any = None, /, *args: Any, **fields: Any) -> None:
        """Tell that something failed."""
        if self._logger.opens(logging.ERROR):
            self._tell(logging.ERROR, "error", event, args, fields)

    def exception(self, event: Any = None, /, *args: Any, **fields: Any) -> None:
        """Tell that something failed, with the exception that is being handled."""
        if self._logger.opens(logging.ERROR):
            fields.setdefault("exc_info", True)
            self._tell(logging.ERROR, "exception", event, args, fields)

    def critical(self, event: Any = None, /, *args: Any, **fields: Any) -> None:
        """Tell that the process cannot go on."""
        if self._logger.opens(logging.CRITICAL):
            self._tell(logging.CRITICAL, "critical", event, args, fields)

    def log(self, level: int, event: Any = None, /, *args: Any, **fields: Any) -> None:
        """Tell at any level, as Python numbers them."""
        number = level if isinstance(level, int) else _number_of(level)
        if self._logger.opens(number):
            self._tell(number, logging.getLevelName(number).lower(), event, args, fields)

    msg = info
    warn = warning
    err = error
    fatal = critical

    async def adebug(self, event: Any = None, /, *args: Any, **fields: Any) -> None:
        """As ``debug``, for code written for structlog's async methods: none of ours waits."""
        if self._logger.opens(logging.DEBUG):
            self._tell(logging.DEBUG, "debug", event, args, fields)

    async def ainfo(self, event: Any = None, /, *args: Any, **fields: Any) -> None:
        """As ``info``."""
        if self._logger.opens(logging.INFO):
            self._tell(logging.INFO, "info", event, args, fields)

    async def awarning(self, event: Any = None, /, *args: Any, **fields: Any) -> None:
        """As ``warning``."""
        if self._logger.opens(logging.WARNING):
            self._tell(logging.WARNING, "warning", event, args, fields)

    async def aerror(self, event: Any = None, /, *args: Any, **fields: Any) -> None:
        """As ``error``."""
        if self._logger.opens(logging.ERROR):
            self._tell(logging.ERROR, "error", event, args, fields)

    async def aexception(self, event: Any = None, /, *args: Any, **fields: Any) -> None:
        """As ``exception``."""
        if self._logger.opens(logging.ERROR):
            fields.setdefault("exc_info", True)
            self._tell(logging.ERROR, "exception", event, args, fields)

    def is_enabled_for(self, level: int) -> bool:
        """Whether an event of this level is written or ringed here and now."""
        return self._logger.opens(level)

    def get_effective_level(self) -> int:
        """The level from which on events are written."""
        return self._logger.threshold

    def _tell(
        self, level: int, method: str, event: Any, args: tuple[Any, ...], fields: dict[str, Any]
    ) -> None:
        pipeline = destination()
        failures: list[Exception] = []
        try:
            told = Happening(
                level=level,
                logger=self._logger.name,
                message=event,
                args=args,
                fields={**self._context, **fields},
                wall_ns=pipeline.now_ns(),
                sequence=pipeline.next_sequence(),
                context=current(),
            )
            _complete(told, sys._getframe(_CALLER_DEPTH))  # noqa: SLF001 - the way to one frame
            self._process(told, method, failures)
            pipeline.take(told, written=level >= self._logger.threshold)
        except DropEvent:
            return
        except Exception as error:  # noqa: BLE001 - the guard decides who hears of it
            failures.append(error)
        for failure in failures:
            pipeline.guard.failed("logs.event", failure)

    def _process(self, told: Happening, method: str, failures: list[Exception]) -> None:
        """Run structlog's processors, which know the event as one more field.

        One that fails is passed over with its successors: the event is told as it was.
        """
        fields: MutableMapping[str, Any] = dict(told.fields)
        if "event" in fields:
            event = fields.pop("event")
            if told.message is None:  # log.info(event="cart_filled") is structlog's way too
                told.message = event
            else:
                fields["field_event"] = event
        told.fields = dict(fields)
        fields["event"] = told.message
        try:
            for processor in self._processors:
                fields = processor(self._logger, method, fields)  # type: ignore[assignment]
            fields = dict(fields)
            told.message, told.fields = fields.pop("event", told.message), fields
        except DropEvent:
            raise
        except Exception as error:  # noqa: BLE001 - the record must not be lost
            failures.append(error)


def _complete(told: Happening, frame: FrameType) -> None:
    """Add what the call itself tells: where it stands, and the exception it speaks of."""
    code = frame.f_code
    told.location = (code.co_filename, frame.f_lineno, code.co_qualname)
    if told.level not in _STANDARD_LEVELS:
        told.level_name = logging.getLevelName(told.level)
    if "exc_info" in told.fields or "stack_info" in told.fields:
        fields = dict(told.fields)
        exc_info = fields.pop("exc_info", None)
        told.error = sys.exc_info()[1] if exc_info is True else error_of(exc_info)
        if fields.pop("stack_info", False):
            fields["stack_info"] = "".join(traceback.format_stack(frame))
        told.fields = fields


def _number_of(level: Any) -> int:
    return logging.getLevelNamesMapping().get(str(level).upper(), logging.INFO)


def get_logger(name: str, /, **fields: Any) -> EventLogger:
    """The logger of a module; ``fields`` go with each of its events.

    ``name`` is the module's ``__name__`` as a rule. Its first part names a package of
    ours: standard-library loggers of that package fill the rings of requests as well.
    """
    own_package_of(name)
    return EventLogger(door_of(name), PROCESSORS, fields)


def door_for(*args: Any) -> Door:
    """The factory for ``structlog.get_logger()``, which is named for its caller."""
    if args and isinstance(args[0], str):
        return door_of(args[0])
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to one frame
    while frame is not None and frame.f_globals.get("__name__", "").startswith("structlog"):
        frame = frame.f_back
    return door_of(frame.f_globals.get("__name__", "") if frame is not None else "")
