"""Monitoring filters, as far as lists of series and descriptors are commonly asked with them.

Comparisons with ``=``, ``!=`` and ``:`` (contains), the functions ``starts_with``,
``ends_with``, ``has_substring`` and ``one_of``; ``AND`` (also by mere neighbourhood),
``OR``, ``NOT`` and brackets. Not: ``monitoring.regex``, groups, metadata, numbers.
https://docs.cloud.google.com/monitoring/api/v3/filters

>>> wanted = parse('metric.type = starts_with("custom.googleapis.com/") AND NOT project = "q"')
>>> wanted({"metric.type": "custom.googleapis.com/x", "project": "p"}.get)
True
>>> exact('metric.type = "a/b" AND metric.labels.x != "y"', "metric.type")
'a/b'
"""

import re
from collections.abc import Callable
from typing import Final

from tocsin.rehearsal.cloud.refusals import invalid_argument

Lookup = Callable[[str], str | None]
Predicate = Callable[[Lookup], bool]

NESTING_AT_MOST: Final = 50
"""Ours: a bound on what a reader that calls itself can be made to do."""
_TOKEN: Final = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([A-Za-z_][\w.*/-]*)|(!=|[=:(),]))')
_FUNCTIONS: Final[dict[str, Callable[[str, list[str]], bool]]] = {
    "starts_with": lambda found, given: found.startswith(given[0]),
    "ends_with": lambda found, given: found.endswith(given[0]),
    "has_substring": lambda found, given: given[0] in found,
    "one_of": lambda found, given: found in given,
}
_SYNONYMS: Final = {"metric.label.": "metric.labels.", "resource.label.": "resource.labels."}


def parse(text: str) -> Predicate:
    """What this filter lets through; an empty one lets everything.

    Raises:
        Refusal: it cannot be read.
    """
    parser = _Parser(text)
    if not parser.tokens:
        return lambda _lookup: True
    if parser.tokens.count("(") + parser.tokens.count("NOT") > NESTING_AT_MOST:
        raise invalid_argument("Field filter had an invalid value: it is nested too deeply.")
    predicate = parser.alternatives()
    if parser.tokens:
        raise parser.unreadable()
    return predicate


def exact(text: str, path: str) -> str:
    """The one value that ``path`` must have by this filter, or nothing.

    >>> exact('metric.type = "a/b" OR metric.type = "a/c"', "metric.type")
    ''
    """
    tokens = _tokens(text)
    if tokens.count(path) != 1:
        return ""
    for place, token in enumerate(tokens[:-2]):
        negated = place > 0 and tokens[place - 1] == "NOT"
        if token == path and tokens[place + 1] == "=" and not negated:
            is_call = tokens[place + 3 : place + 4] == ["("]
            return "" if is_call else _unquoted(tokens[place + 2])
    return ""


def _tokens(text: str) -> list[str]:
    found, place = [], 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise invalid_argument(f"Field filter had an invalid value: near {text[place:40]!r}.")
        found.append(match.group().strip())
        place = match.end()
    return found


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token.startswith('"') else token


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self.tokens = _tokens(text)

    def unreadable(self) -> Exception:
        near = self.tokens[0] if self.tokens else "its end"
        return invalid_argument(f'Field filter had an invalid value of "{self._text}": near {near}')

    def alternatives(self) -> Predicate:
        either = [self._together()]
        while self.tokens[:1] == ["OR"]:
            self.tokens.pop(0)
            either.append(self._together())
        return lambda lookup: any(one(lookup) for one in either)

    def _together(self) -> Predicate:
        every = [self._one()]
        while self.tokens and self.tokens[0] not in {"OR", ")", ","}:
            if self.tokens[0] == "AND":
                self.tokens.pop(0)
            every.append(self._one())
        return lambda lookup: all(one(lookup) for one in every)

    def _one(self) -> Predicate:
        if self.tokens[:1] == ["NOT"]:
            self.tokens.pop(0)
            inner = self._one()
            return lambda lookup: not inner(lookup)
        if self.tokens[:1] == ["("]:
            self.tokens.pop(0)
            inner = self.alternatives()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Predicate:
        path, operator = self._next(), self._next()
        for synonym, plain in _SYNONYMS.items():
            path = path.replace(synonym, plain)
        if operator not in {"=", "!=", ":"}:
            raise self.unreadable()
        value = self._next()
        test = _FUNCTIONS["has_substring" if operator == ":" else "one_of"]
        given = [_unquoted(value)]
        if self.tokens[:1] == ["("]:
            test, given = self._function(value), self._arguments()
        wanted = operator != "!="
        return lambda lookup: test(lookup(path) or "", given) is wanted

    def _function(self, name: str) -> Callable[[str, list[str]], bool]:
        if name not in _FUNCTIONS:
            raise self.unreadable()
        return _FUNCTIONS[name]

    def _arguments(self) -> list[str]:
        self._expect("(")
        given = [_unquoted(self._next())]
        while self.tokens[:1] == [","]:
            self.tokens.pop(0)
            given.append(_unquoted(self._next()))
        self._expect(")")
        return given

    def _next(self) -> str:
        if not self.tokens:
            raise self.unreadable()
        return self.tokens.pop(0)

    def _expect(self, token: str) -> None:
        if self._next() != token:
            raise self.unreadable()
