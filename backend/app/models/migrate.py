"""Bring a database to the newest shape of the tables: an empty, an old or a current one.

Everything happens in one transaction behind one lock, on SQLite and PostgreSQL alike: a
migration that fails leaves the database as it was, and of two processes that start at
the same moment one migrates while the other waits. A database that a newer version has
migrated is refused.

>>> import asyncio, tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     asyncio.run(upgrade(f"sqlite:///{folder}/lessons.db"))
'0003'
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.core.database import asynchronous_url

DATABASE_URL_VARIABLE: Final = "DATABASE_URL"
_SCRIPTS: Final = Path(__file__).parent / "migrations"
_POSTGRES_LOCK: Final = 0x76697669646C79  # any number of our own will do
_SQLITE_LOCK_WAIT_S: Final = 60.0

Result = TypeVar("Result")


class MigrationError(Exception):
    """The database cannot be migrated; the text says why and what to do."""


async def upgrade(database_url: str) -> str:
    """Migrate to the newest revision and return it; nothing to do is fine.

    Raises:
        MigrationError: the database is of a newer version than this program.
    """
    return await run_with_connection(database_url, _upgrade)


async def run_with_connection(database_url: str, act: Callable[[Connection], Result]) -> Result:
    """Run ``act`` on a connection that holds the migration lock; commit at its end."""
    engine = _engine(asynchronous_url(database_url))
    try:
        async with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                lock = f"SELECT pg_advisory_xact_lock({_POSTGRES_LOCK})"
                await connection.exec_driver_sql(lock)
            return await connection.run_sync(act)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> str:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    _refuse_unknown(connection, ScriptDirectory.from_config(config))
    command.upgrade(config, "head")
    return str(MigrationContext.configure(connection).get_current_revision())


def _refuse_unknown(connection: Connection, scripts: ScriptDirectory) -> None:
    revision = MigrationContext.configure(connection).get_current_revision()
    try:
        scripts.get_revisions(revision or ())
    except CommandError:
        raise MigrationError(
            f"the database is at revision {revision!r}, which this version does not know "
            f"(its newest is {scripts.get_current_head()!r}): start the version that made "
            "it, or restore a backup"
        ) from None


def _engine(url: str) -> AsyncEngine:
    if not url.startswith("sqlite"):
        return create_async_engine(url, poolclass=NullPool, hide_parameters=True)
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"timeout": _SQLITE_LOCK_WAIT_S},
    )
    # Python's driver would commit before every CREATE TABLE; this way it keeps out of it
    # (SQLAlchemy, «SQLite Transactions and the sqlite3 driver»).
    event.listen(engine.sync_engine, "connect", _leave_transactions_to_us)
    event.listen(engine.sync_engine, "begin", _begin_with_lock)
    return engine


def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
    connection.isolation_level = None


def _begin_with_lock(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
