"""What each change would save, reckoned anew with that one change.

Each names what it would cost besides money. None is made here: the settings are the
service's own, and an alarm may stand on what would be saved.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

from tocsin.monitoring.cost.bill import planned_bill
from tocsin.monitoring.cost.plan import Plan
from tocsin.monitoring.cost.prices import PriceList
from tocsin.monitoring.cost.series import Instrument
from tocsin.monitoring.cost.volume import points_by_metric

_SLOW_CHECK_S: Final = 300.0


@dataclass(frozen=True)
class Saving:
    """One change."""

    change: str
    but: str
    dollars: float


def savings_of(plan: Plan, prices: PriceList) -> list[Saving]:
    """Every change that is thought of here, the one that saves most first."""
    now = planned_bill(plan, prices).total
    found = [
        Saving(change, but, now - planned_bill(changed, prices).total)
        for change, but, changed in _changes(plan, prices)
    ]
    return sorted(found, key=lambda one: -one.dollars)


def _changes(plan: Plan, prices: PriceList) -> Iterator[tuple[str, str, Plan]]:
    yield from _of_metrics(plan, prices)
    traces = plan.exporting.trace_ratio / 2
    if traces:
        but = "a rare fault is found half as often"
        changed = plan.with_exporting(trace_ratio=traces)
        yield f"sampling: keep {traces:.0%} of traces", but, changed
    yield from _of_lines(plan, prices)
    fast = [one for one in plan.ordered.checks if one.period_s < _SLOW_CHECK_S]
    if fast:
        checks = tuple(
            replace(one, period_s=max(one.period_s, _SLOW_CHECK_S)) for one in plan.ordered.checks
        )
        but = "an outage is noticed minutes later"
        yield "intervals: uptime checks every 5 min", but, _ordered(plan, checks=checks)


def _of_metrics(plan: Plan, prices: PriceList) -> Iterator[tuple[str, str, Plan]]:
    if plan.exporting.metrics_by == "bytes":
        but = "metrics get other names, which alarms and panels must follow"
        changed = plan.with_exporting(metrics_by="samples")
        yield "product: metrics to Managed Prometheus, by OTLP", but, changed
    longer_s = plan.exporting.every_s * 2
    yield (
        f"intervals: export every {longer_s:g} s",
        "alarms ring later, and windows under five points go blind",
        plan.with_exporting(every_s=longer_s),
    )
    used = tuple(one for one in plan.instruments if not _is_kept(one.name, plan))
    if len(used) < len(plan.instruments):
        left_out = len(plan.instruments) - len(used)
        but = "nobody can ask for them by hand"
        changed = replace(plan, instruments=used)
        yield f"bounds: without what nothing uses ({left_out} of the metrics)", but, changed
    yield from _of_labels(plan, prices)


def _is_kept(name: str, plan: Plan) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in plan.kept)


def _of_labels(plan: Plan, prices: PriceList) -> Iterator[tuple[str, str, Plan]]:
    """The heaviest metric that has labels, without the one that multiplies it most."""
    heavy = [
        (prices.metric_bytes(points.scalars, points.distributions), one)
        for one, points in points_by_metric(plan)
        if one.labels and one.name not in plan.traffic.series
    ]
    if not heavy:
        return
    _, instrument = max(heavy, key=lambda found: found[0])
    label, changed = min(
        ((name, _without(plan, instrument, name)) for name in instrument.labels),
        key=lambda found: planned_bill(found[1], prices).total,
    )
    but = "nothing tells its values apart any more"
    yield f"bounds: {instrument.name} without `{label}`", but, changed


def _without(plan: Plan, instrument: Instrument, label: str) -> Plan:
    changed = tuple(
        one.without(label) if one.name == instrument.name else one for one in plan.instruments
    )
    return replace(plan, instruments=changed)


def _of_lines(plan: Plan, prices: PriceList) -> Iterator[tuple[str, str, Plan]]:
    events = plan.traffic.events
    if events:
        name = max(
            events,
            key=lambda key: events[key].per_month * events[key].lines * events[key].line_bytes,
        )
        halved = {**events, name: replace(events[name], lines=events[name].lines / 2)}
        but = "what is looked for may be in the other half"
        changed = replace(plan, traffic=replace(plan.traffic, events=halved))
        yield f"sampling: half of the lines of `{name}`", but, changed
    longer = [one for one in plan.ordered.buckets if one.retention_days > prices.included_days]
    if longer:
        buckets = tuple(
            replace(one, retention_days=min(one.retention_days, prices.included_days))
            for one in plan.ordered.buckets
        )
        but = "an attack that is found later has left no line"
        change = f"retention: no line longer than {prices.included_days:g} days"
        yield change, but, _ordered(plan, buckets=buckets)


def _ordered(plan: Plan, **changed: object) -> Plan:
    return replace(plan, ordered=replace(plan.ordered, **changed))  # type: ignore[arg-type]
