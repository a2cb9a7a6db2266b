"""All the rules for text, in their order.

Text is masked until nothing changes, so that masking twice is masking once. A text that
still changes after a few rounds was made to do so, and is withheld.

>>> TextMasker(Vocabulary()).masked("user ada@school.example, password=hunter2")
'user [redacted], password=[redacted]'
"""

import re
from typing import Final

from tocsin.telemetry.redaction.assignments import AssignmentScanner
from tocsin.telemetry.redaction.credentials import masked_credentials
from tocsin.telemetry.redaction.keys import Vocabulary
from tocsin.telemetry.redaction.mask import MASK, WITHHELD, cut_mark
from tocsin.telemetry.redaction.network import masked_network
from tocsin.telemetry.redaction.numbers import masked_numbers
from tocsin.telemetry.redaction.urls import masked_path, masked_urls

# Letters and soft punctuation alone: nothing that any rule could find, but for «bearer».
_WORDS: Final = re.compile(r"(?:[A-Za-z]{0,16}+[_ .,!\n-]++)*+[A-Za-z]{0,16}+\Z")
_NOT_WORDS: Final = ("earer", "EARER", "asic", "ASIC", "--")
# Ids, route templates and moments, which most fields hold.
_PLAIN: Final = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z"
    r"|(?:/(?:[a-z_{}-]{1,24}|v[0-9]))+/?\Z"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\Z"
)
_ROUNDS_AT_MOST: Final = 8
# What is dropped before a cut, so that the half of a secret that was cut does not stay.
_MARGIN_CHARS: Final = 128


class TextMasker:
    """Masks text of any length; more than ``chars_at_most`` of it is cut."""

    def __init__(self, vocabulary: Vocabulary, *, chars_at_most: int = 65_536) -> None:
        self._assignments = AssignmentScanner(vocabulary)
        self._chars_at_most = chars_at_most

    def masked(self, text: str, *, chars_at_most: int | None = None) -> str:
        """``text`` without what must not leave; what was cut is said at its end."""
        if len(text) <= 3:  # noqa: PLR2004 - too short for any rule
            return text
        limit = self._chars_at_most if chars_at_most is None else chars_at_most
        if len(text) <= limit:
            masked = self._until_still(text)
            if len(masked) <= limit:
                return masked
            return _shortened(masked, limit, 0)
        return _shortened(self._until_still(text[:limit]), limit, len(text) - limit)

    def path(self, path: str) -> str:
        """A request's path without its query, fit for a log."""
        for _ in range(_ROUNDS_AT_MOST):
            shown = masked_path(path, self._until_still)
            if shown == path:
                return path
            path = shown
        return WITHHELD

    def _until_still(self, text: str) -> str:
        for _ in range(_ROUNDS_AT_MOST):
            masked = self._once(text)
            if masked == text:
                return text
            text = masked
        return WITHHELD

    def _once(self, text: str) -> str:
        if _WORDS.match(text) is not None and not any(hint in text for hint in _NOT_WORDS):
            return text
        if _PLAIN.match(text) is not None:
            return text
        # By form before by name: a named value ends at a space, a telephone number does not.
        text = masked_urls(text)
        text = masked_credentials(text)
        text = masked_network(text)
        text = masked_numbers(text)
        return self._assignments(text)


def _shortened(masked: str, limit: int, already_cut: int) -> str:
    """The head of a text that fits with its mark; a mask is not torn apart."""
    kept = max(0, min(limit, len(masked)) - _MARGIN_CHARS)
    opened = masked.rfind("[", max(0, kept - len(MASK)), kept)
    if opened >= 0 and masked.startswith(MASK, opened):
        kept = opened
    return masked[:kept] + "…" + cut_mark(len(masked) - kept + already_cut, "characters")
