"""What is wrong with a dashboard as a picture, before anybody looks at it in vain.

A site accepts tiles that overlap, a legend that names a label which the query drops, and an
alert's number over another quantity (D55), and draws them. What a query asks for (names, labels,
rates of gauges, units) is ``tocsin check``'s, for panels and alarms alike.

>>> from tocsin.monitoring.dashboards.declared import Query
>>> [fault.says for fault in _of_query(Query("sum(up", "x", "shop.yaml:3"))]
['no PromQL: unclosed left parenthesis']
>>> [fault.says for fault in _of_query(Query("sum by (job) (up)", "${host}", "shop.yaml:3"))]
["the legend names 'host', which the query does not keep"]
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tocsin.monitoring.checks.grouping import reaches
from tocsin.monitoring.dashboards.alert_notes import AlertNote
from tocsin.monitoring.dashboards.declared import COLUMNS, Dashboard, Panel, Query
from tocsin.monitoring.dashboards.layout import faults as geometry_faults
from tocsin.monitoring.dashboards.layout import laid_out
from tocsin.monitoring.dashboards.units import Measure, measured
from tocsin.monitoring.promql.reading import parsed
from tocsin.monitoring.promql.tree import selectors

_IN_LEGEND: Final = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Fault:
    """One thing to mend, and where."""

    place: str
    says: str

    def __str__(self) -> str:
        return f"{self.place}: {self.says}"


def faults_of(dashboard: Dashboard, alerts: Mapping[str, AlertNote]) -> list[Fault]:
    """Every fault of a resolved dashboard."""
    tiles = [tile for _, tile in laid_out(dashboard)]
    found = [Fault(str(dashboard.file), text) for text in geometry_faults(tiles, columns=COLUMNS)]
    for panel in dashboard.panels:
        of_queries = [fault for query in panel.queries for fault in _of_query(query)]
        found += of_queries or _of_alerts(panel, alerts)
    return found


def _of_query(query: Query) -> Iterator[Fault]:
    try:
        tree = parsed(query.expr)
    except ValueError as error:
        yield Fault(query.place, f"no PromQL: {error}")
        return
    for label in _IN_LEGEND.findall(query.legend):
        if not any(reaches(label, above) for _, above in selectors(tree)):
            yield Fault(query.place, f"the legend names {label!r}, which the query does not keep")


def _of_alerts(panel: Panel, alerts: Mapping[str, AlertNote]) -> Iterator[Fault]:
    shown = [measured(query.expr) for query in panel.queries]
    for name in panel.alerts:
        compared = alerts[name].compared
        if not compared:
            yield Fault(panel.place, f"{name} compares with no number: name it under `see`")
        for one in compared:
            watched = measured(one.left)
            if not any(_same(watched, measure) for measure in shown):
                yield Fault(
                    panel.place,
                    f"{name} watches {watched}, which no query here shows: its number would be "
                    "drawn over something else (D55)",
                )


def _same(one: Measure, other: Measure) -> bool:
    return dict(one.powers) == dict(other.powers) and one.window == other.window
