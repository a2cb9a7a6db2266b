"""Numbers that belong to a person: payment cards, telephones, social security numbers.

A number alone rarely says what it is. A card has a known first digit, length and check
digit (ISO/IEC 7812-1); a telephone has a plus sign, a national form with separators, or
a word before it. Ten bare digits are as likely an order or a second of the epoch, and
are shown.

>>> masked_numbers("card 4242 4242 4242 4242, call +44 20 7946 0958, order 4242424242424241")
'card [redacted], call [redacted], order 4242424242424241'
"""

import re
from typing import Final

from tocsin.telemetry.redaction.mask import MASK

_CARD: Final = re.compile(
    r"""
    (?<![A-Za-z0-9]) (?<!\d\.)
    (?=(
      [2-6]\d{3}([ .-])\d{4}\2\d{4}\2\d{4}(?:\2\d{3})?
      | 3\d{3}([ -])\d{6}\3\d{4,5}
      | [2-6]\d{12,18}
    )(?![A-Za-z0-9]))
    """,
    re.VERBOSE,
)
_GROUPED_CARD_CHARS: Final = len("4242 4242 4242 4242")
# No number of a person is shorter: a cheap look that spares ordinary text the others.
_MAYBE: Final = re.compile(r"[0-9](?:[ ().+/-]{0,3}[0-9]){6}")
_MAYBE_CARD: Final = re.compile(r"[2-6][0-9]{3}[ .-]?[0-9]{4}")

_PHONE: Final = re.compile(
    r"""
    (?=[+%(0-9])                             # one test where none of the five can begin
    (?: (?: (?<![\w+]) \+ | %2[Bb] )         # international
        (?: [1-9]\d{7,14}
          | [1-9]\d{0,3}+(?:[ .-]{0,2}\(\d{1,5}+\) | [ .-]{1,2}\d{1,12}+ | (?<=\))\d{1,12}+){1,10}
        ) (?!\d)
    | (?<![\w.+-]) 00[1-9]\d{0,2}(?:[ .-]\d{2,5}){2,5} (?![\w-])
    | (?<![\w-]) (?<!\d\.) (?:1[ .-])?       # North America
      (?: \([2-9]\d\d\)[ ]?[2-9]\d\d[ .-] | [2-9]\d\d([.-])[2-9]\d\d\1 ) \d{4} (?![\w-]|\.\d)
    | (?<![\w.+-]) (?:                       # national, with 0
        \(?0[1-9]\d{1,3}\)?[ -]\d{3,4}[ -]?\d{3,4}
        | 0[1-9](?:[ .]\d\d){4} | 0[1-9]-\d{4}-\d{4} | 07\d{9}
      ) (?![\w-]|\.\d)
    )
    """,
    re.VERBOSE,
)
_NAMED_PHONE: Final = re.compile(
    r"""
    (?i:(?<![a-z])(?:telephone|phone|tel|mobile|whatsapp|sms))
    [^\w\n]{1,3}(?:(?:number|no|nr|is|at|to)\b[^\w\n]{1,3}){0,2}
    (?P<number> \+? \(? \d (?:[ .()/-]{0,2}\d){6,14} ) (?!\w)
    """,
    re.VERBOSE,
)
_PHONE_WORDS: Final = ("hone", "HONE", "el", "EL", "bile", "BILE", "sapp", "sApp", "sms", "SMS")
_DIGITS_OF_A_PHONE_AT_LEAST: Final = 7
# The Social Security Administration never issues 000, 666 or 900 to 999 as an area.
_SSN: Final = re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])")


def masked_numbers(text: str) -> str:
    """``text`` without card, telephone and social security numbers."""
    if _MAYBE.search(text) is None:
        return text
    if _MAYBE_CARD.search(text) is not None:
        text = _masked_cards(text)
    text = _PHONE.sub(_phone, text)
    if any(word in text for word in _PHONE_WORDS):
        text = _NAMED_PHONE.sub(_named_phone, text)
    return _SSN.sub(MASK, text) if text.count("-") > 1 else text


def is_card_number(digits: str) -> bool:
    """Whether the digits begin, end and count as a payment card's do.

    >>> is_card_number("4242424242424242"), is_card_number("1700000000123")
    (True, False)
    """
    return _issuer_fits(digits) and _luhn_fits(digits)


def _issuer_fits(digits: str) -> bool:
    size, two, four = len(digits), int(digits[:2]), int(digits[:4])
    if digits[0] == "4":
        return size in (13, 16, 19)
    if 51 <= two <= 55 or 2221 <= four <= 2720:  # noqa: PLR2004 - Mastercard's ranges
        return size == 16  # noqa: PLR2004
    if two in (34, 37):
        return size == 15  # noqa: PLR2004
    if two in (36, 38, 39) or 300 <= int(digits[:3]) <= 305:  # noqa: PLR2004 - Diners Club
        return size == 14  # noqa: PLR2004
    return (two in (35, 50, 62, 64, 65) or 56 <= two <= 58 or four == 6011) and 16 <= size <= 19  # noqa: PLR2004


def _luhn_fits(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1."""
    doubled = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total += doubled[int(digit)] if place % 2 else int(digit)
    return total % 10 == 0


def _masked_cards(text: str) -> str:
    """Each start is tried, since digits before a card must not shelter it."""
    pieces: list[str] = []
    done = 0
    for match in _CARD.finditer(text):
        if match.start() < done:
            continue
        shown = match[1]
        # The longest form holds the common one, 4-4-4-4, at its head.
        for size in {len(shown), min(len(shown), _GROUPED_CARD_CHARS)}:
            if is_card_number(re.sub(r"\D", "", shown[:size])):
                pieces += (text[done : match.start()], MASK)
                done = match.start() + size
                break
    pieces.append(text[done:])
    return "".join(pieces)


def _phone(match: re.Match[str]) -> str:
    digits = sum(character.isdigit() for character in match[0])
    return MASK if digits >= _DIGITS_OF_A_PHONE_AT_LEAST else match[0]


def _named_phone(match: re.Match[str]) -> str:
    return match[0][: match.start("number") - match.start()] + MASK
