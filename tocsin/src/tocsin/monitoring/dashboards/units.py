"""Units of panels, and the unit that a query's result really has.

A name's ending says what a metric counts in; ``rate`` divides by time. So a panel that says
«seconds» over a rate of requests is found, and an alert's number is drawn only over
what it is compared with: per second never beside per five minutes.

>>> str(measured("histogram_quantile(0.95, sum by (le) (rate(shop_wait_seconds_bucket[5m])))"))
'seconds'
>>> str(measured("sum(rate(shop_orders_total[5m]))"))
'items / time'
>>> UNITS["seconds"].fits(measured("rate(shop_wait_ms_sum[5m]) / rate(shop_wait_ms_count[5m])"))
False
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tocsin.monitoring.durations import spelled
from tocsin.monitoring.promql.reading import parsed
from tocsin.monitoring.promql.tree import Node, selectors, walk

_OF_NAME: Final = (
    ("_seconds", "seconds"),
    ("_ms", "milliseconds"),
    ("_bytes", "bytes"),
    ("_ratio", ""),
    ("_check_passed", ""),  # Google's uptime check: 0 or 1, its mean is a share
)
_PARTS: Final = re.compile(r"_(?:bucket|sum|count|total)$")
_COUNTED: Final = re.compile(r"_(?:bucket|count)$")
_BY_TIME: Final = frozenset({"rate", "irate", "deriv"})


@dataclass(frozen=True)
class Measure:
    """Powers of what is measured; ``window`` is the span of an ``increase``."""

    powers: Mapping[str, int] = field(default_factory=dict)
    window: str = ""

    def times(self, other: "Measure", sign: int = 1) -> "Measure":
        """The product, or with ``sign=-1`` the quotient."""
        both = {*self.powers, *other.powers}
        powers = {one: self.powers.get(one, 0) + sign * other.powers.get(one, 0) for one in both}
        left = {one: power for one, power in powers.items() if power}
        same = self.window if not other.window else ""
        return Measure(left, same if left else "")

    def __str__(self) -> str:
        above = [one for one, power in sorted(self.powers.items()) if power > 0]
        below = [one for one, power in sorted(self.powers.items()) if power < 0]
        text = " ".join(above) or ("1" if below else "a ratio")
        text += "".join(f" / {one}" for one in below)
        return f"{text} within {self.window}" if self.window else text


@dataclass(frozen=True)
class Unit:
    """How the two sites spell a unit, and what it measures."""

    google: str
    """In UCUM, https://ucum.org, as ``unitOverride`` wants it."""
    grafana: str
    measures: tuple[Mapping[str, int], ...]

    def fits(self, measure: Measure) -> bool:
        """Whether a result of this measure is in this unit."""
        return dict(measure.powers) in [dict(one) for one in self.measures]


UNITS: Final[Mapping[str, Unit]] = {
    "per second": Unit("1/s", "reqps", ({"items": 1, "time": -1},)),
    "items": Unit("1", "short", ({"items": 1},)),
    "ratio": Unit("10^2.%", "percentunit", ({}, {"seconds": 1, "time": -1})),
    "times": Unit("1", "none", ({},)),
    "seconds": Unit("s", "s", ({"seconds": 1}, {"seconds": 1, "items": -1})),
    "milliseconds": Unit("ms", "ms", ({"milliseconds": 1}, {"milliseconds": 1, "items": -1})),
    "bytes": Unit("By", "bytes", ({"bytes": 1}, {"bytes": 1, "items": -1})),
}


def measured(expr: str) -> Measure:
    """The measure of what ``expr`` gives.

    Raises:
        ValueError: it is no PromQL.
    """
    return _of(parsed(expr))


def of_name(name: str) -> Measure:
    """The measure that a sample's name tells.

    >>> str(of_name("shop_wait_seconds_count")), str(of_name("shop_wait_seconds_sum"))
    ('items', 'seconds')
    """
    if not _COUNTED.search(name):
        plain = _PARTS.sub("", name)
        for ending, unit in _OF_NAME:
            if plain.endswith(ending):
                return Measure({unit: 1} if unit else {})
    return Measure({"items": 1})


def _of(node: Node) -> Measure:
    if node.kind == "selector":
        return of_name(node.name)
    if node.kind == "call":
        return _of_call(node)
    if node.kind == "binary":
        return _of_pair(node)
    if node.kind == "aggregation" and node.name == "count":
        return Measure({"items": 1})
    if node.kind in ("aggregation", "subquery"):  # a parameter, as topk's, stands first
        return _of(node.children[-1])
    return Measure()


def _of_call(node: Node) -> Measure:
    if node.name == "time":
        return Measure({"seconds": 1})
    if node.name == "histogram_quantile":
        buckets = (one.name for one, _ in selectors(node) if one.name.endswith("_bucket"))
        return of_name(next(buckets, "").removesuffix("_bucket"))
    inner = next((_of(one) for one in node.children if one.kind != "number"), Measure())
    if node.name in _BY_TIME:
        return inner.times(Measure({"time": 1}), -1)
    if node.name == "increase":
        span_s = next((one.range_s for one, _ in walk(node) if one.range_s), 0.0)
        return Measure(inner.powers, spelled(span_s))
    return inner


def _of_pair(node: Node) -> Measure:
    left, right = _of(node.left), _of(node.right)
    if node.name == "*":
        return left.times(right)
    if node.name == "/":
        return left.times(right, -1)
    if node.left.kind == "number":
        return right
    # What was never seen before is counted in full beside an increase: it is one too.
    return right if node.name == "or" and right.window else left
