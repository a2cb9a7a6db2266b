"""One walk through one value: containers, objects, cycles, limits.

The shapes known are those that log fields have: text and bytes, numbers and dates,
mappings, sequences and sets, dataclasses, named tuples, pydantic's models and secrets (known
by their marks: it is not imported), exceptions, and anything else by its ``repr``.
"""

import dataclasses
import datetime as dt
import decimal
import enum
import ipaddress
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Any, Final

from tocsin.telemetry.identity import is_pseudonym
from tocsin.telemetry.redaction.keys import (
    SHOWN_AS_NUMBER,
    SHOWN_AS_PSEUDONYM,
    Kind,
    Vocabulary,
    segments,
)
from tocsin.telemetry.redaction.limits import Budget, Limits
from tocsin.telemetry.redaction.mask import MASK, WITHHELD, cut_mark, is_cut_mark
from tocsin.telemetry.redaction.numbers import is_card_number
from tocsin.telemetry.redaction.text import TextMasker

_UNCHANGED: Final = (
    float,
    dt.date,
    dt.time,
    dt.timedelta,
    uuid.UUID,
    decimal.Decimal,
)
# Short words, as programmers write: no room for a key or an address.
_PLAIN_KEY: Final = re.compile(r"[A-Za-z]{0,16}(?:[_-][A-Za-z]{0,16}){0,6}\d{0,3}\Z")
# What names another value beside it; nothing that was masked looks so.
_NAME: Final = re.compile(r"[\w .:-]{1,80}\Z")
_FOUR_NUMBERS: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}\Z")
_VERSION_WORDS: Final = frozenset({"version", "release", "build", "firmware"})
_LEAST_CARD: Final = 10**12
_MORE_THAN_A_CARD: Final = 10**19
# Less room than this is not worth a cut: the text goes whole, or its length stands for it.
_LEAST_TEXT_CHARS: Final = 256
_UTF8_CHAR_BYTES: Final = 4
_CYCLE: Final = "[cycle]"

Withhold = Callable[[str, Exception], str]


class ValueWalk:
    """Walks once, within one budget."""

    __slots__ = ("_budget", "_kind", "_limits", "_masker", "_open", "_withhold")

    def __init__(
        self, vocabulary: Vocabulary, masker: TextMasker, limits: Limits, withhold: Withhold
    ) -> None:
        self._kind = vocabulary.kind
        self._masker = masker
        self._limits = limits
        self._withhold = withhold
        self._budget = Budget(limits)
        self._open: set[int] = set()

    def named(self, key: str, value: Any, depth: int) -> Any:
        """The value under a name; a failure withholds this value and no other."""
        try:
            kind = self._kind(key)
            if kind is not Kind.NOTHING and _is_hidden(kind, value):
                return MASK
            if type(value) is str and _is_version(key, value):
                return value
            return self.any(value, depth)
        except Exception as error:  # noqa: BLE001 - the caller's object may fail in any way
            return self._withhold("redaction.value", error)

    def any(self, value: Any, depth: int) -> Any:
        """The value as it may be shown."""
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, enum.Enum):
            return self.any(value.value, depth)
        if isinstance(value, int):
            return self._number(value)
        if value is None or isinstance(value, _UNCHANGED):
            return value
        if isinstance(value, bytes | bytearray | memoryview):
            return self._bytes(bytes(value[: self._limits.text_chars]), len(value))
        return self._composed(value, depth)

    def mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        """A new dict with text for keys; two keys that look alike afterwards are numbered."""
        shown: dict[str, Any] = {}
        size = len(value)
        room = self._room(size)
        label = _label_of(value)
        for key, item in islice(value.items(), room):
            if not self._budget.take_node():
                room = len(shown)
                break
            raw, name = self._names(key)
            while name in shown:
                name = f"{name}#{len(shown)}"
            shown[name] = self._entry(raw if raw != "value" else label, name, item, depth)
        if room < size:
            shown[cut_mark(size - room, "items")] = True
        return shown

    def _entry(self, raw: str | None, shown: str, item: Any, depth: int) -> Any:
        """One value of a mapping, judged by its key as it was, else as it is shown."""
        if raw is None:
            return WITHHELD  # nobody knows what this is the value of
        if raw != shown and self._kind(raw) is Kind.NOTHING:
            return self.named(shown, item, depth)
        return self.named(raw, item, depth)

    def _composed(self, value: Any, depth: int) -> Any:
        """Whatever holds other values, or is an object of some class."""
        if hasattr(type(value), "get_secret_value"):
            return MASK
        if id(value) in self._open:
            return _CYCLE
        if depth >= self._limits.depth:
            size = _size_of(value)
            return self._object(value) if size is None else cut_mark(size, "items")
        self._open.add(id(value))
        try:
            return self._container(value, depth + 1)
        finally:
            self._open.discard(id(value))

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            return self.mapping(value, depth)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return self.mapping(dict(zip(value._fields, value, strict=True)), depth)
        if isinstance(value, list | tuple):
            pair = _named_pair(value)
            if pair is not None and self._names_value(pair, value[1]):
                shown = [self.any(value[0], depth), self.named(pair, value[1], depth)]
            else:
                shown = self._items(value, len(value), depth)
            return tuple(shown) if isinstance(value, tuple) else shown
        if isinstance(value, AbstractSet):
            return self._items(value, len(value), depth)
        fields = _fields_of(value)
        return self.mapping(fields, depth) if fields is not None else self._object(value)

    def _names_value(self, name: str, value: Any) -> bool:
        """Whether a pair is a name and its value, and not two names in a list."""
        if self._kind(name) is Kind.NOTHING:
            return False
        return not (isinstance(value, str) and self._kind(value) is not Kind.NOTHING)

    def _items(self, values: Iterable[Any], size: int, depth: int) -> list[Any]:
        shown: list[Any] = []
        room = self._room(size)
        for item in islice(values, room):
            if not self._budget.take_node():
                room = len(shown)
                break
            shown.append(self.named("", item, depth))
        if room < size:
            shown.append(cut_mark(size - room, "items"))
        return shown

    def _room(self, size: int) -> int:
        """How many entries are shown; the mark of a cut takes the place of the last."""
        return size if size <= self._limits.items else self._limits.items - 1

    def _text(self, text: str) -> str:
        if text[:1] == "[" and len(text) < _LEAST_TEXT_CHARS and is_cut_mark(text):
            return text
        room = min(self._limits.text_chars, self._budget.chars)
        if room < _LEAST_TEXT_CHARS < len(text):
            return cut_mark(len(text), "characters")
        shown = self._masker.masked(text, chars_at_most=max(room, _LEAST_TEXT_CHARS))
        self._budget.chars -= len(shown)
        return shown

    def _number(self, number: int) -> Any:
        if _LEAST_CARD <= abs(number) < _MORE_THAN_A_CARD and is_card_number(str(abs(number))):
            return MASK
        return number

    def _bytes(self, head: bytes, size: int) -> str:
        """Bytes that are text as text; others leave their number alone."""
        try:
            text = head.decode()
        except UnicodeDecodeError as error:
            torn = len(head) < size and len(head) - error.start < _UTF8_CHAR_BYTES
            if not torn:
                return f"[{size} bytes]"
            text = head[: error.start].decode()
        shown = self._text(text)
        return shown if len(head) == size else shown + cut_mark(size - len(head), "bytes")

    def _object(self, value: Any) -> str:
        if isinstance(value, BaseException):
            return self._text(f"{type(value).__name__}: {value}")
        if isinstance(value, ipaddress.IPv4Address | ipaddress.IPv6Address):
            return self._text(str(value))
        return self._text(repr(value))

    def _names(self, key: Any) -> tuple[str | None, str]:
        """A key as it is judged, if it can be, and as it is shown."""
        try:
            raw = _raw_name(key)
            if _PLAIN_KEY.match(raw) is not None:
                return raw, raw
            return raw, self._text(raw)
        except Exception as error:  # noqa: BLE001 - the caller's object may fail in any way
            return None, self._withhold("redaction.key", error)


def _is_hidden(kind: Kind, value: Any) -> bool:
    """Whether this value is hidden under a telling name: a flag or an absence is not."""
    if value is None or isinstance(value, bool):
        return False
    if type(value) in (str, bytes, list, tuple, dict, set) and not value:
        return False
    if kind in SHOWN_AS_NUMBER and isinstance(value, int | float):
        return False
    return not (kind in SHOWN_AS_PSEUDONYM and type(value) is str and is_pseudonym(value))


def _is_version(key: str, value: str) -> bool:
    """`1.2.3.4` is a version where the name says so, and an address elsewhere."""
    if _FOUR_NUMBERS.match(value) is None:
        return False
    parts = segments(key)
    return bool(parts) and parts[-1] in _VERSION_WORDS


def _raw_name(key: Any) -> str:
    if isinstance(key, str):
        return str.__str__(key)
    if isinstance(key, bytes):
        return key.decode("latin-1")
    if isinstance(key, enum.Enum):
        return _raw_name(key.value)
    return str(key)


def _named_pair(value: list[Any] | tuple[Any, ...]) -> str | None:
    """The name in a pair such as ASGI's ``(b"cookie", b"…")``."""
    if len(value) == 2 and isinstance(value[0], str | bytes):  # noqa: PLR2004 - a pair
        name = _raw_name(value[0])
        return name if _NAME.match(name) is not None else None
    return None


def _label_of(value: Mapping[Any, Any]) -> str:
    """What names the value in ``{"name": "password", "value": …}``."""
    if type(value) is dict and "value" in value:
        for key in ("name", "key", "header", "field"):
            label = value.get(key)
            if isinstance(label, str) and _NAME.match(label) is not None:
                return str.__str__(label)
    return "value"


def _size_of(value: Any) -> int | None:
    """How many values a container holds; nothing is said of other objects."""
    if isinstance(value, Mapping | list | tuple | AbstractSet):
        return len(value)
    fields = _fields_of(value)
    return None if fields is None else len(fields)


def _fields_of(value: Any) -> dict[str, Any] | None:
    """The fields of a data class or model; what its ``repr`` leaves out is masked."""
    kind = type(value)
    if dataclasses.is_dataclass(kind):
        return {
            field.name: getattr(value, field.name, None) if field.repr else MASK
            for field in dataclasses.fields(value)
        }
    marks = getattr(kind, "__pydantic_fields__", None)
    if isinstance(marks, dict):
        shown = {name: getattr(value, name, None) for name in marks}
        return {name: item if marks[name].repr else MASK for name, item in shown.items()}
    return None
