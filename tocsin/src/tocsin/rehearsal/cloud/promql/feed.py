"""What Prometheus has not seen yet of one project, a scrape at a time.

Every point is told once, with its own time: a scrape costs what is new, however much is on
the shelf. A scrape that did not reach its end is told again. One tells so many points at
most, so that it ends in time; the next goes on.

>>> from tocsin.rehearsal.cloud.monitoring import Monitoring
>>> from tocsin.rehearsal.cloud.world import World
>>> world = World()
>>> Feed(world, Monitoring(world), "demo").is_behind()
False
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from google.api.metric_pb2 import MetricDescriptor

from tocsin.rehearsal.cloud.monitoring.shelf import SeriesName, StoredPoint
from tocsin.rehearsal.cloud.promql.names import kind_of, labels_of, metric_name
from tocsin.rehearsal.cloud.promql.text import head, lines
from tocsin.rehearsal.cloud.world import World

POINTS_PER_SCRAPE: Final = 2_000
_AT_ONCE: Final = 100
_KIND: Final = MetricDescriptor.MetricKind
_TYPE: Final = MetricDescriptor.ValueType

_News = list[tuple[SeriesName, list[StoredPoint]]]


class Feed:
    """Used by the cloud's loop alone; reads the shelf under the world's lock."""

    def __init__(self, world: World, monitoring: Any, project: str) -> None:
        self._world = world
        self._monitoring = monitoring
        self._project = project
        self._told: dict[SeriesName, int] = {}
        self._begun = 0
        self._last_telling = 0
        self._changed = asyncio.Condition()

    def is_behind(self) -> bool:
        """Whether there are points that were not told."""
        with self._world.lock:
            shelf = self._monitoring.shelf
            return any(
                shelf.points(name)[-1].end_ns > self._told.get(name, 0)
                for name in shelf.names(project=self._project)
            )

    def forget_all(self) -> None:
        """Tell everything again: Prometheus starts with nothing."""
        self._told.clear()
        self._begun = self._last_telling = 0

    async def caught_up(self) -> None:
        """Wait until all that is on the shelf now was told, and Prometheus came once more.

        It keeps what it scraped before it scrapes anew, so what was told is there by then.
        """
        async with self._changed:
            await self._changed.wait_for(lambda: self._begun > 0)
            await self._changed.wait_for(lambda: not self.is_behind())
            last = self._last_telling
            await self._changed.wait_for(lambda: self._begun > last)

    async def scrape(self) -> AsyncIterator[str]:
        """The text of one scrape, in pieces."""
        async with self._changed:
            self._begun += 1
            begun = self._begun
            self._changed.notify_all()
        news = self._news()
        if news:
            self._last_telling = begun
        yield self._heads()
        for begin in range(0, len(news), _AT_ONCE):
            yield "".join(
                line
                for name, points in news[begin : begin + _AT_ONCE]
                for line in _lines_of(name, points)
            )
            # Others are served by this loop meanwhile.
            await asyncio.sleep(0)
        for name, points in news:
            self._told[name] = points[-1].end_ns
        self._forget()

    def _news(self) -> _News:
        news: _News = []
        left = POINTS_PER_SCRAPE
        with self._world.lock:
            shelf = self._monitoring.shelf
            for name in shelf.names(project=self._project):
                points = shelf.points(name)
                told_ns = self._told.get(name, 0)
                if points[-1].end_ns <= told_ns:
                    continue
                fresh = [point for point in points if point.end_ns > told_ns][:left]
                left -= len(fresh)
                news.append((name, fresh))
                if left <= 0:
                    break
        return news

    def _heads(self) -> str:
        return "".join(
            head(metric_name(one.type), _sort(one), one.description)
            for one in self._monitoring.descriptors()
        )

    def _forget(self) -> None:
        with self._world.lock:
            known = set(self._monitoring.shelf.names(project=self._project))
        for name in [name for name in self._told if name not in known]:
            del self._told[name]


def _sort(one: MetricDescriptor) -> str:
    return kind_of(_KIND.Name(one.metric_kind), _TYPE.Name(one.value_type))


def _lines_of(name: SeriesName, points: list[StoredPoint]) -> list[str]:
    labels = labels_of(dict(name.metric_labels), name.resource_type, dict(name.resource_labels))
    called = metric_name(name.metric_type)
    return [line for point in points for line in lines(called, labels, point.value, point.end_ns)]
