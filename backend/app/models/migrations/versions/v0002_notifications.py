"""What we told a student of a request's end; and an index of open requests alone.

With the old index a look for the oldest open request walked all that ever ended.

Revision: 0002; after: 0001

A migration is frozen: vocabularies and lengths are written out, so that a later change of
the models cannot change what this one did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.String(36)
TIME = sa.DateTime(timezone=True)
OUTCOMES = ("completed", "degraded", "clarification_needed", "out_of_scope", "failed", "cancelled")


def upgrade() -> None:
    words = ", ".join(f"'{word}'" for word in OUTCOMES)
    op.create_table(
        "notifications",
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_id", ID, sa.ForeignKey("users.id"), nullable=False),
        sa.Column(
            "request_id", ID, sa.ForeignKey("content_requests.id"), nullable=False, unique=True
        ),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("read_at", TIME),
        sa.CheckConstraint(f"outcome IN ({words})", name="outcome_vocabulary"),
    )
    op.create_index("notifications_of_user", "notifications", ["user_id", "created_at"])
    op.drop_index("content_requests_free", "content_requests")
    op.create_index(
        "content_requests_open",
        "content_requests",
        ["created_at"],
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("content_requests_open", "content_requests")
    op.create_index(
        "content_requests_free", "content_requests", ["status", "lease_until", "created_at"]
    )
    op.drop_table("notifications")
