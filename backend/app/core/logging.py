"""Vividly's logging: structured lines in Cloud Logging's shape, from ``tocsin``.

``get_logger`` is what every module of the service uses; an event is a snake_case fact
and its fields are arguments, so nothing is formatted where it is logged (D28, D29).

>>> import io
>>> from app.core.config import Settings
>>> settings = Settings(environment="test", secret_key="k" * 32, telemetry_key="t" * 32)
>>> log_format(settings, io.BytesIO())
'json'
"""

import sys
from dataclasses import replace
from typing import Any, Final, Literal

from app.core.config import Settings
from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.settings import Level, TelemetrySettings

__all__ = ["get_logger", "log_format", "telemetry_settings"]

# Libraries whose INFO is chatter: alembic tells its dialect at every start, httpx the address of
# every request.
_QUIETER: Final[dict[str, Level]] = {"alembic": "WARNING", "httpx": "WARNING"}


def log_format(settings: Settings, stream: Any = None) -> Literal["json", "console"]:
    """What ``auto`` means here: readable on a terminal, JSON for everything else (D17)."""
    if settings.log_format != "auto":
        return settings.log_format
    stream = sys.stdout if stream is None else stream
    return "console" if stream is not None and stream.isatty() else "json"


def telemetry_settings(settings: Settings, stream: Any = None) -> TelemetrySettings:
    """The toolkit's settings with the log format that fits ``stream`` (stdout if none)."""
    told = settings.telemetry
    return replace(
        told,
        log_format=log_format(settings, stream),
        logger_levels=_QUIETER | dict(told.logger_levels),
    )
