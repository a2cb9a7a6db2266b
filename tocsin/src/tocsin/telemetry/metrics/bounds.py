"""Which value of a label is exported as it is, and which is folded.

One object per label and instrument, since every instrument fills its own room. ``admit``
takes whatever the caller passed and always answers with a safe text: it calls no method
of a foreign object, keeps nothing long, and lets nothing pass that looks like a person
(behaviour 15, D08).

>>> from tocsin.clock import SystemClock
>>> from tocsin.telemetry.metrics.labels import one_of
>>> bound_for(one_of("status", "ok", "failed"), SystemClock()).admit("on fire")
Admitted(text='other', folded=True, displaced=None)
"""

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final, NamedTuple, Protocol, cast

from tocsin.clock import Clock
from tocsin.telemetry.identity import is_pseudonym
from tocsin.telemetry.metrics.heavy_hitters import HeavyHitters
from tocsin.telemetry.metrics.labels import (
    INVALID,
    KNOWN_STATUSES,
    OTHER,
    STATUS_CLASSES,
    UNKNOWN,
    Label,
    LabelKind,
)

VALUE_AT_MOST: Final = 200
"""Characters; Cloud Monitoring takes 1,024."""
_NUMBER_BITS: Final = 64

_UNREGISTERED: Final = re.compile(r"[1-5]\d\d\Z", re.ASCII)
_PERSONAL: Final = re.compile(
    r"""
      @                                                     # a mailbox
    | (?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)                  # IPv4
    | (?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?!\w)  # IPv6
    | [0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}         # UUID
    | (?:\d[ -]?){8,}                                       # telephone, card, account
    | eyJ[\w-]{8,}                                          # JSON web token
    | [0-9a-f]{16,}                                         # key, hash, token
    """,
    re.VERBOSE | re.IGNORECASE,
)


class Admitted(NamedTuple):
    """The text to export; whether it stands for more than itself; who lost a seat by it."""

    text: str
    folded: bool = False
    displaced: str | None = None


class Bound(Protocol):
    """The running state of one label of one instrument."""

    label: Label

    def admit(self, value: object) -> Admitted:
        """The text under which ``value`` is counted; remembers it where that is due."""
        ...

    def weigh(self, value: object) -> None:
        """Count one more event of a value that was admitted as it is, where events count."""
        ...

    def reserve(self, values: Iterable[str]) -> list[str]:
        """Give ``values`` their place ahead of strangers; return those without room."""
        ...

    def is_reserved(self, text: str) -> bool:
        """Whether ``text`` was named by the service itself, so that no stranger invents it."""
        ...


def text_of(value: object) -> str | None:
    """``value`` as a label's text; ``None`` if it is of a kind that has none.

    Only texts, numbers, booleans and enum members have one: ``str()`` of a foreign object
    may raise, take long, or name an address in memory.
    """
    # `issubclass` asks the type alone; `isinstance` would ask a foreign `__class__` as well.
    while issubclass(type(value), Enum):
        value = cast("Enum", value).value
    kind = type(value)
    if value is None:
        return ""
    if issubclass(kind, bool):
        return "true" if value else "false"
    if issubclass(kind, str):
        return str.__str__(cast("str", value))
    if issubclass(kind, int) and int.bit_length(cast("int", value)) <= _NUMBER_BITS:
        return int.__repr__(cast("int", value))
    return None


def looks_personal(text: str) -> bool:
    """Whether ``text`` holds something like an address, a mailbox, an id or a secret."""
    return _PERSONAL.search(text) is not None


class _Unweighed:
    def weigh(self, value: object) -> None:
        """Nothing: places in this label do not depend on how often a value occurs."""


class _Closed(_Unweighed):
    def __init__(self, label: Label) -> None:
        self.label = label
        self._values = frozenset(label.values)

    def admit(self, value: object) -> Admitted:
        text = text_of(value)
        if text is not None and text in self._values:
            return Admitted(text)
        return Admitted(self.label.other, folded=text != self.label.other)

    def reserve(self, values: Iterable[str]) -> list[str]:
        return [value for value in values if value not in self._values]

    def is_reserved(self, text: str) -> bool:
        return text in self._values


class _FirstCome(_Unweighed):
    def __init__(self, label: Label) -> None:
        self.label = label
        self._values = set(label.values)
        self._reserved = set(label.values)
        self._own = {OTHER, UNKNOWN}

    def admit(self, value: object) -> Admitted:
        text = text_of(value)
        if text is None or len(text) > VALUE_AT_MOST:
            return Admitted(OTHER, folded=True)
        if text in self._values or text in self._own:
            return Admitted(text)
        if not text:
            return Admitted(UNKNOWN)
        if len(self._values) >= self.label.limit or not _presentable(text):
            return Admitted(OTHER, folded=True)
        self._values.add(text)
        return Admitted(text)

    def reserve(self, values: Iterable[str]) -> list[str]:
        left_out = []
        for value in values:
            fits = value in self._values or len(self._values) < self.label.limit
            if fits and value and len(value) <= VALUE_AT_MOST and value.isprintable():
                self._values.add(value)
                self._reserved.add(value)
            else:
                left_out.append(value)
        return left_out

    def is_reserved(self, text: str) -> bool:
        return text in self._reserved


class _Heaviest:
    def __init__(self, label: Label, clock: Clock) -> None:
        self.label = label
        self._hitters = HeavyHitters(label.limit, clock)

    def admit(self, value: object) -> Admitted:
        # A number of twelve digits has the form as well, and is somebody's.
        text = None if issubclass(type(value), int) else text_of(value)
        if text is None or not is_pseudonym(text):
            return self._without_pseudonym(text)
        seated, displaced = self._hitters.seat(text)
        return Admitted(text if seated else OTHER, not seated, displaced)

    def weigh(self, value: object) -> None:
        self._hitters.weigh(cast("str", value))

    def reserve(self, values: Iterable[str]) -> list[str]:
        return list(values)

    def is_reserved(self, text: str) -> bool:  # noqa: ARG002 - a pseudonym never is
        return False

    @staticmethod
    def _without_pseudonym(text: str | None) -> Admitted:
        if text == "":
            return Admitted(UNKNOWN)
        known = text in (OTHER, UNKNOWN)
        return Admitted(str(text)) if known else Admitted(INVALID, folded=True)


class _Status(_Unweighed):
    def __init__(self, label: Label) -> None:
        self.label = label

    def admit(self, value: object) -> Admitted:
        text = text_of(value)
        if text is not None and (text in KNOWN_STATUSES or text in STATUS_CLASSES):
            return Admitted(text)
        if text is not None and _UNREGISTERED.match(text):
            return Admitted(status_class(text), folded=True)
        return Admitted(OTHER, folded=True)

    def reserve(self, values: Iterable[str]) -> list[str]:
        return [value for value in values if value not in KNOWN_STATUSES]

    def is_reserved(self, text: str) -> bool:
        return text in KNOWN_STATUSES


def status_class(text: str) -> str:
    """``503`` → ``5xx``; what has no class is ``other``."""
    folded = f"{text[:1]}xx"
    return folded if folded in STATUS_CLASSES else OTHER


def _presentable(text: str) -> bool:
    return text.isprintable() and not looks_personal(text)


def bound_for(label: Label, clock: Clock) -> Bound:
    """Fresh state for ``label``: a room with nobody in it but those reserved."""
    if label.kind is LabelKind.CLOSED:
        return _Closed(label)
    if label.kind is LabelKind.BOUNDED:
        return _FirstCome(label)
    return _Heaviest(label, clock) if label.kind is LabelKind.PSEUDONYM else _Status(label)
