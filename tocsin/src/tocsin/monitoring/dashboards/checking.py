"""All that is wrong with a dashboard, before anybody looks at it in vain.

It refuses what a cloud accepts and then draws as an empty or a false picture: names that
nobody exports, a rate of a gauge (D42), a percentile of means (D43), environments mixed (D54),
a unit that is not the query's, an alert's number over another quantity (D55).

>>> from pathlib import Path
>>> from tocsin.monitoring.dashboards.declared import Query
>>> [fault.says for fault in _of_shape(Query("sum(up", "x", "shop.yaml:3"))]
['no PromQL: unclosed left parenthesis']
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tocsin.monitoring.dashboards.alert_notes import AlertNote
from tocsin.monitoring.dashboards.asked import Asked, Series, asked
from tocsin.monitoring.dashboards.declared import COLUMNS, Dashboard, Panel, Query
from tocsin.monitoring.dashboards.layout import faults as geometry_faults
from tocsin.monitoring.dashboards.layout import laid_out
from tocsin.monitoring.dashboards.units import UNITS, Measure, measured

ENVIRONMENT: Final = "namespace"
_RISES: Final = frozenset({"rate", "increase", "irate", "resets"})
_FALLS_TOO: Final = frozenset({"delta", "deriv", "idelta"})
_LOOKS_BACK: Final = frozenset({"last_over_time", "present_over_time", "absent"})
_IN_LEGEND: Final = re.compile(r"\$\{(\w+)\}")


class KnownMetrics(Protocol):
    """What the service exports."""

    def metric(self, promql_name: str) -> Any:
        """The metric of a sample's name, or ``None``."""


@dataclass(frozen=True)
class Fault:
    """One thing to mend, and where."""

    place: str
    says: str

    def __str__(self) -> str:
        return f"{self.place}: {self.says}"


def faults_of(
    dashboard: Dashboard,
    *,
    known: KnownMetrics,
    alerts: Mapping[str, AlertNote],
    everywhere: Iterable[str] = (),
) -> list[Fault]:
    """Every fault of a resolved dashboard; ``everywhere`` are the labels that all series have."""
    tiles = [tile for _, tile in laid_out(dashboard)]
    found = [Fault(str(dashboard.file), text) for text in geometry_faults(tiles, columns=COLUMNS)]
    for panel in dashboard.panels:
        found += _of_alerts(panel, alerts)
        for query in panel.queries:
            shape = list(_of_shape(query))
            found += shape or _of_query(query, panel, known, frozenset(everywhere))
    return found


def _of_shape(query: Query) -> Iterator[Fault]:
    try:
        asked(query.expr)
    except ValueError as error:
        yield Fault(query.place, f"no PromQL: {error}")


def _of_query(
    query: Query, panel: Panel, known: KnownMetrics, everywhere: frozenset[str]
) -> list[Fault]:
    question = asked(query.expr)
    says: list[str] = []
    for series in question.series:
        says += _of_series(series, known, everywhere)
    says += _of_groupings(question, known, everywhere)
    says += _of_legend(query, question)
    measure = measured(query.expr)
    if not UNITS[panel.unit].fits(measure):
        says.append(f"the panel says {panel.unit!r}, its query gives {measure}")
    return [Fault(query.place, text) for text in says]


def _of_series(series: Series, known: KnownMetrics, everywhere: frozenset[str]) -> Iterator[str]:
    metric = known.metric(series.name)
    if metric is None:
        yield f"nobody exports {series.name!r}"
        return
    for label, operator, value in series.matchers:
        if label not in everywhere and label not in _labels(metric):
            yield f"{series.name} has no label {label!r}"
        elif not _is_possible(metric, label, operator, value):
            yield f"no series of {series.name} has {label}{operator}{value!r}"
    yield from _of_functions(series, metric)


def _of_functions(series: Series, metric: Any) -> Iterator[str]:
    called = set(series.inside)
    if metric.kind == "gauge" and (wrong := called & _RISES):
        yield f"{min(wrong)}() of the gauge {series.name}: only counters rise (D42)"
    if metric.kind != "gauge" and (wrong := called & _FALLS_TOO):
        yield f"{min(wrong)}() of the counter {series.name}: use rate() or increase() (D42)"
    if metric.kind != "gauge" and not called & (_RISES | _LOOKS_BACK):
        yield f"{series.name} counts since its process began: take rate() or increase() of it"
    if "histogram_quantile" in called and not series.name.endswith("_bucket"):
        yield f"a percentile of {series.name}: percentiles come from buckets only (D43)"
    if called & {"quantile"}:
        yield f"quantile() over series of {series.name} is no percentile of requests (D43)"


def _of_groupings(
    question: Asked, known: KnownMetrics, everywhere: frozenset[str]
) -> Iterator[str]:
    metrics = [found for one in question.series if (found := known.metric(one.name))]
    ours = [one for one in metrics if getattr(one, "origin", "service") == "service"]
    labels = {label for one in metrics for label in _labels(one)} | everywhere
    for grouping in question.groupings:
        if ours and ENVIRONMENT not in grouping:
            yield f"an aggregation without {ENVIRONMENT!r} mixes environments (D54)"
        for label in grouping:
            if metrics and label not in labels:
                yield f"nothing here has the label {label!r} to group by"
    for one in question.series:
        if "histogram_quantile" in one.inside and not any("le" in by for by in question.groupings):
            yield f"a percentile of {one.name} needs `le` among what it is grouped by (D43)"


def _of_legend(query: Query, question: Asked) -> Iterator[str]:
    for label in _IN_LEGEND.findall(query.legend):
        if not any(label in grouping for grouping in question.groupings):
            yield f"the legend names {label!r}, which the query does not keep"


def _of_alerts(panel: Panel, alerts: Mapping[str, AlertNote]) -> list[Fault]:
    found: list[Fault] = []
    for name in panel.alerts:
        compared = alerts[name].compared
        if compared is None:
            found.append(Fault(panel.place, f"{name} compares with no number: name it under `see`"))
        elif not _fits_some(panel, measured(compared.left)):
            found.append(
                Fault(
                    panel.place,
                    f"{name} watches {measured(compared.left)}, which no query here shows: its "
                    "number would be drawn over something else (D55)",
                )
            )
    return found


def _fits_some(panel: Panel, measure: Measure) -> bool:
    return any(_same(_measured(query), measure) for query in panel.queries)


def _same(one: Measure | None, other: Measure) -> bool:
    return (
        one is not None and dict(one.powers) == dict(other.powers) and (one.window == other.window)
    )


def _measured(query: Query) -> Measure | None:
    try:
        return measured(query.expr)
    except ValueError:
        return None


def _labels(metric: Any) -> set[str]:
    return {*metric.labels, *(("le",) if metric.kind == "histogram" else ())}


_HOLDS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "=": lambda wanted, value: wanted == value,
    "!=": lambda wanted, value: wanted != value,
    "=~": lambda wanted, value: re.fullmatch(wanted, value) is not None,
    "!~": lambda wanted, value: re.fullmatch(wanted, value) is None,
}


def _is_possible(metric: Any, label: str, operator: str, wanted: str) -> bool:
    """Whether some value of the label passes; of an open label every value may."""
    declared = metric.labels.get(label)
    values = getattr(declared, "values", None)
    return values is None or any(_HOLDS[operator](wanted, value) for value in values)
