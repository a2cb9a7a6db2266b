"""What a worker's spans hang on: the W3C traceparent of the request that asked.

Revision: 0003; after: 0002

Requests of before have none; their jobs go on with the trace id alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "content_requests",
        sa.Column("traceparent", sa.String(55), nullable=False, server_default=""),
    )


def downgrade() -> None:
    with op.batch_alter_table("content_requests") as table:
        table.drop_column("traceparent")
