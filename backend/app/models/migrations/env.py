"""Alembic runs this file; the connection is handed in by :mod:`app.models.migrate`.

Alembic's own command line works too (``cd backend && alembic check``): it finds no
connection here and so goes through the same door, with ``DATABASE_URL``.
"""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection

from app.models.migrate import DATABASE_URL_VARIABLE, run_with_connection
from app.models.tables import Base


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        # SQLite cannot alter a column: Alembic then copies the table.
        render_as_batch=connection.dialect.name == "sqlite",
        compare_server_default=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _connect_and_migrate() -> None:
    url = os.environ.get(DATABASE_URL_VARIABLE)
    if not url:
        raise SystemExit(f"{DATABASE_URL_VARIABLE}: is not set: say which database is meant")
    asyncio.run(run_with_connection(url, _migrate))


_connection = context.config.attributes.get("connection")
if context.is_offline_mode():
    raise SystemExit("--sql is not supported: SQLite's migrations read the table they alter")
if _connection is None:
    _connect_and_migrate()
else:
    _migrate(_connection)
