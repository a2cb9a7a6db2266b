"""Questions and lessons as the API speaks of them."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.core.vocabulary import ErrorType, Modality, Outcome, Stage, Status

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_SPACES = re.compile(r"\s+")
_QUERY_AT_LEAST = 5
_LOWEST_GRADE, _HIGHEST_GRADE = 9, 12


def _one_line(text: str) -> str:
    r"""One line of text that any database can store.

    >>> _one_line("  What is\n\tgravity? ")
    'What is gravity?'
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair") from None
    return _SPACES.sub(" ", _CONTROL.sub(" ", text)).strip()


def _long_enough(text: str) -> str:
    if len(text) < _QUERY_AT_LEAST:
        raise ValueError(f"needs {_QUERY_AT_LEAST} characters, not counting outer space")
    return text


def _each_once(modalities: tuple[Modality, ...]) -> tuple[Modality, ...]:
    if len(set(modalities)) < len(modalities):
        raise ValueError("names a modality twice")
    return modalities


OneLine = AfterValidator(_one_line)


class Question(BaseModel):
    """What a student asks."""

    model_config = ConfigDict(extra="forbid")

    student_query: Annotated[str, OneLine, AfterValidator(_long_enough)] = Field(
        min_length=_QUERY_AT_LEAST, max_length=500, examples=["How does photosynthesis work?"]
    )
    grade_level: int | None = Field(
        None, ge=_LOWEST_GRADE, le=_HIGHEST_GRADE, description="The account's own, if left out."
    )
    interest: Annotated[str, OneLine] = Field("", max_length=100, examples=["basketball"])
    requested_modalities: Annotated[tuple[Modality, ...], AfterValidator(_each_once)] = Field(
        (Modality.VIDEO,), min_length=1, max_length=len(Modality)
    )


class RequestView(BaseModel):
    """One request as its student sees it."""

    request_id: str
    student_query: str
    grade_level: int
    interest: str
    requested_modalities: list[Modality]
    status: Status
    stage: Stage | None = Field(description="The stage that it is in now.")
    progress: float = Field(ge=0.0, le=1.0)
    outcome: Outcome | None = Field(
        description="Set at the end; `degraded`: a lesson with captions in place of a voice."
    )
    error_type: ErrorType | None = Field(description="Set if it failed.")
    questions: list[str] | None = Field(description="What we ask back: ask anew, more precisely.")
    artefact: str | None = Field(description="Where the lesson can be downloaded, when ready.")
    artefact_bytes: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class RequestDetail(RequestView):
    """One request with the lesson in words, as soon as that is written."""

    script: dict[str, Any] | None


class RequestPage(BaseModel):
    """One's own requests, newest first; ``next_before`` continues with the next page."""

    requests: list[RequestView]
    next_before: str | None


class NotificationView(BaseModel):
    """What a student was told of a request's end."""

    notification_id: str
    request_id: str
    outcome: Outcome
    created_at: datetime
    read_at: datetime | None


class NotificationList(BaseModel):
    """The newest notifications first."""

    notifications: list[NotificationView]
