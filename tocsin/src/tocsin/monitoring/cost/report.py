"""All that is said about a bill: reckoned of a plan, or of what a cloud counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tocsin.monitoring.cost.bill import Bill, bill_of, planned_bill
from tocsin.monitoring.cost.comparison import Comparison, comparison_of
from tocsin.monitoring.cost.measured import Usage, measured_volumes
from tocsin.monitoring.cost.plan import Plan
from tocsin.monitoring.cost.prices import PriceList
from tocsin.monitoring.cost.savings import Saving, savings_of
from tocsin.monitoring.cost.traffic import REQUEST
from tocsin.monitoring.cost.volume import points_by_metric, volumes_of

_HEAVIEST: Final = 5


@dataclass(frozen=True)
class Report:
    """What is told."""

    basis: str
    """of what it was reckoned, in a sentence"""
    bill: Bill
    at_most: Bill
    """with every series that the declarations admit"""
    metrics: tuple[tuple[str, float], ...]
    """the heaviest metrics, and their share of all metrics' bytes"""
    savings: tuple[Saving, ...]
    comparison: Comparison
    prices: PriceList
    promised: Mapping[str, tuple[str, float, float, float]]
    """by driver: where it was said, the least and the most, and what is reckoned"""


def report_of(plan: Plan, prices: PriceList, usage: Usage | None = None) -> Report:
    """The report on a plan; with ``usage`` on what was counted instead."""
    volumes = measured_volumes(usage, plan, prices) if usage else volumes_of(plan, prices)
    metrics_by = usage.metrics_by if usage else plan.exporting.metrics_by
    bill = bill_of(volumes, prices, metrics_by)
    return Report(
        basis=_basis(plan, usage),
        bill=bill,
        at_most=planned_bill(plan, prices, "at most"),
        metrics=_heaviest(plan, prices),
        savings=tuple(savings_of(plan, prices)),
        comparison=comparison_of(volumes, prices),
        prices=prices,
        promised=_promised(plan, bill),
    )


def _basis(plan: Plan, usage: Usage | None) -> str:
    if usage is not None:
        return (
            f"Reckoned of what a cloud counted in {usage.seconds:,.0f} s, with the settings of "
            "that time. Checks, alarms, drivers and savings are those of the declarations."
        )
    processes = ", ".join(f"{one.count:g} {name}" for name, one in plan.traffic.processes.items())
    requests = plan.traffic.events[REQUEST].per_month if REQUEST in plan.traffic.events else 0
    exporting = plan.exporting
    return (
        f"Reckoned of the declarations and of {requests:,.0f} requests in "
        f"{plan.traffic.hours:g} h; processes at once: {processes}; "
        f"metrics every {exporting.every_s:g} s by {exporting.metrics_by}; "
        f"{exporting.trace_ratio:.0%} of traces."
    )


def _heaviest(plan: Plan, prices: PriceList) -> tuple[tuple[str, float], ...]:
    sizes = {
        one.name: prices.metric_bytes(points.scalars, points.distributions)
        for one, points in points_by_metric(plan)
    }
    every = sum(sizes.values()) or 1.0
    first = sorted(sizes.items(), key=lambda item: -item[1])[:_HEAVIEST]
    return tuple((name, size / every) for name, size in first if size)


def _promised(plan: Plan, bill: Bill) -> dict[str, tuple[str, float, float, float]]:
    dollars = {line.driver: line.dollars for line in bill.lines}
    dollars |= {line.driver: 0.0 for line in bill.lines if line.price.begins}
    dollars["total"] = bill.total
    return {
        key: (one.said_in, one.least, one.most, dollars[key])
        for key, one in plan.traffic.promised.items()
    }
