"""Custom metrics (by bytes) beside Managed Prometheus (by samples), and where they cost the same.

Bytes are dearer from the first that is not free, so the free amount alone decides: below
the volume named here custom metrics are the cheaper ones.
"""

from dataclasses import dataclass, replace
from typing import Final

from tocsin.monitoring.cost.bill import MIB, bill_of
from tocsin.monitoring.cost.plan import Billed
from tocsin.monitoring.cost.prices import PriceList
from tocsin.monitoring.cost.volume import Volumes

_STEPS: Final = 60
_FAR: Final = 1e6


@dataclass(frozen=True)
class Comparison:
    """The same points at both prices."""

    by_bytes: float
    by_samples: float
    even_at_mib: float | None
    """the month's metrics at which both cost the same; None if they never do"""
    now_mib: float


def comparison_of(volumes: Volumes, prices: PriceList) -> Comparison:
    """What the metrics of these volumes cost either way."""
    points = volumes.points
    now_mib = prices.metric_bytes(points.scalars, points.distributions) / MIB
    even = _even(volumes, prices) if now_mib else None
    return Comparison(
        by_bytes=_metrics_cost(volumes, prices, "bytes", 1),
        by_samples=_metrics_cost(volumes, prices, "samples", 1),
        even_at_mib=None if even is None else even * now_mib,
        now_mib=now_mib,
    )


def _even(volumes: Volumes, prices: PriceList) -> float | None:
    """So many times these volumes cost the same either way."""

    def bytes_are_dearer(factor: float) -> bool:
        by_bytes = _metrics_cost(volumes, prices, "bytes", factor)
        return by_bytes > _metrics_cost(volumes, prices, "samples", factor)

    low, high = 1 / _FAR, _FAR
    if bytes_are_dearer(low) or not bytes_are_dearer(high):
        return None
    for _ in range(_STEPS):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if bytes_are_dearer(middle) else (middle, high)
    return high


def _metrics_cost(volumes: Volumes, prices: PriceList, by: Billed, factor: float) -> float:
    scaled = replace(volumes, points=volumes.points.times(factor))
    bill = bill_of(scaled, prices, by)
    return sum(line.dollars for line in bill.lines if line.driver.startswith("metrics_"))
