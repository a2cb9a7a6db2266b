"""What a panel needs to know of an alert: its numbers, its severity, its runbook.

>>> note = AlertNote.of("up < 1", {"severity": "critical"}, {"runbook": "docs/runbooks/down.md"})
>>> note.compared[0].number, note.severity, note.runbook
(1.0, 'critical', 'docs/runbooks/down.md')
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.dashboards.alert_lines import Compared, alert_lines
from tocsin.monitoring.dashboards.declared import Dashboard, Panel, Query

_LEFT_OF: Final = re.compile(r"\$alert\.(\w+)(?:\[(\d+)\])?")


@dataclass(frozen=True)
class AlertNote:
    """One alert, as far as a dashboard shows it; ``compared`` is one for each side of an `or`."""

    compared: tuple[Compared, ...]
    severity: str
    runbook: str

    @classmethod
    def of(
        cls, expr: str, labels: Mapping[str, Any], annotations: Mapping[str, Any]
    ) -> "AlertNote":
        """What the rule says of itself."""
        return cls(
            alert_lines(expr), str(labels.get("severity", "")), str(annotations.get("runbook", ""))
        )

    @property
    def numbers(self) -> tuple[float, ...]:
        """The numbers to draw, each once."""
        return tuple(dict.fromkeys(one.number for one in self.compared))


def notes_of(rules: Iterable[Any]) -> dict[str, AlertNote]:
    """The notes of a rule book, by alert.

    Raises:
        DeclarationError: a rule is no PromQL.
    """
    return {rule.alert: _note(rule) for rule in rules}


def drawn(panel: Panel, alerts: Mapping[str, AlertNote]) -> Iterator[tuple[str, float]]:
    """The lines that a panel has from its alerts: whose, and at which number."""
    return ((name, number) for name in panel.alerts for number in alerts[name].numbers)


def alert_words(panel: Panel, alerts: Mapping[str, AlertNote]) -> str:
    """The alerts of a panel and their runbooks, as the end of a sentence."""
    words = []
    for name in (*panel.alerts, *panel.see):
        note = alerts[name]
        words.append(f"{name} ({note.severity})" + (f", `{note.runbook}`" if note.runbook else ""))
    return f" Alert: {'; '.join(words)}." if words else ""


def resolved(dashboard: Dashboard, alerts: Mapping[str, AlertNote]) -> Dashboard:
    """The dashboard with each ``$alert.NAME`` as what that alert compares.

    ``$alert.NAME[2]`` is what stands on the second side of its ``or``.

    Raises:
        DeclarationError: there is no such alert, or it compares with no number.
    """
    rows = [
        replace(row, panels=tuple(_resolved(panel, alerts) for panel in row.panels))
        for row in dashboard.rows
    ]
    return replace(dashboard, rows=tuple(rows))


def _note(rule: Any) -> AlertNote:
    try:
        return AlertNote.of(rule.expr, rule.labels, rule.annotations)
    except ValueError as error:
        raise DeclarationError(f"{rule.file}:{rule.expr_line}: no PromQL: {error}") from error


def _resolved(panel: Panel, alerts: Mapping[str, AlertNote]) -> Panel:
    if unknown := [name for name in (*panel.alerts, *panel.see) if name not in alerts]:
        raise DeclarationError(f"{panel.place}: there is no alert {unknown[0]!r}")
    queries = [replace(query, expr=_filled(query, alerts)) for query in panel.queries]
    return replace(panel, queries=tuple(queries))


def _filled(query: Query, alerts: Mapping[str, AlertNote]) -> str:
    def left(found: re.Match[str]) -> str:
        note, nth = alerts.get(found[1]), int(found[2] or 1)
        if note is None or not 1 <= nth <= len(note.compared):
            raise DeclarationError(
                f"{query.place}: {found[0]} names no alert that compares with a number"
            )
        return note.compared[nth - 1].left

    return _LEFT_OF.sub(left, query.expr)
