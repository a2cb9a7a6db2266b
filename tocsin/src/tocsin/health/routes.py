"""``/health``, ``/health/ready`` and ``/health/detailed`` as routes of Starlette.

    app.router.routes.extend(health_routes(health, may_see=is_operator))

``may_see`` says of a request whether names and details are for it; without one there is no
detailed answer at all. HEAD is served; nothing is to be kept (RFC 9111, 5.2.2.5).

>>> from tocsin.clock import SystemClock
>>> [route.path for route in health_routes(Health.build([], clock=SystemClock()))]
['/health', '/health/ready']
"""

from collections.abc import Awaitable, Callable
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.health.answers import MEDIA_TYPE, Answer
from tocsin.health.assembly import Health

MaySee = Callable[[Request], Awaitable[bool]]
_REFUSED: Final = Answer(403, {"status": "unknown"})


def health_routes(health: Health, *, may_see: MaySee | None = None) -> list[Route]:
    """The routes that answer for ``health``; Starlette adds HEAD to each."""

    async def is_alive(_request: Request) -> Response:
        return respond(health.liveness())

    async def is_ready(request: Request) -> Response:
        with_names = may_see is not None and await may_see(request)
        return respond(await health.readiness(with_names=with_names))

    routes = [Route("/health", is_alive), Route("/health/ready", is_ready)]
    if may_see is not None:
        allowed = may_see

        async def in_detail(request: Request) -> Response:
            return respond(await health.details() if await allowed(request) else _REFUSED)

        routes.append(Route("/health/detailed", in_detail))
    return routes


def respond(answer: Answer) -> Response:
    """An answer as a response of Starlette or FastAPI."""
    headers = {"cache-control": "no-store", **answer.headers}
    body = orjson.dumps(dict(answer.body))
    return Response(body, answer.status, headers=headers, media_type=MEDIA_TYPE)
