"""One vocabulary for the database, the API and the metrics.

An earlier system had four lists of stages and a worker that wrote statuses which the
database refused (defects D91, N4). Here every layer uses these enums and nothing else.

>>> Status.COMPLETED.is_final, Status.NARRATION.is_final
(True, False)
>>> [stage.value for stage in Stage][:2]
['validation', 'retrieval']
"""

from enum import StrEnum


class Role(StrEnum):
    """What an account may do; each role includes those before it."""

    STUDENT = "student"
    TEACHER = "teacher"
    ADMIN = "admin"
    SUPER_ADMIN = "super_admin"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do all that ``other`` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class AccountStatus(StrEnum):
    """Whether an account may sign in: only an active one may."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    PENDING = "pending"
    ARCHIVED = "archived"


class Modality(StrEnum):
    """What a student may ask for."""

    TEXT = "text"
    AUDIO = "audio"
    VIDEO = "video"


class Stage(StrEnum):
    """The steps of the pipeline, in their order."""

    VALIDATION = "validation"
    RETRIEVAL = "retrieval"
    SCRIPT = "script"
    NARRATION = "narration"
    VIDEO = "video"
    NOTIFICATION = "notification"


class Status(StrEnum):
    """Where a request stands: waiting, in one of the stages, or at its end."""

    PENDING = "pending"
    VALIDATION = "validation"
    RETRIEVAL = "retrieval"
    SCRIPT = "script"
    NARRATION = "narration"
    VIDEO = "video"
    NOTIFICATION = "notification"
    COMPLETED = "completed"
    CLARIFICATION_NEEDED = "clarification_needed"
    OUT_OF_SCOPE = "out_of_scope"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen."""
        return self in FINAL_STATUSES


FINAL_STATUSES = frozenset(
    {
        Status.COMPLETED,
        Status.CLARIFICATION_NEEDED,
        Status.OUT_OF_SCOPE,
        Status.FAILED,
        Status.CANCELLED,
    }
)


class Outcome(StrEnum):
    """How a request ended, as a person would say it.

    ``degraded`` is a completed lesson with a part missing (captions in place of a voice):
    never counted as if nothing had happened (defect D90).
    """

    COMPLETED = "completed"
    DEGRADED = "degraded"
    CLARIFICATION_NEEDED = "clarification_needed"
    OUT_OF_SCOPE = "out_of_scope"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StageStatus(StrEnum):
    """How one attempt at one stage ended."""

    COMPLETED = "completed"
    DEGRADED = "degraded"
    FAILED = "failed"
    SKIPPED = "skipped"


class ErrorType(StrEnum):
    """Why a stage failed: the kinds that an operator acts upon differently."""

    TIMEOUT = "timeout"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    INVALID_ARTEFACT = "invalid_artefact"
    STORAGE = "storage"
    INTERNAL = "internal"


class SessionEnd(StrEnum):
    """Why a session ended."""

    LOGOUT = "logout"
    LOGOUT_ALL = "logout_all"
    REUSE = "reuse"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a reason, not a secret
    EXPIRED = "expired"
