"""What a comparison asks of an entry's fields.

Fields are those of an entry's JSON form. A field of the entry itself that is empty has its
default value; a payload's field or a label that is missing makes any comparison false,
``!=`` too (the language's page, «Missing fields»).

>>> compares(("labels", "k"), "!=", "v", bare=True)({"labels": {}})
False
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from google.logging.type.log_severity_pb2 import LogSeverity
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp

from tocsin.rehearsal.cloud.logs.messages import LogEntry, log_id_of
from tocsin.rehearsal.cloud.logs.query.tokens import QueryError

Fields = Mapping[str, Any]
Predicate = Callable[[Fields], bool]

_ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": lambda held, asked: bool(held == asked),
    "!=": lambda held, asked: bool(held != asked),
    "<": lambda held, asked: bool(held < asked),
    "<=": lambda held, asked: bool(held <= asked),
    ">": lambda held, asked: bool(held > asked),
    ">=": lambda held, asked: bool(held >= asked),
}
_TIMES: Final = frozenset({"timestamp", "receiveTimestamp"})
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
# google-cloud-logging writes the offset without a colon into the filters that it adds.
_BARE_OFFSET: Final = re.compile(r"([+-]\d\d)(\d\d)$")
_JSON_NAMES: Final = {
    name: field.json_name
    for field in LogEntry.DESCRIPTOR.fields
    for name in (field.name, field.json_name)
}
# Of a bare entry: what a field of the entry itself holds when nothing was written.
_DEFAULTS: Final[Mapping[str, Any]] = {
    "severity": "DEFAULT",
    "traceSampled": False,
    "trace": "",
    "spanId": "",
    "insertId": "",
    "logName": "",
}


class EntryFields(Mapping[str, Any]):
    """An entry's JSON form, each field made when it is asked for: most filters ask for few."""

    def __init__(self, entry: Any) -> None:
        self._entry = entry
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._json_of(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        held = (field.json_name for field, _ in self._entry.ListFields())
        return iter(dict.fromkeys((*_DEFAULTS, *held)))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _json_of(self, name: str) -> Any:
        alone = LogEntry()
        for field, value in self._entry.ListFields():
            if field.json_name == name == "labels":
                return dict(value)
            if field.json_name == name and field.message_type:
                getattr(alone, field.name).CopyFrom(value)
            elif field.json_name == name:
                setattr(alone, field.name, value)
        try:
            told = MessageToDict(alone)
        except Exception:  # noqa: BLE001 - a payload without a JSON form: found by the rest only
            told = {}
        return told[name] if name in told else _DEFAULTS[name]


def known_field(path: tuple[str, ...]) -> bool:
    """Whether entries have a field of that name."""
    return bool(path) and path[0] in _JSON_NAMES


def in_log(log_id: str) -> Predicate:
    """The function ``log_id()``."""
    return lambda fields: log_id_of(str(fields["logName"])) == log_id


def anywhere(text: str) -> Predicate:
    """A value without a field: any field may hold it."""
    wanted = text.casefold()
    return lambda fields: any(wanted in _text(value).casefold() for value in _leaves(fields))


def regex(path: tuple[str, ...], pattern: str, *, wanted: bool) -> Predicate:
    """``=~`` and ``!~``: unanchored, and case counts."""
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise QueryError(f"the regular expression {pattern!r} is invalid: {error}") from None

    def ask(fields: Fields) -> bool:
        held = [_text(value) for value in _held(fields, path)]
        return bool(held) and any(compiled.search(text) for text in held) == wanted

    return ask


def compares(path: tuple[str, ...], operator: str, text: str, *, bare: bool) -> Predicate:
    """Any other comparison."""
    if operator == ":":
        return _has(path, text, bare=bare)
    top = _JSON_NAMES[path[0]]
    asked: Any = None
    if top in _TIMES:
        asked = _time_ns(text)
    elif top == "severity":
        asked = _severity(text)
    question = _ORDER[operator]

    def ask(fields: Fields) -> bool:
        held = list(_held(fields, path))
        if top in _TIMES:
            return any(question(_time_ns(value), asked) for value in held)
        if top == "severity":
            return any(question(_severity(value), asked) for value in held)
        return any(question(*_comparable(value, text, bare=bare)) for value in held)

    return ask


def _has(path: tuple[str, ...], text: str, *, bare: bool) -> Predicate:
    wanted = text.casefold()

    def ask(fields: Fields) -> bool:
        for value in _held(fields, path):
            if bare and text == "*":
                return True
            if isinstance(value, Mapping) and any(wanted == str(key).casefold() for key in value):
                return True
            if any(wanted in _text(leaf).casefold() for leaf in _leaves(value)):
                return True
        return False

    return ask


def _held(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """The values at ``path``; a list on the way stands for each of its members."""
    if isinstance(value, list):
        for one in value:
            yield from _held(one, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping):
        for name in _names(value, path[0]):
            yield from _held(value[name], path[1:])


def _names(value: Mapping[str, Any], name: str) -> list[str]:
    """The keys that ``name`` means: itself, or a field in the other of JSON's two spellings."""
    camel = re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
    return [key for key in dict.fromkeys((name, camel)) if key in value]


def _leaves(value: Any) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        else:
            yield one


def _text(value: Any) -> str:
    if value is None:
        return "NULL_VALUE"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)


def _comparable(value: Any, text: str, *, bare: bool) -> tuple[Any, Any]:
    """Held and asked value as numbers where both are, else as text without case."""
    if not isinstance(value, bool):
        # A number in quotes is text to text; «1.5s» is a duration either way.
        readers = (_number, _seconds) if bare or not isinstance(value, str) else (_seconds,)
        for read in readers:
            held, asked = read(value), read(text)
            if held is not None and asked is not None:
                return held, asked
    return _text(value).casefold(), text.casefold()


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _seconds(value: Any) -> int | None:
    duration = Duration()
    try:
        duration.FromJsonString(value)
    except Exception:  # noqa: BLE001 - whatever it is, no duration
        return None
    return duration.ToNanoseconds()


def _severity(value: Any) -> int:
    text = str(value).upper()
    if text.isascii() and text.isdigit():
        return int(text)
    if text not in LogSeverity.keys():  # noqa: SIM118 - an enum's wrapper is no mapping
        raise QueryError(f"there is no severity {value!r}")
    return int(LogSeverity.Value(text))


def _time_ns(value: Any) -> int:
    stamp = Timestamp()
    text = f"{value}T00:00:00Z" if _DATE.fullmatch(str(value)) else str(value)
    if "T" in text:
        text = _BARE_OFFSET.sub(r"\1:\2", text)
    try:
        stamp.FromJsonString(text)
    except Exception:  # noqa: BLE001 - whatever it is, no time
        raise QueryError(f"{value!r} is no time of RFC 3339") from None
    return stamp.ToNanoseconds()
