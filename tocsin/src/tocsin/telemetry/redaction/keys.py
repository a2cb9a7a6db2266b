"""Which names hide their values.

A name is cut into segments where a person would cut it (``snake_case``, ``camelCase``,
``X-Header-Case``, dots) and the segments are compared whole with the vocabulary. In a
compound the last word says what the thing is, so a ``token_count`` or an
``email_verified`` is shown.

>>> [is_secret_key(name) for name in ("apiKey", "X-Forwarded-For", "user.first_name")]
[True, True, True]
>>> [is_secret_key(name) for name in ("author", "secretary", "session_count", "auth_types")]
[False, False, False, False]
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import IntEnum
from functools import lru_cache
from typing import Final

from tocsin.telemetry.redaction import vocabulary as words

_SEGMENT: Final = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[^\W\d_A-Z]+|[A-Z]")
# Names come from the wire too: what is looked at and what is remembered is bounded.
_NAME_CHARS: Final = 128
_REMEMBERED: Final = 4096
_LONGEST_PHRASE: Final = 4


class Kind(IntEnum):
    """What a name hides; the greater wins when a name holds several."""

    NOTHING = 0
    COUNTABLE = 1
    """Shown when it is a number, as in ``max_tokens``."""
    SOMEBODY = 2
    """Shown when it is a number or a pseudonym, as in ``{"student": 12}``."""
    CONTACT = 3
    """An e-mail or network address: a pseudonym under it is shown."""
    PERSON = 4
    TOKEN = 5
    PASSWORD = 6
    HEADER = 7


def segments(name: str) -> list[str]:
    """The words of a name in lower case, digits dropped.

    >>> segments("X-API-Key"), segments("oldPassword2")
    (['x', 'api', 'key'], ['old', 'password'])
    """
    tail = name[-_NAME_CHARS:]
    if not tail.isascii():
        # Full-width and other compatibility letters spell the same words.
        tail = unicodedata.normalize("NFKC", tail)
    return [word.lower() for word in _SEGMENT.findall(tail)]


SHOWN_AS_NUMBER: Final = frozenset({Kind.COUNTABLE, Kind.SOMEBODY})
SHOWN_AS_PSEUDONYM: Final = frozenset({Kind.SOMEBODY, Kind.CONTACT})


class Vocabulary:
    """The words of :mod:`.vocabulary` and the service's own, ready to be asked."""

    def __init__(self, extra_keys: Iterable[str] = ()) -> None:
        """Take further names whose values are hidden, in any spelling (``studentQuery``)."""
        self._phrases: dict[tuple[str, ...], Kind] = {}
        self._learn(words.COUNTABLE, Kind.COUNTABLE)
        self._learn(words.CONTACTS, Kind.CONTACT)
        self._learn(words.PEOPLE, Kind.PERSON)
        self._learn(words.TOKENS, Kind.TOKEN)
        self._learn(words.PASSWORDS, Kind.PASSWORD)
        self._learn(words.HEADERS, Kind.HEADER)
        for name in extra_keys:
            self._phrases[tuple(segments(name))] = Kind.PERSON
        self._learn(words.HARMLESS_PHRASES, Kind.NOTHING)
        self._whole = dict.fromkeys(words.WHOLE_VALUES.split("; "), Kind.PERSON)
        self._whole |= dict.fromkeys(words.WHOLE_PERSONS.split("; "), Kind.SOMEBODY)
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._kind)

    def kind(self, name: str) -> Kind:
        """What the value under ``name`` is, as far as the name tells."""
        return self._remembered(name) if len(name) <= _NAME_CHARS else self._kind(name)

    def _learn(self, phrases: str, kind: Kind) -> None:
        for phrase in re.split(r"[;\n]", phrases):
            parts = tuple(phrase.split())
            if parts:
                self._phrases[parts] = kind
                plural = parts[-1] + ("es" if parts[-1].endswith("s") else "s")
                self._phrases.setdefault((*parts[:-1], plural), kind)

    def _kind(self, name: str) -> Kind:
        parts = segments(name)
        if not parts:
            return Kind.NOTHING
        if len(parts) == 1 and parts[0] in self._whole:
            return self._whole[parts[0]]
        found = list(self._found(parts))
        if not found:
            return Kind.NOTHING
        last_word_matched = found[-1][1] == len(parts)
        if not last_word_matched and parts[-1] in words.HARMLESS_HEADS:
            return Kind.NOTHING
        return max(kind for kind, _ in found)

    def _found(self, parts: list[str]) -> Iterator[tuple[Kind, int]]:
        """Each phrase met from the left, the longest first, and where it ends."""
        at = 0
        while at < len(parts):
            for length in range(min(_LONGEST_PHRASE, len(parts) - at), 0, -1):
                kind = self._phrases.get(tuple(parts[at : at + length]))
                if kind is not None:
                    at += length
                    yield kind, at
                    break
            else:
                at += 1
                if parts[at - 1].endswith(words.STEMS):
                    yield Kind.TOKEN, at


_COMMON: Final = Vocabulary()


def is_secret_key(name: str) -> bool:
    """Whether values under ``name`` are hidden: secrets, and what tells who a person is."""
    return _COMMON.kind(name) is not Kind.NOTHING
