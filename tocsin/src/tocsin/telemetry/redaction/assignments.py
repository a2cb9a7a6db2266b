r"""Values that a text names: ``password=…``, ``"token": "…"``, ``Cookie: …``.

The names are judged by :mod:`.keys`, the same as the keys of a dict. The scanner walks
from name to name and steps over each value it hides, so every character is looked at a
bounded number of times, whatever the text.

Forms read: ``name=value``, ``name: value``, ``name => value``, ``"name": "value"`` (also
escaped inside another string), ``('name', 'value')``, ``<name>value<``, ``--name value``,
``data["name"] = value``, ``name%3Dvalue``, PostgreSQL's ``(name)=(value)``.

>>> scan = AssignmentScanner(Vocabulary())
>>> scan('login(email="ada@school.example", password="hunter2", token_count=3)')
'login(email="[redacted]", password="[redacted]", token_count=3)'
"""

import re
from typing import Final

from tocsin.telemetry.identity import is_pseudonym
from tocsin.telemetry.redaction.keys import SHOWN_AS_NUMBER, SHOWN_AS_PSEUDONYM, Kind, Vocabulary
from tocsin.telemetry.redaction.mask import MASK, WITHHELD
from tocsin.telemetry.redaction.vocabulary import words_of

# A run of name characters is taken whole or not at all (the lookbehind), so a long one
# costs one look. `%3F` and the like before a name are separators that were encoded.
_NAME: Final = re.compile(
    r"""
    (?<![\w.$-]) (?:(?<=%)[0-7][0-9A-Fa-f])?
    ([\d.$-]*+[^\W\d][\w.$-]*+)
    (?:
      (?P<tag>>)
      | (?P<close>\\{0,7}["'])? [\])]{0,2}+ \s{0,4}+
        (?: (?P<sign>=>|:=|={1,3}|:|%3[Dd]|%3[Aa]) | (?P<comma>,)(?=\s{0,4}[bru]{0,2}["'\\]) )
        \s{0,4}+
    )
    """,
    re.VERBOSE,
)
_HAS_SIGN: Final = re.compile(r"[=:>]|%3[ADad]|--|['\"]\]?,")

_NAME_FIRST: Final = re.compile(
    r"""(?:(\\{0,7}["'])([\w.$-]{1,64}+)\1|([\w.$-]{1,64}+))\s{0,4}(?:%3[ADad]|[:=])"""
)
_NAME_ALONE: Final = re.compile(r"[\w.$-]{1,64}\Z")
_FLAG: Final = re.compile(r"""(?<![\w-])--([A-Za-z][\w-]*+)[ ]++(?![-=])('[^']*+'|"[^"]*+"|\S++)""")

# A part of a multipart form (RFC 7578): its name, an empty line, its value.
_FORM_PART: Final = re.compile(
    r"""(name=\\?"([^"\\\r\n]{1,80})\\?"(?:(?:\r?\n|\\r\\n){2}))([^\r\n\\]++)"""
)

# `b'…'`, and a parameter's annotation before its default.
_PREFIX: Final = re.compile(
    r"(?:(?:str|bytes|SecretStr|EmailStr)(?: \| None)? = )?+(?:[A-Za-z]{1,2}(?=[\"']))?+"
)
_CALL: Final = re.compile(r"[A-Za-z_][\w.]{0,63}+(?=[(\[])")
_OPEN_QUOTE: Final = re.compile(r"(\\{0,7})(\"\"\"|'''|\"|')")
# A closing sign ends a bare value only where a value would end.
_ENDS: Final = r"[,;:)\]}'](?=[\s,;)\]}\"']|\Z)"
_WORD: Final = re.compile(rf"(?:(?!{_ENDS})[^\s&\"<>\\]|<(?!/)|>|\\(?![nrt\"']))*+")
_ENCODED_WORD: Final = re.compile(r"(?:[^\s&\"'<>%]|%(?!26)[0-9A-Fa-f]{2})*+")
# Names and addresses hold spaces: on to the next name, or to a sign that ends a clause.
_CLAUSE: Final = re.compile(
    r"""
    (?:
      (?! [)\]}'] (?=[\s,;)\]}"']|\Z) | (?:,\s{0,4}|\s{1,4})[\w.-]{1,40}+\s?[=:] | \| )
      [^\n\r&"<>\\;]
      | \\(?![nrt"'])
    )*+
    """,
    re.VERBOSE,
)
_LINE: Final = re.compile(r"(?:(?![\"'](?:[\s,)\]}]|\Z))[^\n\r\\]|\\(?![nrt\"']))*+")
_TAGGED: Final = re.compile(r"[^<]*+")
# What may end a quoted value; one in three quotes goes on over lines.
_STOPS: Final = {
    quote: re.compile(quote if len(quote) > 1 else rf"{quote}|[\n\r]")
    for quote in ('"', "'", '"""', "'''")
}
_BRACKETS: Final = re.compile(r"[\[\](){}\"']")
_NUMBER: Final = re.compile(r"-?\d[\d_]*(?:\.\d+)?\Z")
_PAIRS: Final = {"[": "]", "{": "}", "(": ")"}
_BRACKETED_CHARS_AT_MOST: Final = 4096
_ARGUMENT_CHARS_AT_MOST: Final = 256

# They tell that nothing, or a type, stands there. None of them is worth stealing.
_SHOWN: Final = words_of(
    """none null nil undefined true false str int float bool bytes object unset redacted
    secretstr emailstr mapped[str] str|none optional[str] *** ******** ..."""
)


class AssignmentScanner:
    """Hides the values that follow telling names."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._kind = vocabulary.kind

    def __call__(self, text: str) -> str:
        """``text`` without the values that its own names call secret."""
        if _HAS_SIGN.search(text) is None:
            return text
        text = self._scanned(text)
        if "--" in text:
            text = _FLAG.sub(self._flag, text)
        if 'name="' in text or 'name=\\"' in text:
            text = _FORM_PART.sub(self._form_part, text)
        return text

    def _scanned(self, text: str) -> str:
        pieces: list[str] = []
        done = 0
        for match in _NAME.finditer(text):
            if match.start() < done:
                continue
            kind = self._kind(match[1])
            if kind is Kind.NOTHING or not _is_assignment(text, match):
                continue
            if self._names_another(text, match.end(), kind):
                continue
            start, end = _value_span(text, match, kind)
            if start == end or not self._hides(kind, text[start:end], match):
                continue
            pieces += (text[done:start], MASK)
            done = end
        if not pieces:
            return text
        pieces.append(text[done:])
        return "".join(pieces)

    def _names_another(self, text: str, at: int, kind: Kind) -> bool:
        """Whether the value at ``at`` is itself a name: `token: password: …`."""
        inner = _NAME_FIRST.match(text, at)
        if inner is None or (kind is Kind.HEADER and inner[1] is None):
            return False  # a cookie is a name with a value, and hidden whole
        return self._kind(inner[2] or inner[3]) is not Kind.NOTHING

    def _flag(self, match: re.Match[str]) -> str:
        if self._kind(match[1]) is Kind.NOTHING:
            return match[0]
        return f"--{match[1]} {MASK}"

    def _form_part(self, match: re.Match[str]) -> str:
        return match[0] if self._kind(match[2]) is Kind.NOTHING else match[1] + MASK

    def _hides(self, kind: Kind, value: str, match: re.Match[str]) -> bool:
        if value.lower() in _SHOWN or value in (MASK, WITHHELD):
            return False
        if kind in SHOWN_AS_PSEUDONYM and is_pseudonym(value):
            return False
        if kind in SHOWN_AS_NUMBER and _NUMBER.match(value):
            return False
        # `("email", "password")` lists names; only the name of a header has a value there.
        if match["comma"] is None or _NAME_ALONE.match(value) is None:
            return True
        return self._kind(value) is Kind.NOTHING


def _is_assignment(text: str, match: re.Match[str]) -> bool:
    if match["tag"]:
        return text[match.start() - 1 : match.start()] == "<"
    return match["comma"] is None or match["close"] is not None


def _value_span(text: str, match: re.Match[str], kind: Kind) -> tuple[int, int]:
    """Where the value lies: without its quotes, with its brackets."""
    at = match.end()
    sign = match["sign"] or ""
    if match["tag"]:
        return at, _reach(_TAGGED, text, at)
    if sign.startswith("%"):
        return match.end("sign"), _reach(_ENCODED_WORD, text, match.end("sign"))
    bare = _bare(kind, sign)
    if text.startswith((MASK, WITHHELD), at):
        return at, _reach(bare, text, at + len(MASK))
    at = _reach(_PREFIX, text, at)
    quote = _OPEN_QUOTE.match(text, at)
    if quote is not None:
        return quote.end(), _end_of_quoted(text, quote)
    return at, _end_of_expression(text, at) or _reach(bare, text, at)


def _reach(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return at if match is None else match.end()


def _bare(kind: Kind, sign: str) -> re.Pattern[str]:
    if kind is Kind.HEADER:
        return _LINE
    if kind is Kind.PERSON or (kind is Kind.PASSWORD and sign == ":"):
        return _CLAUSE
    return _WORD


def _end_of_quoted(text: str, opening: re.Match[str]) -> int:
    """Where the quote closes that ``opening`` opened, else the end of its line."""
    escapes, quote, start = len(opening[1]), opening[2], opening.end()
    for match in _STOPS[quote].finditer(text, start):
        at = match.start()
        if match[0] != quote:
            return at
        before = at
        while before > start and text[before - 1] == "\\":
            before -= 1
        slashes = at - before
        if slashes <= escapes if escapes else slashes % 2 == 0:
            return before if escapes else at
    return len(text)


def _end_of_expression(text: str, at: int) -> int:
    """Where a bracket, or a call with its arguments, ends; 0 if none begins here."""
    if text[at : at + 1] in _PAIRS:
        limit = at + _BRACKETED_CHARS_AT_MOST
        return _end_of_bracketed(text, at, limit) or min(len(text), limit)
    name = _CALL.match(text, at)
    if name is None:
        return 0
    return _end_of_bracketed(text, name.end(), name.end() + _ARGUMENT_CHARS_AT_MOST)


def _end_of_bracketed(text: str, start: int, limit: int) -> int:
    """Where the bracket at ``start`` closes; 0 if not before ``limit``."""
    waiting: list[str] = []
    for match in _BRACKETS.finditer(text, start, limit):
        sign = match[0]
        if waiting and waiting[-1] in "\"'":
            if sign == waiting[-1] and text[match.start() - 1] != "\\":
                waiting.pop()
        elif sign in _PAIRS:
            waiting.append(_PAIRS[sign])
        elif sign in "\"'":
            waiting.append(sign)
        elif waiting and sign == waiting[-1]:
            waiting.pop()
        if not waiting:
            return match.end()
    return 0
