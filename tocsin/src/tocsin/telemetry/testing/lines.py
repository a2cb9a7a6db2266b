r"""Reads log lines as strictly as their reader in production does.

>>> parse_lines(b'{"severity":"INFO","message":"lesson_finished"}\n')[0]["message"]
'lesson_finished'
"""

import json
from typing import Any, Final, NoReturn

LINE_BYTES_AT_MOST: Final = 262_144
"""What Cloud Logging takes for one entry (256 KiB, docs.cloud.google.com/logging/quotas)."""


def parse_lines(written: bytes) -> list[dict[str, Any]]:
    """The entries of a log stream: one JSON object (RFC 8259) per line, none too long.

    Raises:
        AssertionError: a line breaks the format; its number and cause are the text.
    """
    if written and not written.endswith(b"\n"):
        raise AssertionError("the last line does not end in a newline: it may be cut off")
    lines = written.split(b"\n")[:-1]
    return [_entry(number, line) for number, line in enumerate(lines, start=1)]


def _entry(number: int, line: bytes) -> dict[str, Any]:
    if len(line) >= LINE_BYTES_AT_MOST:
        raise AssertionError(f"line {number} has {len(line)} bytes: Cloud Logging refuses it")
    try:
        entry = json.loads(line, parse_constant=_no_constant, object_pairs_hook=_no_twice)
    except ValueError as error:
        raise AssertionError(f"line {number} is no JSON ({error}): {line[:200]!r}") from None
    if not isinstance(entry, dict):
        raise AssertionError(f"line {number} is no JSON object: {line[:200]!r}")  # noqa: TRY004 - for a test
    return entry


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of RFC 8259")


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entry = dict(pairs)
    if len(entry) != len(pairs):
        raise ValueError("a field stands in it twice")
    return entry
