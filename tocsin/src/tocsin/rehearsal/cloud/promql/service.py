"""The paths, and the Prometheus of each project behind them.

>>> from tocsin.rehearsal.cloud.monitoring import Monitoring
>>> world = World()
>>> [route.path for route in Promql(world, monitoring=Monitoring(world)).asgi_routes()][1]
'/_prometheus/{project}'
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qsl

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from tocsin.rehearsal.cloud.promql.feed import Feed
from tocsin.rehearsal.cloud.promql.program import NoPrometheusError, Prometheus
from tocsin.rehearsal.cloud.rpc import Rpc
from tocsin.rehearsal.cloud.world import World

_ASKED: Final = "/v1/projects/{project}/location/{location}/prometheus/api/v1/{question:path}"
_SCRAPED: Final = "/_prometheus/{project}"
_QUESTIONS: Final = frozenset(
    {"query", "query_range", "query_exemplars", "labels", "series", "metadata"}
)
_AT_MOST: Final = 4
_FRESH_WITHIN_S: Final = 60.0
_ANSWER_WITHIN_S: Final = 120.0
_NS_PER_S: Final = 1e9
_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"


class _Project:
    """One project's feed and program; made at the first question."""

    def __init__(self, feed: Feed, program: Prometheus) -> None:
        self.feed = feed
        self.program = program
        self.starting = asyncio.Lock()


class Promql:
    """Google's Prometheus API of one cloud."""

    def __init__(self, world: World, *, monitoring: Any) -> None:
        self._world = world
        self._monitoring = monitoring
        self._address = ""
        self._client: httpx.AsyncClient | None = None
        self._projects: OrderedDict[str, _Project] = OrderedDict()

    def rpcs(self) -> Iterable[Rpc]:
        """No method: these paths are no REST form of one."""
        return ()

    def recall(self, kind: str, body: bytes, received_ns: int) -> None:
        """Nothing: what it tells is on Cloud Monitoring's shelf."""

    def asgi_routes(self) -> list[BaseRoute]:
        """Google's path, and the one that Prometheus scrapes."""
        return [
            Route(_ASKED, self._ask, methods=["GET", "POST"]),
            Route(_SCRAPED, self._scrape, methods=["GET"]),
        ]

    async def opened(self, http_url: str) -> None:
        """Take note of where we are; nothing runs yet."""
        self._address = http_url.partition("://")[2]
        # Of the environment nothing: a proxy has no business between two programs here.
        self._client = httpx.AsyncClient(timeout=_ANSWER_WITHIN_S, trust_env=False)

    async def closed(self) -> None:
        """Stop what runs."""
        projects, self._projects = self._projects, OrderedDict()
        await asyncio.gather(*(one.program.stop() for one in projects.values()))
        if self._client is not None:
            await self._client.aclose()

    async def _ask(self, request: Request) -> Response:
        question = request.path_params["question"]
        if request.path_params["location"] != "global":
            return _error(400, "bad_data", "The location must be global.")
        if question not in _QUESTIONS and not _is_label(question):
            return _error(404, "not_found", f"There is no {question} here.")
        try:
            project = await self._project(request.path_params["project"])
        except NoPrometheusError as error:
            return _error(503, "unavailable", str(error))
        # Prometheus that is busy answers with what it has.
        with suppress(TimeoutError):
            await asyncio.wait_for(project.feed.caught_up(), _FRESH_WITHIN_S)
        return await self._forward(request, f"{project.program.url}/api/v1/{question}", question)

    async def _project(self, name: str) -> _Project:
        found = self._projects.get(name)
        if found is None:
            path = _SCRAPED.format(project=name)
            feed = Feed(self._world, self._monitoring, name)
            found = _Project(feed, Prometheus(scrape=self._address, path=path))
            self._projects[name] = found
        self._projects.move_to_end(name)
        async with found.starting:
            if not found.program.is_running:
                found.feed.forget_all()
                assert self._client is not None  # noqa: S101 - set when the doors opened
                await found.program.start(self._client)
        while len(self._projects) > _AT_MOST:
            _, stale = self._projects.popitem(last=False)
            await stale.program.stop()
        return found

    async def _forward(self, request: Request, url: str, question: str) -> Response:
        asked = [*request.query_params.multi_items()]
        if request.method == "POST":
            asked += parse_qsl((await request.body()).decode(), keep_blank_values=True)
        data: dict[str, list[str]] = {}
        for name, value in asked:
            data.setdefault(name, []).append(value)
        if question == "query":
            data.setdefault("time", [str(self._world.clock.wall_ns() / _NS_PER_S)])
        assert self._client is not None  # noqa: S101 - set when the doors opened
        try:
            if question == "metadata" or _is_label(question):
                answer = await self._client.get(url, params=data)
            else:
                # What is long goes in the body, however it came.
                answer = await self._client.post(url, data=data)
        except httpx.HTTPError as error:
            return _error(503, "unavailable", f"Prometheus does not answer: {error!r}")
        kind = answer.headers.get("content-type", "application/json")
        return Response(answer.content, answer.status_code, media_type=kind)

    async def _scrape(self, request: Request) -> Response:
        found = self._projects.get(request.path_params["project"])
        text: AsyncIterator[str] = found.feed.scrape() if found else _nothing()
        return StreamingResponse(text, media_type=_TEXT)


async def _nothing() -> AsyncIterator[str]:
    yield ""


def _is_label(question: str) -> bool:
    parts = question.split("/")
    return len(parts) == 3 and parts[0] == "label" and parts[2] == "values"  # noqa: PLR2004


def _error(status: int, kind: str, text: str) -> Response:
    """Prometheus' own form of an error."""
    return JSONResponse({"status": "error", "errorType": kind, "error": text}, status)
