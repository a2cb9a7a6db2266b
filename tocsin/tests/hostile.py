"""Values that have broken loggers, made by hand and by hypothesis."""

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import ipaddress
import math
import pathlib
import types
import uuid
from typing import Any, NamedTuple

from hypothesis import strategies as st


class RaisingStr:
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class RecursingStr:
    def __str__(self) -> str:
        return str(self)

    __repr__ = __str__


class WrongStr:
    def __str__(self) -> Any:
        return 7  # noqa: PLE0307 - the point

    __repr__ = __str__


class RaisingStrOnly:
    """Its repr works: hypothesis shows examples by it."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class LyingText(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return "LyingText()"

    def __len__(self) -> int:
        return -1  # noqa: PLE0303 - the point

    def __str__(self) -> str:
        raise RuntimeError("no text")

    def encode(self, *_: Any) -> Any:
        raise RuntimeError("no bytes")

    def isascii(self) -> bool:
        return True


class LyingNumber(int):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __int__ = __index__ = __str__


class RaisingMapping(collections.abc.Mapping):
    def __getitem__(self, key: Any) -> Any:
        raise RuntimeError("no items")

    def __iter__(self) -> Any:
        raise RuntimeError("no keys")

    def __len__(self) -> int:
        return 3


class RaisingAttributes:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


class UnhashableKey(str):
    __slots__ = ()


class Colour(enum.Enum):
    RED = "red"
    NESTED = ("a", {"b": 1})


class Order(enum.IntEnum):
    FIRST = 1


@dataclasses.dataclass
class Cart:
    items: Any
    hidden: Any = dataclasses.field(default="hunter2", repr=False)


class Point(NamedTuple):
    x: Any
    y: Any


def circular_list() -> list:
    items: list = [1]
    items.append({"again": items})
    return items


def circular_dict() -> dict:
    fields: dict = {"name": "x"}
    fields["self"] = fields
    return fields


def deep(levels: int) -> list:
    inner: list = []
    for _ in range(levels):
        inner = [inner]
    return inner


def endless() -> Any:
    while True:
        yield 1


BY_HAND: dict[str, Any] = {
    "datetime": dt.datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=dt.UTC),
    "naive datetime": dt.datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001 - people log them
    "date": dt.date(2026, 1, 2),
    "time": dt.time(3, 4, 5),
    "timedelta": dt.timedelta(seconds=3.5),
    "uuid": uuid.UUID(int=7),
    "decimal": decimal.Decimal("19.99"),
    "decimal nan": decimal.Decimal("sNaN"),
    "bytes": b"\xff\xfe\x00abc",
    "bytearray": bytearray(b"abc"),
    "memoryview": memoryview(b"abc"),
    "nan": math.nan,
    "infinity": math.inf,
    "minus infinity": -math.inf,
    "huge integer": 10**5000,
    "negative huge integer": -(10**100),
    "64 bits and more": 2**64,
    "lone surrogate": "a\ud800b",
    "nul": "a\x00b",
    "newlines": 'a\n{"severity":"EMERGENCY"}\r\nb',
    "line separators": "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg",
    "escape codes": "\x1b[2J\x9b31m",
    "braces": "{} {0} {name!r} {{",
    "percent": "100 % of %s and %(name)s %d",
    "a megabyte": "x" * 1_000_000,
    "a megabyte of NUL": "\x00" * 1_000_000,
    "a megabyte of emoji": "\U0001f4a5" * 300_000,
    "set": {3, 1, 2},
    "mixed set": frozenset({1, "a", None}),
    "circular list": circular_list(),
    "circular dict": circular_dict(),
    "a thousand levels": deep(900),
    "wide": [list(range(200))] * 200,
    "keys of all kinds": {
        1: "a",
        "1": "b",
        None: "c",
        (1, 2): "d",
        b"k": "e",
        1.5: "f",
        False: "g",
    },
    "long key": {"k" * 100_000: 1},
    "surrogate key": {"\udfff": 1},
    "dataclass": Cart(items=[1, Cart(items=2)]),
    "named tuple": Point(1, {2}),
    "enum": Colour.NESTED,
    "int enum": Order.FIRST,
    "exception": ValueError("inner", b"x"),
    "exception class": ValueError,
    "function": print,
    "module": math,
    "path": pathlib.PurePosixPath("/a/b"),
    "address": ipaddress.ip_address("192.0.2.7"),
    "generator": endless(),
    "range": range(10**12),
    "deque": collections.deque([1, 2], maxlen=2),
    "counter": collections.Counter("abca"),
    "default dict": collections.defaultdict(list, a=[1]),
    "chain map": collections.ChainMap({"a": 1}, {"b": 2}),
    "proxy": types.MappingProxyType({"a": 1}),
    "namespace": types.SimpleNamespace(a=1),
    "raising str": RaisingStr(),
    "recursing str": RecursingStr(),
    "str of wrong type": WrongStr(),
    "lying text": LyingText("text"),
    "lying number": LyingNumber(7),
    "raising mapping": RaisingMapping(),
    "raising attributes": RaisingAttributes(),
    "raising key": {UnhashableKey("k"): RaisingStr(), RaisingStr(): 1},
}

_leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters()),
    st.text(st.sampled_from('\x00\n\r\u2028\u2029\x85\x1b\ud800\udfff{}%"\\/<>é\U0001f4a5')),
    st.binary(max_size=40),
    st.decimals(),
    st.datetimes(),
    st.timedeltas(),
    st.uuids(),
    st.fractions(),
    st.complex_numbers(),
    st.sampled_from([RaisingStrOnly(), LyingText("x"), Colour.RED, Order.FIRST, ...]),
)
_hashable = st.one_of(st.text(), st.integers(), st.none(), st.booleans(), st.tuples(st.integers()))

VALUES = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.tuples(inner, inner),
        st.dictionaries(_hashable, inner, max_size=5),
        st.sets(st.integers(), max_size=5),
        st.builds(Cart, inner),
        st.builds(ValueError, inner),
    ),
    max_leaves=25,
)
NAMES = st.one_of(
    st.text(min_size=1, max_size=30),
    st.sampled_from(
        [
            "severity",
            "message",
            "time",
            "timestamp",
            "event",
            "self",
            "level",
            "name",
            "logger",
            "httpRequest",
            "exc_info",
            "stack_info",
            "stack_trace",
            "log_notes",
            "field_severity",
            "logging.googleapis.com/trace",
            "LOGGING.googleapis.com/labels",
        ]
    ),
)
