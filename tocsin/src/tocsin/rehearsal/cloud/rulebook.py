"""Google's rules, each with a name, so that each can be shown to be held.

A rule is declared beside the code that holds it, in a tuple called ``RULES`` of its
module. Code asks before it refuses::

    if rules.broken(SERIES_PER_REQUEST, when=len(request.time_series) > 200):
        raise invalid_argument("…")

so that a test can switch one rule off and see that something goes red.

>>> CAP = Rule("example.cap", "At most 200 of them.", source="https://example.org")
>>> Rulebook().broken(CAP, when=True), Rulebook(without={"example.cap"}).broken(CAP, when=True)
(True, False)
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that Google refuses, cuts or changes.

    ``name`` is dotted: service, object, what. ``wording`` says whose text the refusal
    carries: Google's own where it is known, else ours.
    """

    name: str
    says: str
    source: str
    wording: Literal["google", "ours"] = "ours"


class Rulebook:
    """Which rules hold here, and how often each was broken."""

    def __init__(self, *, without: Collection[str] = ()) -> None:
        self.without = frozenset(without)
        self.breaches: Counter[str] = Counter()
        """By the rule's name: requests, series, entries or spans that met it."""

    def broken(self, rule: Rule, *, when: bool) -> bool:
        """Whether ``rule`` stops this; counts the breach if so."""
        if not when or rule.name in self.without:
            return False
        self.breaches[rule.name] += 1
        return True
