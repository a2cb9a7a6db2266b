"""Liveness and readiness, at the root, where Cloud Run and uptime checks ask (N6).

``/health`` stands on nothing: it answers while the process can answer at all, so that an
outage of the database restarts no healthy process. ``/health/ready`` asks the database,
and Redis where it is used, and says 503 while one of them fails or the process is
ending. Both tell strangers nothing but that.
"""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from app.api.dependencies import CurrentServices
from app.api.problems import Problem, describes

router = APIRouter(tags=["health"])

_ASK_AGAIN_S = 5


class Health(BaseModel):
    """One word: nothing here is of use to a stranger."""

    status: Literal["alive", "ready"]


@router.get("/health")
async def is_alive(response: Response) -> Health:
    """Whether the process runs (R124)."""
    response.headers["cache-control"] = "no-store"
    return Health(status="alive")


@router.get("/health/ready", responses=describes(503))
async def is_ready(services: CurrentServices, response: Response) -> Health:
    """Whether requests may be sent here (R125 to R128)."""
    if not await services.readiness.is_ready():
        raise Problem(
            503,
            "not-ready",
            "The service cannot take requests now",
            headers={"retry-after": str(_ASK_AGAIN_S)},
        )
    response.headers["cache-control"] = "no-store"
    return Health(status="ready")


# A prober that sends HEAD wants the status alone; the server drops the body.
router.head("/health", include_in_schema=False)(is_alive)
router.head("/health/ready", include_in_schema=False)(is_ready)
