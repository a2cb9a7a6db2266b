"""Every metric: what it counts, in what, with which labels and bounds, and who uses it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from reference_pages.markdown import code, page, table
from tocsin.monitoring.catalogue import Catalogue, Metric
from tocsin.monitoring.dashboards.service_boards import boards_of
from tocsin.monitoring.dashboards.units import of_name
from tocsin.monitoring.promql.reading import parsed
from tocsin.monitoring.promql.tree import selectors
from tocsin.monitoring.service import Service

ABOUT = """\
Declared in [app/core/metrics.py](../../app/core/metrics.py) and in the toolkit's classes that it
uses. In PromQL each is called `custom_googleapis_com:NAME`, by OTLP `NAME`
([one switch](../MONITORING_SYSTEM.md#one-switch-to-otlp)). A histogram has `_bucket`, `_sum` and
`_count`.

**Series** is the most that one process ever exports of it at one time. A label of open values
(clients, accounts, routes) has room for so many; the rest is counted together as `other`, so no
caller can make series. `ip_address` and `email` are keyed pseudonyms of 12 hex digits (N3).
"""


def metrics_page(service: Service) -> str:
    """All of ours, then those of others that alarms ask for."""
    specs = {
        service.prefix + spec.name: spec for spec in service.named(service.metrics).catalogue()
    }
    known = service.catalogue()
    used = uses(service, known)
    ours = [one for one in known if one.origin == "service"]
    rows = [_row(one, service, used[one.name], specs[one.name]) for one in ours]
    total = f"{len(ours)} metrics; at most {sum(one.max_series for one in specs.values()):,} series"
    names = ("name", "kind", "unit", "means", "labels", "series", "used by")
    body = [f"{total} in one process.", "", *table(names, rows), "", *_buckets(ours, service)]
    return page("Metrics", ABOUT, source="the metrics object", body=[*body, *_others(known, used)])


def uses(service: Service, known: Catalogue) -> Mapping[str, list[str]]:
    """By metric the alarms and the dashboards' panels that ask for it."""
    found: dict[str, list[str]] = defaultdict(list)
    asked = [(rule.alert, rule.expr) for rule in service.rules()]
    for board in boards_of(service):
        asked += [
            (f"{board.name}: {panel.title}", query.expr)
            for panel in board.panels
            for query in panel.queries
        ]
    for who, expr in asked:
        for selector, _ in selectors(parsed(expr)):
            metric = known.metric(selector.name)
            if metric is not None and who not in found[metric.name]:
                found[metric.name].append(who)
    return found


def _row(metric: Metric, service: Service, used: list[str], spec: Any) -> tuple[object, ...]:
    plain = metric.name.removeprefix(service.prefix)
    reason = service.kept.get(plain)
    who = "<br>".join(used) or (f"nobody: {reason}" if reason else "nobody")
    unit = of_name(plain if metric.kind != "histogram" else plain + "_sum")
    labels = "<br>".join(_label(one) for one in spec.labels) or "none"
    return code(plain), metric.kind, unit, metric.help, labels, f"{spec.max_series:,}", who


def _label(label: Any) -> str:
    told = {
        "closed": ", ".join(label.values),
        "bounded": f"{label.limit} at most, then `{label.other}`",
        "pseudonym": f"the {label.limit} heaviest, by pseudonym; then `{label.other}`",
        "status": "each status of HTTP; what is none, by its class",
    }
    return f"{code(label.name)}: {told[label.kind]}"


def _buckets(metrics: list[Metric], service: Service) -> Iterator[str]:
    yield from ("## Bounds of histograms", "")
    rows = [
        (code(one.name.removeprefix(service.prefix)), ", ".join(f"{n:g}" for n in one.buckets))
        for one in metrics
        if one.kind == "histogram"
    ]
    yield from table(("name", "upper bounds, in the unit of the name"), rows)
    yield ""


def _others(known: Catalogue, used: Mapping[str, list[str]]) -> Iterator[str]:
    yield from ("## Google's own", "", "They cost nothing and are there without us (R246).", "")
    rows = [
        (code(one.name), one.kind, one.help, "<br>".join(used[one.name]))
        for one in known
        if one.origin == "google"
    ]
    yield from table(("name", "kind", "means", "used by"), rows)
