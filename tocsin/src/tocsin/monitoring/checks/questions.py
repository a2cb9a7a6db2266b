"""Every expression that is asked, and who asks it: an alarm, a panel or a page.

>>> asked = question("panel", "Shop: Orders", "sum(", Source.whole(Path("a.yaml"), "sum("))
>>> asked.tree is None, bool(asked.problem)
(True, True)
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tocsin.monitoring.promql.reading import parsed, span
from tocsin.monitoring.promql.tree import Node
from tocsin.monitoring.sources import Alert, Place, Source, read

_FENCED: Final = re.compile(r"^```promql\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Question:
    """An expression, whoever asks it: ``kind`` is alert, panel or runbook."""

    kind: str
    asker: str
    text: str
    source: Source
    tree: Node | None
    problem: str = ""
    alert: Alert | None = None
    panel: Any = None

    def place(self, token: str, at: int | None = None) -> Place:
        """Where a piece of the expression stands in its file; ``at`` is its place in the text."""
        before = self.text[:at] if at is not None else ""
        return self.source.place(token, before.count(token) if token else 0)

    def in_braces(self, one: Node, token: str, after: str = "") -> Place:
        """A piece of a selector's braces; ``after`` is the label whose value it is."""
        text = span(self.text, one)
        start = text.find(after) + len(after) if after else len(one.name)
        found = text.find(token, start)
        return self.place(token, one.at + found if found >= 0 else one.at)


def question(kind: str, asker: str, text: str, source: Source, **more: Any) -> Question:
    """An expression with its tree, or with the reason why it has none."""
    try:
        return Question(kind, asker, text, source, parsed(text), **more)
    except ValueError as error:
        return Question(kind, asker, text, source, None, problem=str(error), **more)


def of_alerts(alerts: Iterable[Alert]) -> Iterator[Question]:
    """What alarms ask."""
    for one in alerts:
        expr = one.fields["expr"]
        yield question("alert", one.name, expr.value, expr.source, alert=one)


def of_dashboards(dashboards: Iterable[Any]) -> Iterator[Question]:
    """What panels ask."""
    for board in dashboards:
        text = read(board.file)
        for panel in board.panels:
            for query in panel.queries:
                line = int(query.place.rpartition(":")[2])
                source = Source.from_line(board.file, text, line)
                asker = f"{board.title}: {panel.title}"
                yield question("panel", asker, query.expr, source, panel=panel)


def of_runbooks(runbooks: Mapping[Path, str]) -> Iterator[Question]:
    """What pages give to be asked."""
    for file, text in runbooks.items():
        for found in _FENCED.finditer(text):
            yield question("runbook", file.name, found[1], Source(file, text, *found.span(1)))
