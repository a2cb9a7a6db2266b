"""The database: one engine and one session factory, made at the start of the process.

SQLite is opened in WAL mode with foreign keys on; PostgreSQL through asyncpg with a
bounded pool. ``DATABASE_URL`` may be a plain ``postgresql://`` address.

>>> asynchronous_url("postgresql://u@h/db")
'postgresql+asyncpg://u@h/db'
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import event, make_url, text
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.pool import QueuePool

from app.core.config import Settings

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
_BUSY_TIMEOUT_MS = 5000
_POOL_TIMEOUT_S = 5
# Whoever looks for the sessions that fill the server must tell ours from others' (runbook
# DatabaseServerNearItsLimit).
_KNOWN_AS = {"server_settings": {"application_name": "vividly"}}
_SERVER_CONNECTIONS = text(
    "SELECT sum(numbackends)::int, current_setting('max_connections')::int"
    " - current_setting('superuser_reserved_connections')::int FROM pg_stat_database"
)


def asynchronous_url(url: str) -> str:
    """The same address with the driver that we use."""
    scheme, separator, rest = url.partition("://")
    return f"{_DRIVERS.get(scheme, scheme)}{separator}{rest}"


@dataclass(frozen=True)
class ServerConnections:
    """Connections to the server, and how many it grants to ordinary users."""

    used: int
    most: int


class Database:
    """One process's way to the database."""

    def __init__(self, settings: Settings) -> None:
        self.url = asynchronous_url(settings.database_url)
        self.engine = _engine(self.url, settings)
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._peak = 0
        event.listen(self.engine.sync_engine, "checkout", self._lent)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the block's end, rolled back on an exception."""
        async with self.sessions.begin() as session:
            yield session

    def take_pool_peak(self) -> int:
        """The most connections that were lent out at once since this was last asked.

        What is lent out at the moment of asking says little: a pool that is exhausted for
        a second between two looks would never be seen.
        """
        peak, self._peak = self._peak, self._in_use()
        return max(peak, self._peak)

    def _lent(self, *_connection: object) -> None:
        # While this one is on its way out, the pool may not count it yet.
        self._peak = max(self._peak, self._in_use(), 1)

    def _in_use(self) -> int:
        pool = self.engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    def pool_size(self) -> int:
        """Connections that the pool may lend at the most, overflow included."""
        pool = self.engine.pool
        return pool.size() + pool._max_overflow if isinstance(pool, QueuePool) else 0  # noqa: SLF001

    async def server_connections(self) -> ServerConnections | None:
        """How full the server is, whoever fills it; None of SQLite, which has no server.

        ``pg_stat_activity`` hides from us what others' sessions are, so the count is that
        of ``pg_stat_database``, which anybody may read
        (https://www.postgresql.org/docs/current/monitoring-stats.html).
        """
        if self.engine.dialect.name != "postgresql":
            return None
        async with self.engine.connect() as connection:
            used, most = (await connection.execute(_SERVER_CONNECTIONS)).one()
        return ServerConnections(used, most)

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()


def _engine(url: str, settings: Settings) -> AsyncEngine:
    # Errors must not carry statements' values: they hold students' questions.
    common: dict[str, Any] = {
        "hide_parameters": True,
        "pool_size": settings.database_pool_size,
        "max_overflow": settings.database_max_overflow,
        "pool_timeout": _POOL_TIMEOUT_S,
    }
    if not settings.is_sqlite:
        return create_async_engine(
            url, pool_pre_ping=True, pool_recycle=3600, connect_args=_KNOWN_AS, **common
        )
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url, **common)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
