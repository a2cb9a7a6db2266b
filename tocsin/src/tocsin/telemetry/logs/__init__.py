"""Logs: every line of a process as one entry in Cloud Logging's shape.

:class:`LogPipeline` receives the events of :func:`get_logger`'s loggers, of structlog's
and of the standard library's, redacts them and writes them to one stream.

>>> log = get_logger("shop.cart")
>>> log.is_enabled_for(10)
False
"""

from tocsin.telemetry.logs.encoding import MAX_LINE_BYTES, encode
from tocsin.telemetry.logs.exceptions import mark_recorded, was_recorded
from tocsin.telemetry.logs.loggers import EventLogger, get_logger
from tocsin.telemetry.logs.pipeline import LogPipeline
from tocsin.telemetry.logs.ring import DebugRing, RingBudget
from tocsin.telemetry.logs.timestamps import rfc3339

__all__ = [
    "MAX_LINE_BYTES",
    "DebugRing",
    "EventLogger",
    "LogPipeline",
    "RingBudget",
    "encode",
    "get_logger",
    "mark_recorded",
    "rfc3339",
    "was_recorded",
]
