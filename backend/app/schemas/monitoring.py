"""What staff may see of how requests fare: never a name, an address or the question itself."""

from datetime import datetime

from pydantic import BaseModel, EmailStr, Field, model_validator

from app.core.vocabulary import ErrorType, Outcome, Stage, StageStatus, Status
from app.schemas.identifiers import Identifier


class StageRunView(BaseModel):
    """One attempt at one stage."""

    stage: Stage
    status: StageStatus
    error_type: ErrorType | None
    started_at: datetime
    duration_s: float


class RequestView(BaseModel):
    """One request for a lesson, as an operator looks at it."""

    request_id: str
    correlation_id: str = Field(description="Finds the request's log lines.")
    student_id: str
    status: Status
    stage: Stage | None = Field(description="The stage that it is in now.")
    outcome: Outcome | None
    error_type: ErrorType | None
    progress: float = Field(ge=0.0, le=1.0)
    attempts: int = Field(description="How often a worker took it up.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    elapsed_s: float = Field(description="From asking to the end, or until now.")


class RequestList(BaseModel):
    """The newest requests first; ``next_before`` is the cursor of the page that follows."""

    requests: list[RequestView]
    next_before: str | None


class RequestDetail(RequestView):
    """One request with each attempt at each of its stages, in their order."""

    stages: list[StageRunView]


class StudentSearch(BaseModel):
    """Whose requests: by id or by e-mail, in the body, for URLs end up in logs (D76)."""

    student_id: Identifier | None = None
    student_email: EmailStr | None = None
    limit: int = Field(50, ge=1, le=200)

    @model_validator(mode="after")
    def _one_of_the_two(self) -> "StudentSearch":
        if (self.student_id is None) == (self.student_email is None):
            raise ValueError("give student_id or student_email, one of the two")
        return self


class Percentiles(BaseModel):
    """Durations in seconds, by nearest rank over every row of the window."""

    count: int
    p50_s: float
    p95_s: float


class PipelineFigures(BaseModel):
    """How the pipeline did within the window, counted from the rows of the database."""

    window_h: int
    total: int
    active: int
    by_status: dict[Status, int]
    by_outcome: dict[Outcome, int]
    success_rate: float | None = Field(
        description="Lessons given, in those given and failed; null when there is neither."
    )
    duration: Percentiles | None = Field(description="Of requests that ended with a lesson.")
    stage_durations: dict[Stage, Percentiles] = Field(description="Of attempts that succeeded.")
    stage_errors: dict[Stage, dict[ErrorType, int]]
