"""A rule about one message, and the words of its refusal.

>>> from tocsin.rehearsal.cloud.rulebook import Rule
>>> named = Check(Rule("configuration.example", "It has a name.", source=""),
...               broken=lambda item: not item, says="Field name is required.")
>>> hold(Rulebook(), [named], "")
Traceback (most recent call last):
    ...
tocsin.rehearsal.cloud.refusals.Refusal: Field name is required.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tocsin.rehearsal.cloud.refusals import invalid_argument
from tocsin.rehearsal.cloud.rulebook import Rule, Rulebook


@dataclass(frozen=True)
class Check:
    """``broken`` tells of a message whether it breaks the rule."""

    rule: Rule
    broken: Callable[[Any], bool]
    says: str


def hold(rules: Rulebook, checks: Iterable[Check], item: Any) -> None:
    """Refuse ``item`` with the first rule that it breaks."""
    for check in checks:
        if rules.broken(check.rule, when=check.broken(item)):
            raise invalid_argument(check.says)
