"""The first tables: accounts, sessions, requests for lessons, audit.

Revision: 0001; after: none

A migration is frozen: vocabularies and lengths are written out, so that a later change of
the models cannot change what this one did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(36)
WORD = sa.String(32)
SHA256 = sa.String(64)
TIME = sa.DateTime(timezone=True)


def one_of(column: str, *words: str) -> sa.CheckConstraint:
    quoted = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({quoted})", name=f"{column}_vocabulary")


ERROR_TYPES = ("timeout", "provider_unavailable", "invalid_artefact", "storage", "internal")
STAGES = ("validation", "retrieval", "script", "narration", "video", "notification")
FINAL_STATUSES = ("completed", "clarification_needed", "out_of_scope", "failed", "cancelled")
STATUSES = ("pending", *STAGES, *FINAL_STATUSES)
OUTCOMES = ("completed", "degraded", "clarification_needed", "out_of_scope", "failed", "cancelled")


def upgrade() -> None:
    _make_users()
    _make_sessions()
    _make_content_requests()
    _make_audit_events()


def downgrade() -> None:
    for table in (
        "audit_events",
        "stage_runs",
        "content_requests",
        "password_resets",
        "refresh_tokens",
        "sessions",
        "users",
    ):
        op.drop_table(table)


def _make_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", ID, primary_key=True),
        sa.Column("email", sa.String(320), nullable=False, unique=True),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("first_name", sa.String(100), nullable=False),
        sa.Column("last_name", sa.String(100), nullable=False),
        sa.Column("role", WORD, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("grade_level", sa.Integer),
        sa.Column("organization_id", ID),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME),
        one_of("role", "student", "teacher", "admin", "super_admin"),
        one_of("status", "active", "suspended", "pending", "archived"),
    )
    op.create_index("ix_users_organization_id", "users", ["organization_id"])


def _make_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_id", ID, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("last_seen_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("end_reason", WORD),
        one_of("end_reason", "logout", "logout_all", "reuse", "password_reset", "expired"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("sessions_live", "sessions", ["ended_at", "expires_at"])
    op.create_table(
        "refresh_tokens",
        sa.Column("token_sha256", SHA256, primary_key=True),
        sa.Column("session_id", ID, sa.ForeignKey("sessions.id"), nullable=False),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"])
    op.create_table(
        "password_resets",
        sa.Column("token_sha256", SHA256, primary_key=True),
        sa.Column("user_id", ID, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
    )
    op.create_index("ix_password_resets_user_id", "password_resets", ["user_id"])


def _make_content_requests() -> None:
    op.create_table(
        "content_requests",
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_id", ID, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("correlation_id", sa.String(128), nullable=False),
        sa.Column("trace_id", sa.String(32), nullable=False),
        sa.Column("student_query", sa.Text, nullable=False),
        sa.Column("grade_level", sa.Integer, nullable=False),
        sa.Column("interest", sa.String(100), nullable=False),
        sa.Column("modalities", sa.JSON, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("outcome", WORD),
        sa.Column("error_type", WORD),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("questions", sa.JSON),
        sa.Column("script", sa.JSON),
        sa.Column("artefact", sa.String(255)),
        sa.Column("artefact_bytes", sa.Integer),
        sa.Column("cancel_requested", sa.Boolean, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_owner", sa.String(128)),
        sa.Column("lease_until", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_at", TIME),
        sa.Column("finished_at", TIME),
        one_of("status", *STATUSES),
        one_of("outcome", *OUTCOMES),
        one_of("error_type", *ERROR_TYPES),
    )
    op.create_index("ix_content_requests_user_id", "content_requests", ["user_id"])
    op.create_index("ix_content_requests_created_at", "content_requests", ["created_at"])
    op.create_index(
        "content_requests_free", "content_requests", ["status", "lease_until", "created_at"]
    )
    op.create_table(
        "stage_runs",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("request_id", ID, sa.ForeignKey("content_requests.id"), nullable=False),
        sa.Column("stage", WORD, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("error_type", WORD),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("duration_s", sa.Float, nullable=False),
        one_of("stage", *STAGES),
        one_of("status", "completed", "degraded", "failed", "skipped"),
        one_of("error_type", *ERROR_TYPES),
    )
    op.create_index("ix_stage_runs_request_id", "stage_runs", ["request_id"])


def _make_audit_events() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(12), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(128), nullable=False),
    )
    op.create_index("ix_audit_events_at", "audit_events", ["at"])
