"""Hands what arrives in the rehearsal cloud to the drill's own Prometheus.

One more part of the cloud: a path that tells the newest point of every series that got one
since the last scrape. It is dated when it is told, not as it was written: an exporter keeps
Google's 5 s between the dates of a series, and where a minute passes in two seconds those
dates run ahead of the hour.

>>> from tocsin.rehearsal.cloud.running import RunningCloud
>>> cloud = RunningCloud()
>>> joined = FeedDoor.joined_to(cloud, project="demo")
>>> [route.path for route in cloud.parts["drill"].asgi_routes()]
['/_drill']
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final, Self

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from tocsin.rehearsal.cloud.monitoring.shelf import SeriesName, StoredPoint
from tocsin.rehearsal.cloud.promql.names import labels_of, metric_name
from tocsin.rehearsal.cloud.promql.text import lines
from tocsin.rehearsal.cloud.rpc import Rpc
from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.rehearsal.cloud.world import World

PATH: Final = "/_drill"
_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
_AT_ONCE: Final = 50


class FeedDoor:
    """A path that Prometheus scrapes; used by the cloud's loop alone."""

    def __init__(self, world: World, monitoring: Any, project: str) -> None:
        self._world = world
        self._shelf = monitoring.shelf
        self._project = project
        self._told: dict[SeriesName, int] = {}

    @classmethod
    def joined_to(cls, cloud: RunningCloud, *, project: str) -> Self:
        """Make it a part of a cloud that is not open yet."""
        door = cls(cloud.world, cloud.monitoring, project)
        cloud.parts = {**cloud.parts, "drill": door}
        return door

    def rpcs(self) -> Iterable[Rpc]:
        """None: Google has nothing like it."""
        return ()

    def asgi_routes(self) -> list[BaseRoute]:
        """The path."""
        return [Route(PATH, self._scrape, methods=["GET"])]

    async def _scrape(self, _request: Request) -> Response:
        return StreamingResponse(self._text(), media_type=_TEXT)

    async def _text(self) -> AsyncIterator[str]:
        news = self._news()
        now_ns = self._world.clock.wall_ns()
        for begin in range(0, len(news), _AT_ONCE):
            yield "".join(
                line
                for name, point in news[begin : begin + _AT_ONCE]
                for line in lines(metric_name(name.metric_type), _labels(name), point.value, now_ns)
            )
            await asyncio.sleep(0)  # others are served by this loop meanwhile
        # Only now: a scrape that did not reach its end is told again.
        self._told.update({name: point.end_ns for name, point in news})

    def _news(self) -> list[tuple[SeriesName, StoredPoint]]:
        with self._world.lock:
            newest = [
                (name, self._shelf.points(name)[-1])
                for name in self._shelf.names(project=self._project)
            ]
        return [(name, one) for name, one in newest if one.end_ns > self._told.get(name, 0)]


def _labels(name: SeriesName) -> dict[str, str]:
    return labels_of(dict(name.metric_labels), name.resource_type, dict(name.resource_labels))
