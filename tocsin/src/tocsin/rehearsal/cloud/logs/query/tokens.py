r"""Words of a filter.

>>> [token.text for token in tokens('labels."a.b"="x y" -- why')]
['labels."a.b"', '=', 'x y']
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple


class QueryError(ValueError):
    """The text is no filter; says where."""


class Token(NamedTuple):
    """``kind`` is ``word``, ``text`` (quoted), ``op``, ``(``, ``)``, ``,``, ``-`` or ``end``."""

    kind: str
    text: str
    at: int


_QUOTED: Final = r'"(?:[^"\\]|\\.)*"' + r"|'(?:[^'\\]|\\.)*'"
_BARE: Final = r"""[^\s()"'=<>!:~,]+"""
_GRAMMAR: Final = re.compile(
    rf"""
    (?P<space>\s+|--[^\n]*)
    |(?P<op>=~|!~|<=|>=|!=|[=<>:])
    |(?P<bracket>[(),])
    |(?P<word>(?!-){_BARE}(?:(?<=\.)(?:{_QUOTED})(?:\.{_BARE}|\.)?)*)
    |(?P<text>{_QUOTED})
    |(?P<minus>-)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_SEGMENT: Final = re.compile(rf"({_QUOTED})|([^.]+)", re.DOTALL)
_CONTROL: Final = {"n": "\n", "t": "\t", "r": "\r"}


def tokens(text: str) -> Iterator[Token]:
    """The words in order, without spaces and comments.

    Raises:
        QueryError: a character has no place in the language.
    """
    at = 0
    while at < len(text):
        match = _GRAMMAR.match(text, at)
        if match is None:
            raise QueryError(f"syntax error at character {at + 1}: {text[at : at + 20]!r}")
        kind, said = str(match.lastgroup), match[0]
        if kind == "bracket":
            yield Token(said, said, at)
        elif kind == "minus":
            yield Token("-", said, at)
        elif kind == "text":
            yield Token("text", unquoted(said), at)
        elif kind != "space":
            yield Token(kind, said, at)
        at = match.end()


def unquoted(text: str) -> str:
    r"""What stands between the quotation marks; ``\"`` is ``"``, other escapes but ``\n`` stay.

    A regular expression's ``\d`` has to survive: only quotes and backslashes are unescaped.
    """

    def meant(match: re.Match[str]) -> str:
        if match[1] in "\"'\\":
            return match[1]
        return _CONTROL.get(match[1], match[0])

    return _ESCAPE.sub(meant, text[1:-1])


def segments(path: str) -> tuple[str, ...]:
    """The parts of a field's path: ``labels."a.b"`` has two."""
    return tuple(unquoted(quoted) if quoted else plain for quoted, plain in _SEGMENT.findall(path))
