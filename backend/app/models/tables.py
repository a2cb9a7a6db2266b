"""The tables, as SQLAlchemy maps them; Alembic's migrations make them.

Times are aware UTC in Python. Identifiers are random UUIDs as text, so that they tell
nothing and look the same in SQLite and PostgreSQL. Closed vocabularies are text with a
CHECK, because a native PostgreSQL enum cannot be changed inside a transaction.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.core.vocabulary import (
    AccountStatus,
    ErrorType,
    Outcome,
    Role,
    SessionEnd,
    Stage,
    StageStatus,
    Status,
)

ID_LENGTH = 36


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time in any database; SQLite alone would lose the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone: it would be read back as another moment."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored: use datetime.now(UTC)")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back that SQLite dropped."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[StrEnum]):
    """One word of a closed vocabulary, stored as text."""

    impl = String(32)
    cache_ok = True

    def __init__(self, vocabulary: type[StrEnum]) -> None:
        super().__init__()
        self.vocabulary = vocabulary

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Store the word; a stranger's word is refused here."""
        return None if value is None else self.vocabulary(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:
        """Read the word back as its enum member."""
        return None if value is None else self.vocabulary(value)


def _one_of(column: str, vocabulary: type[StrEnum]) -> CheckConstraint:
    words = ", ".join(f"'{word.value}'" for word in vocabulary)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_vocabulary")


def _new_id() -> str:
    return str(uuid4())


class Base(DeclarativeBase):
    """The registry of all tables."""


class User(Base):
    """An account. ``email`` is kept normalised (see ``normalised_email``), hence unique."""

    __tablename__ = "users"
    __table_args__ = (_one_of("role", Role), _one_of("status", AccountStatus))

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=_new_id)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    role: Mapped[Role] = mapped_column(Word(Role))
    status: Mapped[AccountStatus] = mapped_column(Word(AccountStatus), default=AccountStatus.ACTIVE)
    grade_level: Mapped[int | None] = mapped_column(Integer)
    organization_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Session(Base):
    """One sign-in: the family of all refresh tokens that descend from it."""

    __tablename__ = "sessions"
    __table_args__ = (
        _one_of("end_reason", SessionEnd),
        Index("sessions_live", "ended_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=_new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """The family's absolute end; rotation does not move it."""
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[SessionEnd | None] = mapped_column(Word(SessionEnd))


class RefreshToken(Base):
    """One refresh token of a family, by the SHA-256 of its whole text."""

    __tablename__ = "refresh_tokens"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), index=True)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PasswordReset(Base):
    """A password reset that was asked for, by the SHA-256 of its token."""

    __tablename__ = "password_resets"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ContentRequest(Base):
    """A student's question and all that became of it: the truth about the request.

    A worker owns a row while ``lease_until`` lies ahead; a row that is neither final nor
    leased is free to be taken up, by whoever comes first. A row is final when it has a
    final status, and only then has it a ``finished_at``.
    """

    __tablename__ = "content_requests"
    __table_args__ = (
        _one_of("status", Status),
        _one_of("outcome", Outcome),
        _one_of("error_type", ErrorType),
        # The queue: without it a look for the oldest open request walks all that ever ended.
        Index(
            "content_requests_open",
            "created_at",
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=_new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    correlation_id: Mapped[str] = mapped_column(String(128))
    trace_id: Mapped[str] = mapped_column(String(32), default="")
    traceparent: Mapped[str] = mapped_column(String(55), default="", server_default="")
    """The span that asked, so that the worker's spans hang on it; empty: of an older release."""
    student_query: Mapped[str] = mapped_column(Text)
    grade_level: Mapped[int] = mapped_column(Integer)
    interest: Mapped[str] = mapped_column(String(100))
    modalities: Mapped[list[str]] = mapped_column(JSON)
    status: Mapped[Status] = mapped_column(Word(Status), default=Status.PENDING)
    outcome: Mapped[Outcome | None] = mapped_column(Word(Outcome))
    error_type: Mapped[ErrorType | None] = mapped_column(Word(ErrorType))
    progress: Mapped[float] = mapped_column(Float, default=0.0)
    """From 0 to 1."""
    questions: Mapped[list[str] | None] = mapped_column(JSON)
    """What we ask back when clarification is needed."""
    script: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    artefact: Mapped[str | None] = mapped_column(String(255))
    """The lesson's file name inside the artefact store."""
    artefact_bytes: Mapped[int | None] = mapped_column(Integer)
    cancel_requested: Mapped[bool] = mapped_column(Boolean, default=False)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    """How often a worker took the row up."""
    lease_owner: Mapped[str | None] = mapped_column(String(128))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StageRun(Base):
    """One attempt at one stage of one request."""

    __tablename__ = "stage_runs"
    __table_args__ = (
        _one_of("stage", Stage),
        _one_of("status", StageStatus),
        _one_of("error_type", ErrorType),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("content_requests.id"), index=True)
    stage: Mapped[Stage] = mapped_column(Word(Stage))
    status: Mapped[StageStatus] = mapped_column(Word(StageStatus))
    error_type: Mapped[ErrorType | None] = mapped_column(Word(ErrorType))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    duration_s: Mapped[float] = mapped_column(Float)


class AuditEvent(Base):
    """Who looked at which child's records, and when; people by pseudonym."""

    __tablename__ = "audit_events"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(12))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(128))


class Notification(Base):
    """What we told a student of a request's end; one for each request, held by the table."""

    __tablename__ = "notifications"
    __table_args__ = (
        _one_of("outcome", Outcome),
        Index("notifications_of_user", "user_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=_new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    request_id: Mapped[str] = mapped_column(ForeignKey("content_requests.id"), unique=True)
    outcome: Mapped[Outcome] = mapped_column(Word(Outcome))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
