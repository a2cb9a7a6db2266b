"""Entries for a person at a terminal: one aligned line each, a traceback below it.

The entry is the finished, redacted one; what a machine needs and a person does not
(labels, ids of lines and traces) is left out. Control characters are shown as escapes,
so that no logged text can move the cursor or forge a line.

>>> render = ConsoleRendering(colours=False)
>>> print(render({"severity": "INFO", "message": "lesson_finished", "seconds": 3.2}).decode())
             [INFO     ] lesson_finished                seconds=3.2
<BLANKLINE>
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from structlog.dev import Column, ConsoleRenderer, KeyValueColumnFormatter, LogLevelColumnFormatter

from tocsin.telemetry.logs.encoding import encode
from tocsin.telemetry.logs.entry import INSERT_ID, LABELS, SAMPLED, SOURCE, SPAN, TRACE
from tocsin.telemetry.logs.error_events import LINES, STACK

_EVENT_WIDTH: Final = 30
_TIME_WIDTH: Final = 12
_REQUEST_ID_CHARS: Final = 8
_VALUE_CHARS: Final = 400
# C0 and C1 controls, and what reorders or breaks a line in Unicode.
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_UNSAFE_IN_STACK: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_NOT_FOR_PEOPLE: Final = frozenset(
    {
        "severity",
        "time",
        "message",
        "logger",
        "httpRequest",
        STACK,
        "serviceContext",
        LINES,
        "request_id",
        "correlation_id",
        TRACE,
        SPAN,
        SAMPLED,
        LABELS,
        SOURCE,
        INSERT_ID,
    }
)
_SHADES: Final = {
    "DEBUG": "\x1b[2m",
    "INFO": "\x1b[32m",
    "NOTICE": "\x1b[36m",
    "WARNING": "\x1b[33m",
    "ERROR": "\x1b[31m",
    "CRITICAL": "\x1b[1;31m",
    "ALERT": "\x1b[1;31m",
    "EMERGENCY": "\x1b[1;31m",
    "DEFAULT": "",
}


class ConsoleRendering:
    """Renders entries; ``colours`` where a terminal understands them."""

    def __init__(self, *, colours: bool) -> None:
        styles = ConsoleRenderer.get_default_column_styles(colours)
        reset = styles.reset
        shades = {name: shade if colours else "" for name, shade in _SHADES.items()}

        def plain_column(style: str, width: int = 0) -> KeyValueColumnFormatter:
            return KeyValueColumnFormatter(None, style, reset, str, width=width)

        self._renderer = ConsoleRenderer(
            columns=[
                Column("", KeyValueColumnFormatter(styles.kv_key, styles.kv_value, reset, str)),
                Column("timestamp", plain_column(styles.timestamp, _TIME_WIDTH)),
                Column("level", LogLevelColumnFormatter(shades, reset)),
                Column("event", plain_column(styles.bright, _EVENT_WIDTH)),
                Column("logger", plain_column(styles.logger_name)),
            ],
        )

    def __call__(self, entry: Mapping[str, Any]) -> bytes:
        """The lines of one entry, in UTF-8; one that cannot be rendered comes as JSON."""
        try:
            return self._rendered(entry)
        except Exception:  # noqa: BLE001 - the line matters more than its looks
            return encode(entry)

    def _rendered(self, entry: Mapping[str, Any]) -> bytes:
        event = {
            "timestamp": _time_of_day(entry.get("time")),
            "level": entry.get("severity", "DEFAULT"),
            "event": _safe(entry.get("message", "")),
        }
        if entry.get("logger"):
            event["logger"] = f"[{_safe(entry['logger'])}]"
        event.update(_request_fields(entry))
        for name, value in entry.items():
            if name not in _NOT_FOR_PEOPLE:
                event[_safe(name)] = _shown(value)
        if entry.get("request_id"):
            event["req"] = _safe(entry["request_id"])[:_REQUEST_ID_CHARS]
        text = self._renderer(None, "", event)
        stack = entry.get(STACK) or "\n".join(map(str, entry.get(LINES, ())))
        if stack:
            text = f"{text}\n{_UNSAFE_IN_STACK.sub(_escape, str(stack)).rstrip()}"
        return text.encode("utf-8", "backslashreplace") + b"\n"


def _request_fields(entry: Mapping[str, Any]) -> dict[str, str]:
    request = entry.get("httpRequest")
    if not isinstance(request, Mapping):
        return {}
    shown = {"status": request.get("status"), "latency": request.get("latency")}
    message = str(entry.get("message", ""))
    if " " not in message:  # the message is an event's name: say which request it was
        shown = {
            "method": request.get("requestMethod"),
            "url": request.get("requestUrl"),
            **shown,
        }
    return {name: _shown(value) for name, value in shown.items() if value is not None}


def _time_of_day(time: Any) -> str:
    """The local time of day: whoever reads a terminal looks at the same clock."""
    try:
        local = datetime.fromisoformat(str(time)).astimezone()
    except (ValueError, OverflowError):
        return ""
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}"


def _shown(value: Any) -> str:
    if not isinstance(value, str):
        text = orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    elif " " in value or not value:
        text = repr(value)
    else:
        text = value
    text = _safe(text)
    return text if len(text) <= _VALUE_CHARS else f"{text[:_VALUE_CHARS]}…"


def _safe(value: Any) -> str:
    return _UNSAFE.sub(_escape, str(value))


def _escape(match: re.Match[str]) -> str:
    return ascii(match[0])[1:-1]
