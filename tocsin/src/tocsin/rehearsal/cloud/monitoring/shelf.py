"""Where points are kept: series by what names them, bounded, the drop counted.

A series is named by project, metric (type and labels) and resource (type and labels). When
there are too many, the series longest without a point goes; when a series grows too long,
its oldest points go. What a counter counted is not lost with its points: the shelf keeps
the sum of every reset beside them.

>>> shelf = Shelf(series_at_most=10, points_at_most=2)
>>> name = SeriesName("p", "custom.googleapis.com/x", (), "global", (("project_id", "p"),))
>>> for second in range(1, 4):
...     shelf.add(name, "CUMULATIVE", "INT64", StoredPoint(1, second * 10**9, second))
>>> [point.value for point in shelf.copy(name).points], shelf.points_dropped, shelf.counted(name)
([2, 3], 1, 3)
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final, NamedTuple, TypeAlias

from google.api.distribution_pb2 import Distribution

Labels = tuple[tuple[str, str], ...]
Value: TypeAlias = bool | int | float | str | Distribution

SERIES_AT_MOST: Final = 20_000
POINTS_AT_MOST: Final = 1_000
"""Of one series: at a point a minute, sixteen hours."""
POINTS_IN_ALL: Final = 500_000
"""When there are many series each may keep fewer points: what is kept is this many, or twice."""


class SeriesName(NamedTuple):
    """What tells one series from another; labels sorted by key."""

    project: str
    metric_type: str
    metric_labels: Labels
    resource_type: str
    resource_labels: Labels


class StoredPoint(NamedTuple):
    """A point as it was accepted; a gauge's start is its end."""

    start_ns: int
    end_ns: int
    value: Value


@dataclass(slots=True)
class StoredSeries:
    """A series and its points, oldest first."""

    project: str
    metric_type: str
    metric_labels: dict[str, str]
    resource_type: str
    resource_labels: dict[str, str]
    kind: str
    value_type: str
    unit: str
    points: list[StoredPoint]


@dataclass(slots=True)
class _Kept:
    kind: str
    value_type: str
    points: deque[StoredPoint] = field(default_factory=deque)
    before_reset: float = 0
    """What was counted up to the last reset."""


class Shelf:
    """All series of all projects; whoever uses it holds the world's lock."""

    def __init__(
        self, *, series_at_most: int = SERIES_AT_MOST, points_at_most: int = POINTS_AT_MOST
    ) -> None:
        self._series_at_most = series_at_most
        self._points_at_most = points_at_most
        self._kept: OrderedDict[SeriesName, _Kept] = OrderedDict()
        self._by_type: dict[str, dict[SeriesName, None]] = {}
        self._gone: dict[str, float] = {}
        self.series_dropped = 0
        self.points_dropped = 0

    def __len__(self) -> int:
        return len(self._kept)

    def last(self, name: SeriesName) -> StoredPoint | None:
        """The newest point of this series."""
        kept = self._kept.get(name)
        return kept.points[-1] if kept else None

    def add(self, name: SeriesName, kind: str, value_type: str, point: StoredPoint) -> None:
        """Put a point behind the others of its series."""
        kept = self._kept.get(name)
        if kept is None:
            kept = self._kept[name] = _Kept(kind, value_type)
            self._by_type.setdefault(name.metric_type, {})[name] = None
        self._kept.move_to_end(name)
        if kind != "GAUGE" and kept.points and point.start_ns != kept.points[-1].start_ns:
            kept.before_reset += counted(kept.points[-1].value)
        kept.points.append(point)
        fair = min(self._points_at_most, max(2, POINTS_IN_ALL // len(self._kept)))
        while len(kept.points) > fair:
            kept.points.popleft()
            self.points_dropped += 1
        if len(self._kept) > self._series_at_most:
            self._drop_the_stalest()

    def forget(self, project: str, metric_type: str) -> None:
        """Let all series of this type go, as when its descriptor is deleted."""
        for name in self.names(metric_type, project):
            self._remove(name)

    def names(self, metric_type: str = "", project: str = "") -> list[SeriesName]:
        """Which series there are, in the order of their first point within one type."""
        found = self._by_type.get(metric_type, {}) if metric_type else self._kept
        return [name for name in found if project in ("", name.project)]

    def points(self, name: SeriesName) -> deque[StoredPoint]:
        """The points of a series, not a copy."""
        return self._kept[name].points

    def sort(self, name: SeriesName) -> tuple[str, str]:
        """Kind and value type of a series."""
        kept = self._kept[name]
        return kept.kind, kept.value_type

    def copy(self, name: SeriesName, *, unit: str = "", since_ns: int = 0) -> StoredSeries:
        """A series for somebody else's eyes, with the points that end then or later."""
        kept = self._kept[name]
        points = list(kept.points)
        if since_ns:
            points = list(takewhile(lambda one: one.end_ns >= since_ns, reversed(kept.points)))
            points.reverse()
        return StoredSeries(
            name.project,
            name.metric_type,
            dict(name.metric_labels),
            name.resource_type,
            dict(name.resource_labels),
            kept.kind,
            kept.value_type,
            unit,
            points,
        )

    def counted(self, name: SeriesName) -> float:
        """What this series counted over all its resets; a gauge counts nothing."""
        kept = self._kept[name]
        if kept.kind == "GAUGE":
            return 0
        return kept.before_reset + counted(kept.points[-1].value)

    def counted_by_dropped(self, metric_type: str) -> float:
        """What series of this type had counted when the shelf had no room for them."""
        return self._gone.get(metric_type, 0)

    def _drop_the_stalest(self) -> None:
        name, kept = next(iter(self._kept.items()))
        gone = self._gone.get(name.metric_type, 0)
        self._gone[name.metric_type] = gone + self.counted(name)
        self.series_dropped += 1
        self.points_dropped += len(kept.points)
        self._remove(name)

    def _remove(self, name: SeriesName) -> None:
        del self._kept[name]
        del self._by_type[name.metric_type][name]
        if not self._by_type[name.metric_type]:
            del self._by_type[name.metric_type]


def counted(value: Value) -> float:
    """How much a cumulative value counts: a distribution its observations.

    >>> counted(3), counted(Distribution(count=2, mean=7.0))
    (3, 2)
    """
    if isinstance(value, Distribution):
        return int(value.count)
    if isinstance(value, str):
        return 0
    return value
