"""Whatever is logged, as plain JSON values: bounded, and never at the caller's cost.

Text, numbers, lists and dicts come out; everything else is shown as text. Nothing is
consumed (an iterator stays unread), nothing is changed, and nothing escapes: a value
that cannot be shown is named in the notes, with what was cut and what was left out.

Integers beyond 2**53 become text, because Cloud Logging keeps a payload's numbers as
doubles (``google.protobuf.Struct``); so do NaN and the infinities, which RFC 8259 lacks.

>>> notes = []
>>> plain("answer", {1: (2, {3}), "big": 2**60, "odd": float("nan")}, notes)
{'1': [2, [3]], 'big': '1152921504606846976', 'odd': 'NaN'}
>>> plain("data", "x" * 100_000, notes)[:3], notes
('xxx', ['data: cut from 100000 characters'])
"""

import dataclasses
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, time
from enum import Enum
from itertools import islice
from typing import Any, Final

from tocsin.telemetry.redaction import MASK

FIELD_CHARS: Final = 16_384
KEY_CHARS: Final = 256
MARGIN_CHARS: Final = 4_096
"""How much more of a cut text the redactor sees, so that no secret is cut in two."""
CUT_MARK: Final = "\ue000…"
"""Ends a cut text until it is redacted; a private-use character, not found in prose."""

_EXACT_INTEGER: Final = 2**53
_DECIMAL_BITS: Final = 4_096  # str() of an int is quadratic, and refuses 4,300 digits
_DEPTH: Final = 8
_ITEMS: Final = 128
_NODES: Final = 2_048
_NOTES: Final = 16


def plain(key: str, value: Any, notes: list[str]) -> Any:
    """``value`` as text, number, bool, None, list or dict; ``notes`` gains what was lost."""
    kind = type(value)
    if kind is bool or value is None:
        return value
    if kind is int and -_EXACT_INTEGER <= value <= _EXACT_INTEGER:
        return value
    if kind is str and value.isascii() and len(value) <= FIELD_CHARS:
        return value
    return _Walk(notes).show(value, key, 0)


def plain_text(
    where: str, text: str, limit: int, notes: list[str], total: int | None = None
) -> str:
    """``text`` fit for UTF-8 and cut near ``limit``, with a margin for the redactor.

    ``total`` is the length to be named when ``text`` is itself a part of something.
    """
    total = len(text) if total is None else total
    if total > limit:
        text = text[: limit + MARGIN_CHARS] + CUT_MARK
        note(notes, f"{where}: cut from {total} characters")
    if text.isascii():
        return text
    # A lone surrogate has no UTF-8 form; its escape says which one it was.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def trimmed(text: str, limit: int) -> str:
    """A cut text after redaction: without the margin, in which half a secret may stand."""
    if text.endswith(CUT_MARK):
        text = text[: max(0, len(text) - len(CUT_MARK) - MARGIN_CHARS)]
    return text[:limit]


def trimmed_value(value: Any) -> Any:
    """The same for every text within a plain value."""
    if isinstance(value, str):
        return trimmed(value, FIELD_CHARS)
    if isinstance(value, list):
        return [trimmed_value(item) for item in value]
    if isinstance(value, dict):
        return {key: trimmed_value(item) for key, item in value.items()}
    return value


def note(notes: list[str], text: str) -> None:
    """Add a note; a record with very many losses names the first ones."""
    if len(notes) < _NOTES:
        notes.append(text)


def key_text(key: Any, notes: list[str]) -> str:
    """A field's name as text."""
    if type(key) is str and key.isascii() and len(key) <= KEY_CHARS:
        return key
    try:
        shown = str.__str__(key) if isinstance(key, str) else str(key)
        return trimmed(plain_text("a field's name", shown, KEY_CHARS, notes), KEY_CHARS)
    except Exception as error:  # noqa: BLE001 - a key's own code may raise anything
        note(notes, f"a field's name: could not be shown ({type(error).__name__})")
        return f"<{type(key).__name__}, could not be shown>"


class _Walk:
    """One walk through one value."""

    __slots__ = ("_nodes", "_notes", "_open")

    def __init__(self, notes: list[str]) -> None:
        self._notes = notes
        self._nodes = 0
        self._open: set[int] = set()

    def show(self, value: Any, where: str, depth: int) -> Any:
        try:
            return self._show(value, where, depth)
        except Exception as error:  # noqa: BLE001 - a value's own code may raise anything
            return self._unshown(value, where, error)

    def _show(self, value: Any, where: str, depth: int) -> Any:
        self._nodes += 1
        if isinstance(value, Enum):
            value = value.value
        if value is None or isinstance(value, (bool, int, float)):
            return self._number(value, where)
        if isinstance(value, str):
            # str.__str__, int.__int__…: a subclass's own methods may lie or raise.
            return plain_text(where, str.__str__(value), FIELD_CHARS, self._notes)
        if isinstance(value, (bytes, bytearray, memoryview)):
            text = bytes(value[: FIELD_CHARS + MARGIN_CHARS]).decode("utf-8", "backslashreplace")
            return plain_text(where, text, FIELD_CHARS, self._notes, total=len(value))
        parts = _parts(value)
        if parts is None:
            return plain_text(where, _leaf(value), FIELD_CHARS, self._notes)
        return self._container(value, parts, where, depth)

    def _number(self, value: Any, where: str) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, float):
            return _float(float.__float__(value))
        return self._integer(int.__int__(value), where)

    def _integer(self, number: int, where: str) -> int | str:
        if -_EXACT_INTEGER <= number <= _EXACT_INTEGER:
            return number
        if number.bit_length() <= _DECIMAL_BITS:
            return str(number)
        note(self._notes, f"{where}: an integer of {number.bit_length()} bits, in hexadecimal")
        return plain_text(where, hex(number), FIELD_CHARS, self._notes)

    def _container(self, value: Any, parts: "_Parts", where: str, depth: int) -> Any:
        identity = id(value)
        if identity in self._open:
            note(self._notes, f"{where}: holds itself")
            return "<circular>"
        if depth >= _DEPTH:
            note(self._notes, f"{where}: deeper than {_DEPTH} levels, left out")
            return f"<{type(value).__name__}, too deep>"
        self._open.add(identity)
        try:
            if parts.named:
                return self._named(parts.items(), where, depth)
            return [self.show(*one, depth + 1) for one in self._bounded(parts.items(), where)]
        finally:
            self._open.discard(identity)

    def _named(self, items: Iterable[tuple[Any, Any]], where: str, depth: int) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for (key, item), _ in self._bounded(items, where):
            name = key_text(key, self._notes)
            while name in shown:  # {1: …, "1": …} are two things
                name += "_"
            shown[name] = self.show(item, f"{where}.{name}", depth + 1)
        return shown

    def _bounded(self, items: Iterable[Any], where: str) -> Iterator[tuple[Any, str]]:
        for count, item in enumerate(islice(items, _ITEMS + 1)):
            if count == _ITEMS or self._nodes > _NODES:
                note(self._notes, f"{where}: items after the first {count} left out")
                return
            yield item, where

    def _unshown(self, value: Any, where: str, error: Exception) -> str:
        name = type(value).__name__
        note(self._notes, f"{where}: could not be shown ({type(error).__name__})")
        return f"<{name}, could not be shown>"


class _Parts:
    """How a container's parts are had: pairs of name and value, or single values."""

    __slots__ = ("items", "named")

    def __init__(self, items: Callable[[], Iterable[Any]], *, named: bool) -> None:
        self.items = items
        self.named = named


def _parts(value: Any) -> _Parts | None:
    """The parts of what holds others; None for what is shown as one text."""
    if isinstance(value, Mapping) or (isinstance(value, tuple) and hasattr(value, "_fields")):
        return _Parts(lambda: _pairs(value), named=True)
    if isinstance(value, (list, tuple, deque)):
        return _Parts(lambda: list(islice(value, _ITEMS + 1)), named=False)
    if isinstance(value, AbstractSet):
        return _Parts(lambda: _ordered(value), named=False)
    shown = _attributes(value)
    return None if shown is None else _Parts(lambda: _read(value, shown), named=True)


def _pairs(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, dict):
        # A copy, since another thread may be changing it; the C function, not an override.
        return dict.copy(value).items()
    if isinstance(value, Mapping):
        return value.items()
    return zip(value._fields, value, strict=False)


def _attributes(value: Any) -> dict[str, bool] | None:
    """The fields of a dataclass, attrs class or pydantic model, and whether its repr shows them.

    By name, not by its one text, so that redaction can go by the name.
    """
    kind = type(value)
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(value):
        return {field.name: field.repr for field in dataclasses.fields(value)}
    marks = getattr(kind, "__attrs_attrs__", None)
    if isinstance(marks, tuple):
        return {mark.name: bool(mark.repr) for mark in marks}
    models = getattr(kind, "__pydantic_fields__", None)
    if isinstance(models, dict):
        return {name: bool(one.repr) for name, one in models.items()}
    return None


def _read(value: Any, shown: Mapping[str, bool]) -> list[tuple[str, Any]]:
    # What its author keeps out of the repr is kept out of the logs.
    return [(name, getattr(value, name) if open_ else MASK) for name, open_ in shown.items()]


def _ordered(values: AbstractSet[Any]) -> list[Any]:
    items = list(islice(values, _ITEMS + 1))
    try:
        return sorted(items)
    except Exception:  # noqa: BLE001 - elements that cannot be compared keep their order
        return items


def _float(number: float) -> float | str:
    if math.isfinite(number):
        return number
    # The names of protobuf's JSON form.
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _leaf(value: Any) -> str:
    if isinstance(value, (date, time)):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    return str(value)
