"""One event as it happened: plain, bounded, with its own moment; not yet redacted.

A draft shares nothing with the caller's objects, so it may wait in a request's ring and
be written later, when the request has failed.

>>> told = Happening(level=20, logger="shop", message="took %d s", args=(3,), wall_ns=0, sequence=1)
>>> draft_of(told).message
'took 3 s'
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from sys import getsizeof
from types import MappingProxyType
from typing import Any, Final

import orjson

from tocsin.telemetry.context import RequestContext
from tocsin.telemetry.logs.error_events import ErrorRequest, Verdict
from tocsin.telemetry.logs.exceptions import StackText, bounded_stack, stack_text
from tocsin.telemetry.logs.plain import key_text, note, plain, plain_text
from tocsin.telemetry.logs.severity import PYTHON_NAMES, severity_of

MESSAGE_CHARS: Final = 16_384
TRACEBACK: Final = "Traceback (most recent call last):\n"
_FIELDS: Final = 120
_DRAFT_BYTES: Final = 512
"""What a draft weighs without its text and fields (330 by tracemalloc, CPython 3.11)."""

Location = tuple[str, int, str]
"""File, line and function of the call."""


@dataclass(slots=True, kw_only=True)
class Happening:
    """What a logging call tells, in the caller's own objects."""

    level: int
    logger: str
    message: Any
    args: Any = ()
    fields: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    wall_ns: int
    sequence: int
    level_name: str = ""
    error: BaseException | None = None
    error_text: str = ""
    """An exception that was formatted elsewhere (``LogRecord.exc_text``)."""
    location: Location | None = None
    context: RequestContext | None = None
    request: ErrorRequest | None = None
    """The request that the error ended, where whoever tells of it knows that."""
    error_kind: str = ""
    """What failed (``request``, ``background_task``…), where the teller knows."""


class Draft:
    """The same as plain values."""

    __slots__ = (
        "context",
        "error_type",
        "fields",
        "location",
        "logger",
        "message",
        "notes",
        "request",
        "sequence",
        "severity",
        "stack",
        "told_by_fields",
        "verdict",
        "wall_ns",
    )

    def __init__(self, told: Happening) -> None:
        self.severity = severity_of(told.level, told.level_name)
        self.wall_ns = told.wall_ns
        self.sequence = told.sequence
        self.logger = told.logger
        self.context = told.context
        self.location = told.location
        self.message = ""
        self.fields: dict[str, Any] = {}
        self.notes: list[str] = []
        self.stack: StackText | None = None
        self.error_type = ""
        self.told_by_fields: tuple[str, ...] = ()
        self.request = told.request
        self.verdict: Verdict | None = None

    @property
    def was_cut(self) -> bool:
        """Whether some text awaits its trimming (every cut leaves a note)."""
        return bool(self.notes)

    def weight(self) -> int:
        """Bytes that the draft holds in memory, about."""
        stack = 0 if self.stack is None else _weight(self.stack.head) + _weight(self.stack.tail)
        return _DRAFT_BYTES + _weight(self.message) + _weight(self.fields) + stack


def draft_of(told: Happening) -> Draft:
    """Make the draft; raises nothing that a logged value raises."""
    draft = Draft(told)
    if told.context is not None and told.context.fields:
        _take_fields(draft, told.context.fields)
    _take_fields(draft, told.fields)
    if told.level_name and told.level_name not in PYTHON_NAMES:
        draft.fields.setdefault("level_name", told.level_name)
    draft.message = _message(draft, told.message, told.args)
    if told.error is not None:
        draft.error_type = type(told.error).__qualname__
        draft.stack = stack_text(told.error)
    elif told.error_text:
        draft.stack = bounded_stack(told.error_text)
    elif TRACEBACK in draft.message:
        _take_traceback(draft)
    return draft


def _take_traceback(draft: Draft) -> None:
    """A traceback told as a message, as servers tell of a failed start: it is an exception's."""
    before = draft.message.partition(TRACEBACK)[0].strip()
    draft.stack = bounded_stack(draft.message)
    draft.message = before or draft.message.rstrip().rpartition("\n")[2]


def _take_fields(draft: Draft, fields: Mapping[Any, Any]) -> None:
    # A copy: a thread of the same request may be binding fields right now.
    for count, (key, value) in enumerate(dict(fields).items()):
        if count == _FIELDS:
            note(draft.notes, f"fields after the first {count} left out")
            return
        name = key_text(key, draft.notes)
        draft.fields[name] = plain(name, value, draft.notes)


def _message(draft: Draft, message: Any, args: Any) -> str:
    if isinstance(message, Mapping):
        return _mapping_message(draft, message)
    if type(message) is str:
        text = message
    else:
        shown = plain("message", message, draft.notes)
        text = _json(shown) if isinstance(shown, list | dict) else str(shown)
    if args:
        text = _filled_in(draft, text, args)
    return plain_text("message", text, MESSAGE_CHARS, draft.notes)


def _filled_in(draft: Draft, template: str, args: Any) -> str:
    try:
        return str.__str__(template % args)
    except Exception as error:  # noqa: BLE001 - a wrong template or argument must not lose the line
        note(draft.notes, f"message: its arguments do not fit ({type(error).__name__})")
        draft.fields["message_args"] = plain("message_args", args, draft.notes)
        return template


def _mapping_message(draft: Draft, message: Mapping[Any, Any]) -> str:
    """A dict for a message: its items become fields, of which the text is made later."""
    shown = plain("message", message, draft.notes)
    if not isinstance(shown, dict):
        return str(shown)
    for name, value in shown.items():
        draft.fields.setdefault(name, value)
    draft.told_by_fields = tuple(shown)
    return ""


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _weight(value: Any) -> int:
    if isinstance(value, dict):
        return getsizeof(value) + sum(_weight(key) + _weight(item) for key, item in value.items())
    if isinstance(value, list):
        return getsizeof(value) + sum(map(_weight, value))
    return getsizeof(value)
