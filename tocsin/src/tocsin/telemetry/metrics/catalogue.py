"""What is declared: the shape of every instrument, for docs, checks and other processes.

>>> Shape("shop_orders_total", "counter", label_names=("status",)).width
1
"""

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, get_args

from tocsin.errors import DeclarationError
from tocsin.telemetry.metrics.labels import Label

Kind = Literal["counter", "gauge", "histogram"]
AcrossWorkers = Literal[
    "livesum", "livemax", "livemin", "livemostrecent", "sum", "max", "min", "mostrecent"
]
"""How a gauge of several worker processes becomes one number.

The words are those of prometheus_client. Those in ``live…`` forget a process when it dies;
the others keep its last word, so use them only where that is still true: ``mostrecent`` for
a figure about the whole service that any of its processes may read off (a queue's depth).
"""
MODES: Final = get_args(AcrossWorkers)

SERIES_AT_MOST: Final = 1000
"""Series of one instrument in one process, unless its declaration says otherwise."""


@dataclass(frozen=True, slots=True)
class Shape:
    """All that one must know to read an instrument's numbers; travels between processes."""

    name: str
    """The full, exported name."""
    kind: Kind
    help: str = ""
    label_names: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    across_workers: str = ""
    max_series: int = SERIES_AT_MOST

    @property
    def width(self) -> int:
        """Numbers per series.

        A counter has its total; a gauge its value and when it was last set (Unix time in
        seconds, 0 for never); a histogram the sum and then one count per bucket, the last
        one open.
        """
        return {"counter": 1, "gauge": 2, "histogram": len(self.buckets) + 2}[self.kind]

    @property
    def adds_up(self) -> bool:
        """Whether its numbers are counts of events, whose sum over processes is the truth."""
        return self.kind != "gauge" or self.across_workers in ("sum", "livesum")

    @property
    def dies_with_process(self) -> bool:
        """Whether its numbers mean nothing once the process that wrote them is gone."""
        return self.kind == "gauge" and self.across_workers.startswith("live")

    def events_in(self, cells: list[float]) -> float:
        """How many events a series' numbers stand for; a gauge's for none."""
        if self.kind == "gauge":
            return 0.0
        return cells[0] if self.kind == "counter" else sum(cells[1:])

    def as_json(self) -> dict[str, Any]:
        """Plain data for a file; :meth:`from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Shape":
        """Read what :meth:`as_json` wrote."""
        lists = {name: tuple(data[name]) for name in ("label_names", "buckets")}
        return cls(**(data | lists))


@dataclass(frozen=True, slots=True)
class InstrumentSpec:
    """One declared instrument, with its labels and their bounds."""

    shape: Shape
    labels: tuple[Label, ...] = field(default=())

    @property
    def name(self) -> str:
        """The full, exported name."""
        return self.shape.name

    @property
    def kind(self) -> Kind:
        """``counter``, ``gauge`` or ``histogram``."""
        return self.shape.kind

    @property
    def help(self) -> str:
        """What it measures, in a sentence."""
        return self.shape.help

    @property
    def max_series(self) -> int:
        """The most series that one process ever exports of it at one time."""
        return self.shape.max_series

    @property
    def room(self) -> int:
        """Series that are admitted as they are, before all open labels fold."""
        if self.max_series >= all_series(self.labels):
            return self.max_series
        return self.max_series - folded_series(self.labels)


def folded_series(labels: tuple[Label, ...]) -> int:
    """How many series are left once every open label is folded."""
    return math.prod(label.folded_size for label in labels)


def all_series(labels: tuple[Label, ...]) -> int:
    """How many series there are if every combination of values occurs."""
    return math.prod(label.size for label in labels)


def stated_bound(metric: str, labels: tuple[Label, ...], max_series: int | None) -> int:
    """The bound that holds for the instrument as a whole.

    Raises:
        DeclarationError: the wished-for bound leaves no room.
    """
    every = all_series(labels)
    if not any(label.is_open or label.folded_size < label.size for label in labels):
        bound = every
    else:
        bound = min(every, max_series or max(SERIES_AT_MOST, 2 * folded_series(labels)))
    if max_series is not None and bound > max_series:
        raise DeclarationError(
            f"metric {metric}: its closed labels alone make {every} series and max_series is "
            f"{max_series}: raise it, or drop a label"
        )
    if bound < every and bound <= folded_series(labels):
        raise DeclarationError(
            f"metric {metric}: max_series={max_series} leaves no room beside the "
            f"{folded_series(labels)} folded series: raise it, or drop a label"
        )
    return bound
