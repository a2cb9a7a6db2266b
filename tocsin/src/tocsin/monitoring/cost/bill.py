"""Volumes at their prices: a line for each driver, and the total.

What is charged only from a day on (alarms) stands in the bill, and in a total of its own.
"""

from dataclasses import dataclass
from typing import Final

from tocsin.monitoring.cost.plan import Billed, Plan
from tocsin.monitoring.cost.prices import Price, PriceList
from tocsin.monitoring.cost.volume import Reckoned, Volumes, volumes_of

MIB: Final = 2**20
GIB: Final = 2**30
_MILLION: Final = 1e6


@dataclass(frozen=True)
class Line:
    """One driver."""

    driver: str
    price: Price
    volume: float
    """in the unit of the price"""

    @property
    def dollars(self) -> float:
        """A month of it."""
        return self.price.of(self.volume)


@dataclass(frozen=True)
class Bill:
    """All lines of a month."""

    lines: tuple[Line, ...]

    @property
    def total(self) -> float:
        """What is charged today."""
        return sum(line.dollars for line in self.lines if line.price.begins is None)

    @property
    def total_later(self) -> float:
        """What is charged once everything is that Google has announced."""
        return sum(line.dollars for line in self.lines)

    @property
    def heaviest(self) -> Line | None:
        """What drives it today; None if nothing costs anything."""
        charged = [line for line in self.lines if line.price.begins is None and line.dollars > 0]
        return max(charged, key=lambda line: line.dollars, default=None)


def bill_of(volumes: Volumes, prices: PriceList, metrics_by: Billed) -> Bill:
    """The bill for these volumes."""
    custom, sampled = _metrics(volumes, prices, metrics_by)
    amounts = {
        "metrics_by_bytes": custom / MIB,
        "metrics_by_samples": sampled / _MILLION,
        "log_storage": volumes.log_bytes / GIB,
        "log_retention": volumes.retained_byte_months / GIB,
        "spans": volumes.spans / _MILLION,
        "uptime_checks": volumes.executions / 1000,
        "alert_references": volumes.references,
        "alert_points": volumes.alert_points / _MILLION,
    }
    lines = (Line(driver, prices.prices[driver], amount) for driver, amount in amounts.items())
    return Bill(tuple(lines))


def planned_bill(plan: Plan, prices: PriceList, reckoned: Reckoned = "commonly") -> Bill:
    """The bill that a plan leads to."""
    return bill_of(volumes_of(plan, prices, reckoned), prices, plan.exporting.metrics_by)


def _metrics(volumes: Volumes, prices: PriceList, metrics_by: Billed) -> tuple[float, float]:
    """Bytes and samples; metrics of log lines are billed by bytes whatever the others are."""
    made_of_lines = prices.metric_bytes(volumes.log_metric_points, 0)
    points = volumes.points
    if metrics_by == "samples":
        sampled = prices.samples(points.scalars, points.distributions, points.filled_buckets)
        return made_of_lines, sampled
    return made_of_lines + prices.metric_bytes(points.scalars, points.distributions), 0.0
