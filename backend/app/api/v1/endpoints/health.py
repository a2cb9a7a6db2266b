"""Health at the root, where Cloud Run and uptime checks ask (N6).

``/health`` stands on nothing but this process and its event loop, so that an outage of the
database restarts no healthy process. ``/health/ready`` asks what requests need, and is 503
while that fails, or while the process starts or ends. Both tell strangers nothing but that;
``/health/detailed`` tells all, to operators and admins. ``tocsin/docs/health.md`` has who asks
what.
"""

from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response

from app.api.dependencies import CurrentServices, may_see_details, shows_operators_token
from app.api.problems import describes
from tocsin.health import respond
from tocsin.health.answers import MEDIA_TYPE

router = APIRouter(tags=["health"])

_OK: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {MEDIA_TYPE: {}}}}


@router.get("/health", response_class=Response, responses=_OK)
async def is_alive(services: CurrentServices) -> Response:
    """Whether the process and its event loop run (R124)."""
    return respond(services.health.liveness())


@router.get("/health/ready", response_class=Response, responses=_OK)
async def is_ready(request: Request, services: CurrentServices) -> Response:
    """Whether requests may be sent here (R125 to R128); why not, to operators."""
    with_names = shows_operators_token(request, services.settings)
    return respond(await services.health.readiness(with_names=with_names))


@router.get(
    "/health/detailed",
    response_class=Response,
    responses={**_OK, **describes(401, 403)},
    dependencies=[Depends(may_see_details)],
)
async def in_detail(services: CurrentServices) -> Response:
    """Dependencies, resources, recent requests, exporters, release (R129 to R134)."""
    return respond(await services.health.details())


# A prober that sends HEAD wants the status alone; the server drops the body.
for _path, _answer in (("/health", is_alive), ("/health/ready", is_ready)):
    router.head(_path, include_in_schema=False)(_answer)
router.head("/health/detailed", include_in_schema=False, dependencies=[Depends(may_see_details)])(
    in_detail
)
