"""Alerting rules, as Prometheus would read them, each with the place where it stands.

>>> from pathlib import Path
>>> text = "groups: [{name: shop, rules: [{alert: Down, expr: up < 1, for: 2m}]}]"
>>> [(rule.alert, rule.expr, rule.for_s, rule.interval_s) for rule in rules_in(Path("a"), text)]
[('Down', 'up < 1', 120.0, 60.0)]
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.durations import seconds
from tocsin.monitoring.sources import Alert, alerts_in, read

_EVALUATED_EVERY: Final = "1m"
"""Prometheus' own interval, where a group states none."""


@dataclass(frozen=True)
class Rule:
    """One alerting rule."""

    alert: str
    expr: str
    for_s: float
    interval_s: float
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    file: Path
    line: int

    @property
    def place(self) -> str:
        """File and line, for a message."""
        return f"{self.file}:{self.line}"


class RuleBook(tuple[Rule, ...]):
    """All rules of a service."""

    __slots__ = ()

    def of(self, alert: str) -> Rule:
        """The rule of this name.

        Raises:
            DeclarationError: there is none.
        """
        for rule in self:
            if rule.alert == alert:
                return rule
        raise DeclarationError(
            f"no rule is called {alert!r}: there are {', '.join(rule.alert for rule in self)}"
        )


def read_rules(files: Sequence[Path]) -> RuleBook:
    """The rules of these files, in the order in which they stand there.

    Raises:
        DeclarationError: a file cannot be read, or a name is given twice.
    """
    book = RuleBook(rule for file in files for rule in rules_in(file, read(file)))
    first: dict[str, Rule] = {}
    for rule in book:
        if rule.alert in first:
            raise DeclarationError(
                f"{rule.place}: {rule.alert} stands at {first[rule.alert].place} already: "
                "every alarm needs a name of its own"
            )
        first[rule.alert] = rule
    return book


def rules_in(file: Path, text: str) -> Iterator[Rule]:
    """The alerting rules of one file.

    Raises:
        DeclarationError: it is no rule file.
    """
    for alert in alerts_in(file, text):
        yield Rule(
            alert=alert.name,
            expr=alert.text("expr"),
            for_s=_length(alert, "for", "0s"),
            interval_s=seconds(alert.interval.value if alert.interval else _EVALUATED_EVERY),
            labels=_below(alert, "labels."),
            annotations=_below(alert, "annotations."),
            file=file,
            line=alert.source.line,
        )


def _length(alert: Alert, field: str, otherwise: str) -> float:
    try:
        return seconds(alert.text(field) or otherwise)
    except DeclarationError as error:
        place = alert.place(field)
        raise DeclarationError(f"{place.file}:{place.line}: {alert.name}: {error}") from error


def _below(alert: Alert, start: str) -> dict[str, str]:
    return {
        name.removeprefix(start): field.value
        for name, field in alert.fields.items()
        if name.startswith(start)
    }
