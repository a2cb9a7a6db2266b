"""What a new password must be, each rule under the name that clients are told.

The rule of the system before us (8 characters, lower, upper, digit), and one more: what
everybody in class knows, the own name or address, does not count towards the length.

>>> broken_rules("Lovelace1", ["Ada", "Lovelace", "ada@school.example"])
['password_is_personal']
>>> broken_rules("Analytical 1843", ["Ada", "Lovelace", "ada@school.example"])
[]
"""

import unicodedata
from collections.abc import Iterable
from typing import Final

SHORTEST: Final = 8
LONGEST: Final = 128
_BESIDES_PERSONAL = 6
_WORD_AT_LEAST = 3


def broken_rules(password: str, personal: Iterable[str] = ()) -> list[str]:
    """The names of the rules that ``password`` breaks.

    ``personal`` holds the owner's names and address; an address counts as a whole and by
    the part before its @.
    """
    rules = {
        "password_too_short": len(password) < SHORTEST,
        "password_too_long": len(password) > LONGEST,
        "password_needs_lower_case": not any(letter.islower() for letter in password),
        "password_needs_upper_case": not any(letter.isupper() for letter in password),
        "password_needs_digit": not any(letter.isdigit() for letter in password),
        "password_is_personal": _is_personal(password, personal),
    }
    return [name for name, broken in rules.items() if broken]


def _is_personal(password: str, personal: Iterable[str]) -> bool:
    words = {_plain(word) for text in personal for word in (text, text.partition("@")[0])}
    whole = _plain(password)
    rest = whole
    # The longest first: a name that is part of the address must not break it up.
    for word in sorted(words, key=len, reverse=True):
        if len(word) >= _WORD_AT_LEAST:
            rest = rest.replace(word, "")
    return rest != whole and len(rest) < _BESIDES_PERSONAL


def _plain(text: str) -> str:
    """Letters and digits alone, without case: «A.d-a» hides nothing."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())
