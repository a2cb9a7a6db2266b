"""Questions and lessons: ask, look how it goes, cancel, download; and what one was told.

To whom a request does not belong it does not exist: 404, never 403, so that nobody can
find out what others ask. A lesson is downloaded with the bearer header alone (D78).
"""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import FileResponse

from app.api.dependencies import CurrentServices, CurrentUser
from app.api.problems import Problem, describes
from app.core.vocabulary import Modality, Stage, Status
from app.models.tables import ContentRequest, Notification
from app.schemas.content import (
    NotificationList,
    NotificationView,
    Question,
    RequestDetail,
    RequestPage,
    RequestView,
)
from app.schemas.identifiers import Identifier
from app.services.content import (
    AlreadyEndedError,
    Asking,
    GradeUnknownError,
    KeyUsedOtherwiseError,
    NoLessonError,
    NoSuchRequestError,
    NotYoursToChangeError,
)
from app.services.notifications import NoSuchNotificationError

PREFIX = "/api/v1/content"

router = APIRouter(prefix="/content", tags=["content"], responses=describes(401, 422, 429))

_STAGES = frozenset(stage.value for stage in Stage)

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=128,
        pattern=r"^[\x21-\x7e]+$",
        description="Ask again with the same key after a broken connection: it counts once.",
    ),
]


@router.post("/generate", status_code=202, responses=describes(409))
async def generate(
    question: Question,
    response: Response,
    services: CurrentServices,
    asker: CurrentUser,
    idempotency_key: IdempotencyKey = None,
) -> RequestView:
    """Ask a question; the lesson is made in the background."""
    asking = Asking(
        student_query=question.student_query,
        grade_level=question.grade_level,
        interest=question.interest,
        modalities=question.requested_modalities,
        idempotency_key=idempotency_key,
    )
    try:
        row = await services.content.ask(asker, asking)
    except GradeUnknownError:
        raise Problem(
            422,
            "grade-level-unknown",
            "A grade level is needed",
            detail="This account has none: send grade_level, 9 to 12.",
        ) from None
    except KeyUsedOtherwiseError:
        raise Problem(
            409,
            "idempotency-key-used",
            "This Idempotency-Key was used for another question",
            detail="Send a new key with a new question.",
        ) from None
    response.headers["location"] = f"{PREFIX}/requests/{row.id}"
    return _view(row)


@router.get("/requests", responses=describes(404))
async def own_requests(
    services: CurrentServices,
    viewer: CurrentUser,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: Identifier | None = None,
) -> RequestPage:
    """One's own requests, newest first; ``before`` continues after the last one of a page."""
    try:
        rows = await services.content.own(viewer, limit=limit, before=before)
    except NoSuchRequestError:
        raise _no_such_request() from None
    return RequestPage(
        requests=[_view(row) for row in rows],
        next_before=rows[-1].id if len(rows) == limit else None,
    )


@router.get("/requests/{request_id}", responses=describes(404))
async def one_request(
    request_id: Identifier, services: CurrentServices, viewer: CurrentUser
) -> RequestDetail:
    """How far a request is, and what came of it."""
    try:
        row = await services.content.see(viewer, request_id)
    except NoSuchRequestError:
        raise _no_such_request() from None
    return _detail(row)


@router.post("/requests/{request_id}/cancel", status_code=202, responses=describes(403, 404, 409))
async def cancel(
    request_id: Identifier, services: CurrentServices, viewer: CurrentUser
) -> RequestDetail:
    """Say that the lesson is not wanted any more; asking twice changes nothing."""
    try:
        row = await services.content.cancel(viewer, request_id)
    except NoSuchRequestError:
        raise _no_such_request() from None
    except NotYoursToChangeError:
        raise Problem.of_status(403) from None
    except AlreadyEndedError:
        raise Problem(409, "request-ended", "The request has ended already") from None
    return _detail(row)


@router.get(
    "/requests/{request_id}/artefact",
    response_class=FileResponse,
    responses=describes(404, 416),
)
async def artefact(
    request_id: Identifier, services: CurrentServices, viewer: CurrentUser
) -> FileResponse:
    """The lesson as MP4; a range of its bytes can be asked for."""
    try:
        path = await services.content.lesson(viewer, request_id)
    except NoSuchRequestError:
        raise _no_such_request() from None
    except NoLessonError:
        raise Problem(404, "no-lesson", "This request has no lesson to download") from None
    return FileResponse(
        path,
        media_type="video/mp4",
        filename="lesson.mp4",
        content_disposition_type="inline",
        # Shared computers stand in schools: nothing of a pupil's stays in their caches.
        headers={"cache-control": "private, no-store"},
    )


@router.get("/notifications")
async def notifications(
    services: CurrentServices,
    reader: CurrentUser,
    unread: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter, by name
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> NotificationList:
    """What one was told of one's requests, newest first."""
    rows = await services.notifications.newest(reader, unread=unread, limit=limit)
    return NotificationList(notifications=[_told(row) for row in rows])


@router.post("/notifications/{notification_id}/read", status_code=204, responses=describes(404))
async def read_notification(
    notification_id: Identifier, services: CurrentServices, reader: CurrentUser
) -> None:
    """Mark a notification as read."""
    try:
        await services.notifications.mark_read(reader, notification_id)
    except NoSuchNotificationError:
        raise Problem(404, "no-such-notification", "There is no such notification") from None


def _no_such_request() -> Problem:
    return Problem(404, "no-such-request", "There is no such request, or it is not yours to see")


def _view(row: ContentRequest) -> RequestView:
    return RequestView(**_fields(row))


def _detail(row: ContentRequest) -> RequestDetail:
    return RequestDetail(**_fields(row), script=row.script)


def _fields(row: ContentRequest) -> dict[str, Any]:
    is_ready = row.status is Status.COMPLETED and row.artefact is not None
    return {
        "request_id": row.id,
        "student_query": row.student_query,
        "grade_level": row.grade_level,
        "interest": row.interest,
        "requested_modalities": [Modality(word) for word in row.modalities],
        "status": row.status,
        "stage": Stage(row.status.value) if row.status.value in _STAGES else None,
        "progress": row.progress,
        "outcome": row.outcome,
        "error_type": row.error_type if row.status is Status.FAILED else None,
        "questions": row.questions,
        "artefact": f"{PREFIX}/requests/{row.id}/artefact" if is_ready else None,
        "artefact_bytes": row.artefact_bytes if is_ready else None,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
    }


def _told(row: Notification) -> NotificationView:
    return NotificationView(
        notification_id=row.id,
        request_id=row.request_id,
        outcome=row.outcome,
        created_at=row.created_at,
        read_at=row.read_at,
    )
