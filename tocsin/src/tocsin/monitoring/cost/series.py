"""How many series of each metric one process exports: commonly, and at the very most.

A metric whose labels are all closed exports every combination from its start, but for the
values that strangers fold into. Of one with an open label only those combinations exist that
the traffic names as ``seen``; a closed label beside them counts with all its values. At the
most there are as many as its declaration admits.

>>> told = {"status": ("ok", "failed", "other")}
>>> orders = Instrument("shop_orders_total", is_distribution=False, labels=told, at_most=3)
>>> commonly(orders, ())
2
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import product
from math import inf, prod
from typing import Any, Final

from tocsin.monitoring.cost.traffic import Seen

_FOLDED: Final = frozenset({"other", "_OTHER", "unknown"})
"""What the toolkit's labels call a value that it folds."""
_STARTED_AT_MOST: Final = 100
"""A closed metric with more combinations exports those that occur, as if it were open."""


@dataclass(frozen=True)
class Instrument:
    """A metric by what decides about its series; an open label has no values."""

    name: str
    is_distribution: bool
    labels: Mapping[str, tuple[str, ...] | None]
    at_most: int
    buckets: int = 0

    def without(self, label: str) -> "Instrument":
        """The same, had it never had this label."""
        left = {name: values for name, values in self.labels.items() if name != label}
        return replace(self, labels=left)


def instruments_of(client: Any) -> list[Instrument]:
    """What a metrics object declares."""
    return [
        Instrument(
            name=spec.name,
            is_distribution=spec.kind == "histogram",
            labels={one.name: one.domain for one in spec.labels},
            at_most=spec.max_series,
            buckets=len(spec.shape.buckets) + 1,
        )
        for spec in client.catalogue()
    ]


def commonly(instrument: Instrument, rows: Iterable[Seen]) -> int:
    """Series of one process in which these values occur."""
    found = {key for row in rows for key in _occurring(instrument, row)}
    if not found and _is_started(instrument):
        return prod(len(_own(values)) for values in instrument.labels.values())
    return min(len(found), instrument.at_most)


def _is_started(instrument: Instrument) -> bool:
    sizes = [len(values) if values is not None else inf for values in instrument.labels.values()]
    return prod(sizes) <= _STARTED_AT_MOST


def _occurring(instrument: Instrument, row: Seen) -> Iterator[tuple[str, ...]]:
    """The combinations that a row brings about; none if it is silent on an open label."""
    told = [row.values.get(name, _own(values)) for name, values in instrument.labels.items()]
    if not set(row.values) & set(instrument.labels) or not _holds(instrument, row):
        return
    yield from product(*told)


def _holds(instrument: Instrument, row: Seen) -> bool:
    return any(fnmatchcase(instrument.name, pattern) for pattern in row.of)


def _own(values: tuple[str, ...] | None) -> tuple[str, ...]:
    """Its values but those that stand for others; of an open label nobody knows any."""
    return tuple(value for value in values or () if value not in _FOLDED)
