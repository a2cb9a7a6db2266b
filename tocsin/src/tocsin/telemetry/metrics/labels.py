"""Labels, each with a stated bound on the values that it may take.

A label without a bound is one series per visitor, so none can be declared. What is over
the bound is counted under one shared value, and the folding is itself counted
(``…_telemetry_label_overflow_total``). Which value is admitted is decided in
:mod:`tocsin.telemetry.metrics.bounds`.

>>> one_of("status", "success", "failure").size
3
>>> bounded("endpoint", 40).size
42
"""

from dataclasses import dataclass
from enum import Enum, StrEnum
from http import HTTPStatus
from typing import Final

from tocsin.errors import DeclarationError

OTHER: Final = "other"
"""Whatever found no place of its own."""
UNKNOWN: Final = "unknown"
"""No value was given: ``None`` or an empty text."""
INVALID: Final = "invalid"
"""Something stood where a pseudonym belongs; it was not looked at any further."""

_LIMIT_AT_MOST: Final = 10_000

# 499 is nginx's «client closed request», which gateways and middlewares have taken over.
KNOWN_STATUSES: Final = frozenset({*(str(int(status)) for status in HTTPStatus), "499"})
STATUS_CLASSES: Final = ("1xx", "2xx", "3xx", "4xx", "5xx", OTHER)


class LabelKind(StrEnum):
    """How a label is bounded."""

    CLOSED = "closed"
    BOUNDED = "bounded"
    PSEUDONYM = "pseudonym"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Label:
    """One label and its bound; made by the four functions below.

    ``values`` are those declared (closed) or reserved (bounded) by name, ``limit`` the most
    values that keep series of their own, ``other`` what the rest are counted under.
    """

    name: str
    kind: LabelKind
    values: tuple[str, ...]
    limit: int
    other: str = OTHER

    @property
    def is_open(self) -> bool:
        """Whether a stranger's value may become a series."""
        return self.kind in (LabelKind.BOUNDED, LabelKind.PSEUDONYM)

    @property
    def domain(self) -> tuple[str, ...] | None:
        """Every value that can ever be exported; ``None`` where strangers choose it."""
        if self.is_open:
            return None
        if self.kind is LabelKind.STATUS:
            return (*sorted(KNOWN_STATUSES), *STATUS_CLASSES)
        return tuple(dict.fromkeys((*self.values, self.other)))

    @property
    def size(self) -> int:
        """The most distinct values that are ever exported at one time."""
        if self.kind is LabelKind.STATUS:
            return len(KNOWN_STATUSES) + len(STATUS_CLASSES)
        extra = {LabelKind.CLOSED: 1, LabelKind.BOUNDED: 2, LabelKind.PSEUDONYM: 3}[self.kind]
        return self.limit + (extra if self.other not in self.values else 0)

    @property
    def folded_size(self) -> int:
        """How many values are left when the instrument as a whole is full."""
        if self.kind is LabelKind.STATUS:
            return len(STATUS_CLASSES)
        return self.size if self.kind is LabelKind.CLOSED else 1


def one_of(name: str, *values: str, other: str = OTHER) -> Label:
    """A closed set: a value outside it is counted as ``other``.

    Raises:
        DeclarationError: the set is empty or names a value twice.
    """
    texts = tuple(_text(value) for value in values)
    if not texts:
        raise DeclarationError(
            f"label {name}: a closed set needs its values: one_of({name!r}, 'a', 'b'), "
            "or bounded() where they are not known beforehand"
        )
    if len(set(texts)) < len(texts):
        raise DeclarationError(f"label {name}: {texts} names a value twice: drop one")
    return Label(name, LabelKind.CLOSED, texts, len(texts), other)


def bounded(name: str, limit: int, *, reserved: tuple[str, ...] = ()) -> Label:
    """An open set: the first ``limit`` values keep series of their own.

    ``reserved`` values have their place from the start; more can be reserved before traffic
    comes (``Instrument.reserve``). Texts that look like personal data are never admitted.

    Raises:
        DeclarationError: the limit is not between 1 and 10,000, or too small for ``reserved``.
    """
    texts = tuple(dict.fromkeys(_text(value) for value in reserved))
    _check_limit(name, limit)
    if len(texts) > limit:
        raise DeclarationError(
            f"label {name}: {len(texts)} reserved values and a limit of {limit}: raise the limit"
        )
    return Label(name, LabelKind.BOUNDED, texts, limit)


def pseudonym(name: str, limit: int) -> Label:
    """Keyed pseudonyms of people or clients: the ``limit`` heaviest keep their own series.

    Only what :class:`tocsin.telemetry.identity.Pseudonyms` makes (12 hex digits) is taken;
    anything else becomes ``invalid``, so that no raw address gets out by mistake (D08, D-6).

    Raises:
        DeclarationError: the limit is not between 1 and 10,000.
    """
    _check_limit(name, limit)
    return Label(name, LabelKind.PSEUDONYM, (), limit)


def status_code(name: str) -> Label:
    """An HTTP status: a registered one as it is, another as its class (``5xx``)."""
    return Label(name, LabelKind.STATUS, (), len(KNOWN_STATUSES))


def _check_limit(name: str, limit: int) -> None:
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= _LIMIT_AT_MOST:
        raise DeclarationError(
            f"label {name}: the limit is the number of values that keep their own series, "
            f"1 to {_LIMIT_AT_MOST}; got {limit!r}"
        )


def _text(value: object) -> str:
    text = str(value.value) if isinstance(value, Enum) else str(value)
    if not text.isprintable() or not text:
        raise DeclarationError(f"label value {text!r}: use printable text")
    return text
