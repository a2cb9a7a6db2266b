"""How requests for lessons fare, for staff (R005, R007): read from the shared rows.

An admin sees all, a teacher the own organisation, a student is refused. Who looked at
which child is written down (D76); a student is searched for in the body, never in the URL.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.api.dependencies import CurrentServices, require_role
from app.api.problems import Problem, describes
from app.core.vocabulary import Role, Stage, Status
from app.models.tables import ContentRequest
from app.schemas.identifiers import Identifier
from app.schemas.monitoring import (
    PipelineFigures,
    RequestDetail,
    RequestList,
    RequestView,
    StageRunView,
    StudentSearch,
)
from app.services.monitoring import NothingToSeeError, RequestMonitoring
from app.services.principal import Principal

router = APIRouter(
    prefix="/monitoring", tags=["monitoring"], responses=describes(401, 403, 422, 429)
)

Staff = Annotated[Principal, Depends(require_role(Role.TEACHER))]
_STAGES = frozenset(stage.value for stage in Stage)


@router.get("/requests", responses=describes(404))
async def newest_requests(
    services: CurrentServices,
    viewer: Staff,
    status: Status | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Identifier | None = None,
) -> RequestList:
    """The newest requests first; ``before`` continues after the last one of a page."""
    monitoring = services.monitoring
    try:
        rows = await monitoring.newest(viewer, limit=limit, status=status, before=before)
    except NothingToSeeError:
        raise _no_such_request() from None
    return RequestList(
        requests=[_view(row, monitoring) for row in rows],
        next_before=rows[-1].id if len(rows) == limit else None,
    )


@router.get("/requests/{request_id}", responses=describes(404))
async def one_request(
    request_id: Identifier, services: CurrentServices, viewer: Staff
) -> RequestDetail:
    """One request with each attempt at each stage."""
    try:
        row, runs = await services.monitoring.one(viewer, request_id)
    except NothingToSeeError:
        raise _no_such_request() from None
    stages = [StageRunView.model_validate(run, from_attributes=True) for run in runs]
    return RequestDetail(**dict(_view(row, services.monitoring)), stages=stages)


@router.post("/search")
async def requests_of_student(
    search: StudentSearch, services: CurrentServices, viewer: Staff
) -> RequestList:
    """The newest requests of one student; an unknown student has none."""
    rows = await services.monitoring.of_student(
        viewer, student_id=search.student_id, email=search.student_email, limit=search.limit
    )
    return RequestList(requests=[_view(row, services.monitoring) for row in rows], next_before=None)


@router.get("/metrics")
async def pipeline_figures(
    services: CurrentServices, viewer: Staff, hours: Annotated[int, Query(ge=1, le=168)] = 24
) -> PipelineFigures:
    """Totals, rates and durations of the last hours."""
    return await services.monitoring.figures(viewer, window_h=hours)


def _no_such_request() -> Problem:
    return Problem(404, "no-such-request", "There is no such request, or it is not yours to see")


def _view(row: ContentRequest, monitoring: RequestMonitoring) -> RequestView:
    return RequestView(
        request_id=row.id,
        correlation_id=row.correlation_id,
        student_id=row.user_id,
        status=row.status,
        stage=Stage(row.status.value) if row.status.value in _STAGES else None,
        outcome=row.outcome,
        error_type=row.error_type,
        progress=row.progress,
        attempts=row.attempts,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        elapsed_s=((row.finished_at or monitoring.now()) - row.created_at).total_seconds(),
    )
