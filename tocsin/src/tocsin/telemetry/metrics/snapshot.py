"""The numbers of one process, or of many, at one moment; and how many become one.

Counts and histograms add up. A gauge says in its declaration how it is merged. The rules
are here once, for the page that Prometheus reads and for the archive of dead workers.

>>> orders = Shape("shop_orders_total", "counter")
>>> one, two = Snapshot(), Snapshot()
>>> for snapshot, count in ((one, 2.0), (two, 3.0)):
...     fits = snapshot.declare(orders)
...     snapshot.series[orders.name][()] = [count]
>>> one.merge(two, alive=True)
>>> one.series
{'shop_orders_total': {(): [5.0]}}
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tocsin.telemetry.metrics.catalogue import Shape

LabelValues = tuple[str, ...]


@dataclass(slots=True)
class Snapshot:
    """Instruments by full name, and their series by label values."""

    shapes: dict[str, Shape] = field(default_factory=dict)
    series: dict[str, dict[LabelValues, list[float]]] = field(default_factory=dict)

    def declare(self, shape: Shape) -> bool:
        """Take an instrument in; whether numbers of that shape fit those that are here.

        They do not where another version of the service counted into other buckets.
        """
        known = self.shapes.setdefault(shape.name, shape)
        self.series.setdefault(shape.name, {})
        return (known.kind, known.label_names, known.buckets) == (
            shape.kind,
            shape.label_names,
            shape.buckets,
        )

    def merge(self, other: "Snapshot", *, alive: bool) -> None:
        """Take the numbers of another process in; ``alive`` says whether it still runs.

        Take in the youngest first: what does not fit those that are here is let go.
        """
        for shape in other.shapes.values():
            self.declare(shape)
        for shape, labels, cells in other.rows():
            if not self.declare(shape) or (shape.dies_with_process and not alive):
                continue
            mine = self.series[shape.name].get(labels)
            if mine is None:
                self.series[shape.name][labels] = list(cells)
            elif shape.kind == "gauge":
                _merge_gauge(shape.across_workers.removeprefix("live"), mine, cells)
            else:
                for index, value in enumerate(cells):
                    mine[index] += value

    def rows(self) -> Iterator[tuple[Shape, LabelValues, list[float]]]:
        """Every series with its instrument."""
        for name, shape in self.shapes.items():
            for labels, cells in self.series[name].items():
                yield shape, labels, cells

    def within_bounds(self) -> tuple["Snapshot", dict[str, float]]:
        """This, with at most ``max_series`` of each instrument: those taken in first.

        Also returns, by name, how many events went with those that were left out.
        """
        kept, left_out = Snapshot(), dict[str, float]()
        for shape, labels, cells in self.rows():
            kept.declare(shape)
            if len(kept.series[shape.name]) < shape.max_series:
                kept.series[shape.name][labels] = cells
            else:
                events = left_out.get(shape.name, 0.0) + shape.events_in(cells)
                left_out[shape.name] = events
        return kept, left_out

    def as_json(self) -> list[dict[str, Any]]:
        """Plain data for a file; :meth:`from_json` reads it back, to the last bit."""
        return [
            {"shape": shape.as_json(), "series": list(self.series[name].items())}
            for name, shape in self.shapes.items()
        ]

    @classmethod
    def from_json(cls, data: list[dict[str, Any]]) -> "Snapshot":
        """Read what :meth:`as_json` wrote."""
        snapshot = cls()
        for item in data:
            shape = Shape.from_json(item["shape"])
            snapshot.declare(shape)
            snapshot.series[shape.name] = {tuple(key): cells for key, cells in item["series"]}
        return snapshot


def _merge_gauge(how: str, mine: list[float], theirs: list[float]) -> None:
    """Merge ``[value, last set]`` into ``mine``; a gauge that was never set has no say."""
    if how == "sum":
        mine[0] += theirs[0]
    elif theirs[1] and (not mine[1] or _prevails(how, theirs, mine)):
        mine[:] = theirs


def _prevails(how: str, one: list[float], two: list[float]) -> bool:
    if how == "mostrecent":
        return one[1] >= two[1]
    return one[0] > two[0] if how == "max" else one[0] < two[0]
