"""Grammar of a filter: turns its text into a question to an entry's fields.

``OR`` binds tighter than ``AND``, ``NOT`` tighter than both, and what stands side by side
is meant together.

>>> ask = parse('severity=ERROR OR labels.k=v AND NOT textPayload:"x"')
>>> ask({"severity": "ERROR", "textPayload": "x"}), ask({"labels": {"k": "V"}, "textPayload": ""})
(False, True)
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from tocsin.rehearsal.cloud.logs.query.matching import (
    anywhere,
    compares,
    in_log,
    known_field,
    regex,
)
from tocsin.rehearsal.cloud.logs.query.tokens import QueryError, Token, segments, tokens

Fields = Mapping[str, Any]
Predicate = Callable[[Fields], bool]

LEVELS_AT_MOST: Final = 100
"""Ours: a question is asked by recursion, and Python's is bounded."""
_END: Final = Token("end", "", -1)
_OPERATORS: Final = ("AND", "OR", "NOT")


def parse(text: str) -> Predicate:
    """The question that ``text`` asks.

    Raises:
        QueryError: it is not written in the language.
    """
    reader = _Reader(list(tokens(text)))
    if reader.next.kind == "end":
        return _everything
    ask = reader.conjunction(reader.restriction)
    if reader.next.kind != "end":
        raise QueryError(f"unexpected {reader.next.text!r} at character {reader.next.at + 1}")
    return ask


class _Reader:
    """Recursive descent over the words."""

    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._at = 0
        self._depth = 0

    @property
    def next(self) -> Token:
        return self._words[self._at] if self._at < len(self._words) else _END

    def take(self) -> Token:
        word = self.next
        self._at += 1
        return word

    def took(self, kind: str, text: str = "") -> bool:
        if self.next.kind != kind or text not in ("", self.next.text):
            return False
        self._at += 1
        return True

    def conjunction(self, leaf: Callable[[], Predicate]) -> Predicate:
        asked = [self._disjunction(leaf)]
        while True:
            joined = self.took("word", "AND")
            if not joined and self.next.kind in ("end", ")", ","):
                return asked[0] if len(asked) == 1 else partial(_all, tuple(asked))
            asked.append(self._disjunction(leaf))

    def _disjunction(self, leaf: Callable[[], Predicate]) -> Predicate:
        asked = [self._negation(leaf)]
        while self.took("word", "OR"):
            asked.append(self._negation(leaf))
        return asked[0] if len(asked) == 1 else partial(_any, tuple(asked))

    def _negation(self, leaf: Callable[[], Predicate]) -> Predicate:
        self._depth += 1
        if self._depth > LEVELS_AT_MOST:
            raise QueryError(f"more than {LEVELS_AT_MOST} levels of NOT and parentheses")
        if self.took("word", "NOT") or self.took("-"):
            ask: Predicate = partial(_not, self._negation(leaf))
        elif self.took("("):
            ask = self._closed(self.conjunction(leaf))
        else:
            ask = leaf()
        self._depth -= 1
        return ask

    def _closed(self, ask: Predicate) -> Predicate:
        if not self.took(")"):
            raise QueryError("a parenthesis is not closed")
        return ask

    def restriction(self) -> Predicate:
        """A comparison, a function, or a value that any field may hold."""
        word = self.take()
        if word.kind not in ("word", "text") or word.text in _OPERATORS:
            raise QueryError(
                f"unexpected {word.text!r} at character {word.at + 1}"
                if word.kind != "end"
                else "unexpected end of filter"
            )
        if (
            word.kind == "word"
            and self.next.kind == "("
            and self.next.at == word.at + len(word.text)
        ):
            return self._function(word)
        if self.next.kind != "op":
            return anywhere(word.text)
        return self._comparison(word, self.take().text)

    def _comparison(self, field: Token, operator: str) -> Predicate:
        path = segments(field.text) if field.kind == "word" else (field.text,)
        if not known_field(path):
            raise QueryError(f"no field of an entry is called {field.text!r}")

        def value() -> Predicate:
            word = self.take()
            if word.kind not in ("word", "text"):
                raise QueryError(f"{field.text}{operator} has no value")
            return _compared(path, operator, word)

        if self.took("("):
            return self._closed(self.conjunction(value))
        if self.took("-"):
            word = self.take()
            return _compared(path, operator, Token("word", f"-{word.text}", word.at))
        return value()

    def _function(self, name: Token) -> Predicate:
        self.take()
        if name.text != "log_id":
            raise QueryError(f"the function {name.text!r} is not held by this cloud")
        argument = self.take()
        if argument.kind not in ("word", "text"):
            raise QueryError("log_id() takes the id of a log")
        return self._closed(in_log(argument.text))


def _compared(path: tuple[str, ...], operator: str, word: Token) -> Predicate:
    if operator in ("=~", "!~"):
        return regex(path, word.text, wanted=operator == "=~")
    return compares(path, operator, word.text, bare=word.kind == "word")


def _everything(_fields: Fields) -> bool:
    return True


def _all(asked: tuple[Predicate, ...], fields: Fields) -> bool:
    return all(ask(fields) for ask in asked)


def _any(asked: tuple[Predicate, ...], fields: Fields) -> bool:
    return any(ask(fields) for ask in asked)


def _not(ask: Predicate, fields: Fields) -> bool:
    return not ask(fields)


__all__ = ["Predicate", "QueryError", "parse"]
