"""Whether a database has the tables that this program expects.

>>> newest_revision() >= "0001"
True
"""

from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app.core.config import ConfigurationError
from app.core.database import Database
from app.core.logging import get_logger

_SCRIPTS = Path(__file__).parent / "migrations"
_log = get_logger(__name__)


def newest_revision() -> str:
    """The revision that this program's migrations lead to."""
    return str(ScriptDirectory(str(_SCRIPTS)).get_current_head())


async def require_current(database: Database) -> None:
    """Go on only if the tables are there, and not older than this program.

    A newer database is taken: while a release is rolled out, the processes of the one
    before it serve on, and may have to start anew.

    Raises:
        ConfigurationError: the database has not been migrated.
    """
    async with database.engine.connect() as connection:
        revision = await connection.run_sync(_revision)
    if revision == newest_revision():
        return
    if revision is None or _is_ours(revision):
        raise ConfigurationError(
            [f"DATABASE_URL: {_told(revision)}: bring it up to date with `python -m app migrate`"]
        )
    _log.warning("database_is_newer", revision=revision, ours=newest_revision())


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _is_ours(revision: str) -> bool:
    return any(
        script.revision == revision for script in ScriptDirectory(str(_SCRIPTS)).walk_revisions()
    )


def _told(revision: str | None) -> str:
    return f"the database is at revision {revision}" if revision else "the database has no tables"
