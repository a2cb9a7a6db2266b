"""What stands where something was taken out.

>>> MASK, WITHHELD, cut_mark(12, "items")
('[redacted]', '[withheld]', '[cut 12 items]')
"""

import re
from typing import Final

MASK: Final = "[redacted]"
"""A secret or a piece of personal data stood here."""
WITHHELD: Final = "[withheld]"
"""Redaction failed here, so nothing is shown (behaviour 31)."""

_CUT: Final = re.compile(r"\[cut \d+ [a-z ]+\]\Z")


def cut_mark(amount: int, unit: str) -> str:
    """Says how much was left out for its size."""
    return f"[cut {amount} {unit}]"


def is_cut_mark(text: str) -> bool:
    """Whether ``text`` is one of our own marks, which a second pass leaves alone."""
    return _CUT.match(text) is not None
