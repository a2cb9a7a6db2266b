r"""An entry as one line: a JSON object (RFC 8259), a newline, and never too long.

``MAX_LINE_BYTES`` is a quarter of the 256 KiB that Cloud Logging takes for an entry,
which it counts in its own internal form (docs.cloud.google.com/logging/quotas), and is
what an empty Linux pipe takes in one write (pipe(7)). A longer entry loses its longest
parts and says which.

>>> encode({"severity": "INFO", "message": "lesson\u2028finished"})
b'{"severity":"INFO","message":"lesson\\u2028finished"}\n'
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from tocsin.telemetry.logs.entry import INSERT_ID, LABELS, NOTES, SAMPLED, SPAN, TRACE
from tocsin.telemetry.logs.error_events import CONTEXT, STACK, TYPE
from tocsin.telemetry.logs.plain import key_text, plain, trimmed_value

MAX_LINE_BYTES: Final = 65_536

_OPTIONS: Final = orjson.OPT_APPEND_NEWLINE
# JSON allows these raw, but readers that split lines by Unicode's rules (str.splitlines)
# or obey C1 control codes (terminals) would not see one line. Valid UTF-8 has these
# bytes nowhere else.
_LINE_BREAKERS: Final = re.compile(rb"\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]")
_KEPT: Final = frozenset(
    {
        "severity",
        "time",
        "logger",
        "request_id",
        "correlation_id",
        "user",
        "user_role",
        "client",
        "error_type",
        "serviceContext",
        TYPE,
        CONTEXT,
        TRACE,
        SPAN,
        SAMPLED,
        LABELS,
        INSERT_ID,
    }
)
_CUT_BYTES: Final = 12_288
_LAST_RESORT_BYTES: Final = 1_024
_GAP: Final = "\n…\n"


def encode(entry: Mapping[str, Any]) -> bytes:
    """The line; whatever the entry holds, it is one, and it is bounded."""
    try:
        line = orjson.dumps(entry, option=_OPTIONS)
    except Exception:  # noqa: BLE001 - the careful way shows what orjson cannot
        entry = _made_plain(entry)
        line = orjson.dumps(entry, option=_OPTIONS)
    if not line.isascii():
        line = _LINE_BREAKERS.sub(_escaped, line)
    if len(line) > MAX_LINE_BYTES:
        return _shortened(entry, len(line))
    return line


def _escaped(match: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(match[0].decode("utf-8"))


def _made_plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    notes: list[str] = []
    shown: dict[str, Any] = {}
    for key, value in entry.items():
        name = key_text(key, notes)
        shown[name] = trimmed_value(plain(name, value, notes))
    return _with_notes(shown, notes)


def _with_notes(entry: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    if notes:
        before = entry.get(NOTES)
        entry[NOTES] = [*(before if isinstance(before, list) else []), *notes]
    return entry


def _shortened(entry: Mapping[str, Any], size: int) -> bytes:
    """The same with its longest parts cut, the longest first."""
    slim = dict(entry)
    notes: list[str] = []
    sizes = {key: _size(value) for key, value in entry.items() if key not in _KEPT}
    for key in sorted(sizes, key=sizes.__getitem__, reverse=True):
        if size <= MAX_LINE_BYTES - _CUT_BYTES or sizes[key] <= _CUT_BYTES:
            break
        slim[key] = _cut(entry[key], _CUT_BYTES, key)
        size -= sizes[key] - _CUT_BYTES
        notes.append(f"{key}: cut from {sizes[key]} bytes to fit the line")
    line = _dumped(_with_notes(slim, notes))
    return line if len(line) <= MAX_LINE_BYTES else _last_resort(entry)


def _last_resort(entry: Mapping[str, Any]) -> bytes:
    """What identifies the event and the beginning of its message: always fits."""
    least = {
        key: value if _size(value) <= _LAST_RESORT_BYTES else _cut(value, _LAST_RESORT_BYTES, key)
        for key, value in entry.items()
        if key in _KEPT or key in {"message", "stack_trace"}
    }
    least[NOTES] = ["all other fields: left out to fit the line"]
    return _dumped(least)


def _cut(value: Any, limit: int, key: str) -> str:
    if not isinstance(value, str):
        return f"<left out: {_size(value)} bytes>"
    if key == STACK:  # its beginning shows that it is one, its end names the exception
        half = (limit - len(_GAP)) // 2
        return _head(value, half) + _GAP + _head(value[::-1], half)[::-1]
    return _head(value, limit)


def _head(text: str, limit: int) -> str:
    while (size := _size(text)) > limit:
        text = text[: len(text) * limit // (size + 1)]
    return text


def _size(value: Any) -> int:
    return len(_dumped(value))


def _dumped(value: Any) -> bytes:
    return _LINE_BREAKERS.sub(_escaped, orjson.dumps(value, option=_OPTIONS))
