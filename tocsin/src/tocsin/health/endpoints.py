"""``/health``, ``/health/ready`` and ``/health/detailed`` for an application of FastAPI.

    app.include_router(health_router(health, may_see_details=operators_only))

``may_see_details`` is a dependency that raises for whoever may not; without one there is no
detailed answer at all. ``may_see_names`` says of a request for readiness whether the failing
parts are named to it. HEAD is served, nothing is to be kept (RFC 9111, 5.2.2.5).

>>> from tocsin.clock import SystemClock
>>> [route.path for route in health_router(Health.build([], clock=SystemClock())).routes]
['/health', '/health/ready']
"""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request, Response

from tocsin.health.answers import MEDIA_TYPE, Answer
from tocsin.health.assembly import Health

MaySeeNames = Callable[[Request], Awaitable[bool]]


def health_router(
    health: Health,
    *,
    may_see_details: Callable[..., Any] | None = None,
    may_see_names: MaySeeNames | None = None,
) -> APIRouter:
    """The routes that answer for ``health``."""
    router = APIRouter(tags=["health"])

    async def is_alive() -> Response:
        """Whether the process and its event loop run."""
        return _response(health.liveness())

    async def is_ready(request: Request) -> Response:
        """Whether requests may be sent here."""
        with_names = may_see_names is not None and await may_see_names(request)
        return _response(await health.readiness(with_names=with_names))

    async def in_detail() -> Response:
        """Every dependency, resource and exporter, for those who may know."""
        return _response(await health.details())

    add = router.add_api_route
    given = {MEDIA_TYPE: {}}
    documented: dict[int | str, dict[str, Any]] = {200: {"content": given}, 503: {"content": given}}
    methods = ["GET", "HEAD"]
    for path, answer in (("/health", is_alive), ("/health/ready", is_ready)):
        add(path, answer, methods=methods, response_class=Response, responses=documented)
    if may_see_details is not None:
        needs = [Depends(may_see_details)]
        add("/health/detailed", in_detail, methods=methods, dependencies=needs)
    return router


def _response(answer: Answer) -> Response:
    headers = {"cache-control": "no-store", **answer.headers}
    body = orjson.dumps(dict(answer.body))
    return Response(body, answer.status, headers=headers, media_type=MEDIA_TYPE)
