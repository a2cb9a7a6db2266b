"""What the tests of the service stand on: settings, databases, the service itself.

``settings_with`` makes settings that touch nothing outside the test's own folder;
``database`` is a migrated SQLite, ``postgres_url`` and ``redis_url`` are real servers;
``client`` speaks HTTP to the whole service in this process.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from real.certificates import tls
from real.postgres import PostgresServer, postgres, postgres_url
from real.redis import RedisServer, redis_server, redis_url
from real.service import Service, StartService, running_service

from app.core.config import Settings
from app.core.database import Database
from app.services.passwords import Passwords
from tocsin.clock import SystemClock
from tocsin.telemetry.testing import CapturedTelemetry, HandClock

if TYPE_CHECKING:
    from front_door import AuthMoves, FrontDoor
    from lesson_desk import LessonDesk

__all__ = [
    "PostgresServer",
    "RedisServer",
    "Service",
    "StartService",
    "postgres",
    "postgres_url",
    "redis_server",
    "redis_url",
    "running_service",
    "tls",
]

SettingsWith = Callable[..., Settings]
_REAL_SERVERS = {"postgres", "redis_server", "running_service"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whoever needs a real server, so that a quick run can leave it out."""
    for item in items:
        if _REAL_SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.servers)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on what the caller's shell exports."""
    for name, field in Settings.model_fields.items():
        monkeypatch.delenv((field.alias or name).upper(), raising=False)


@pytest.fixture
def settings_with(tmp_path: Path, bare_environment: None) -> SettingsWith:
    """Settings for a test, each of which can be overridden by name."""

    def make(**overrides: object) -> Settings:
        ordinary = {
            "environment": "test",
            "secret_key": "a secret key for tests, 32 characters and more",
            "telemetry_key": "a telemetry key for tests, 32 characters and more",
            "database_url": f"sqlite+aiosqlite:///{tmp_path / 'vividly.db'}",
            "artefact_dir": tmp_path / "artefacts",
            "mail_dir": tmp_path / "mail",
            "embedded_worker": False,
            "log_format": "json",
        }
        return Settings.load(**ordinary | overrides)

    return make


@pytest.fixture
def settings(settings_with: SettingsWith) -> Settings:
    """The ordinary settings: SQLite and memory, no worker."""
    return settings_with()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def any_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind in turn: a test that uses it runs twice."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite+aiosqlite:///{tmp_path / 'vividly.db'}"


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """A migrated SQLite database of this test's own."""
    from app.models.migrate import upgrade  # noqa: PLC0415 - quick tests need no Alembic

    await upgrade(settings.database_url)
    opened = Database(settings)
    yield opened
    await opened.close()


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    """Argon2 at its weakest: for tests that hash often and are not about its strength."""
    weak = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    made = Passwords(hasher=weak)
    yield made
    made.close()


@pytest.fixture
def clock() -> HandClock:
    """A clock that stands until it is moved, at the beginning of 2026."""
    return HandClock()


@pytest.fixture
def door(
    settings: Settings, database: Database, passwords: Passwords, clock: HandClock
) -> "FrontDoor":
    """The service's sign-in, without HTTP, on the database of ``settings``."""
    from front_door import FrontDoor  # noqa: PLC0415 - unit tests need no database

    return FrontDoor(settings, database, passwords, clock)


@pytest.fixture
def moves() -> "AuthMoves":
    """What the test does to the metrics of sign-in."""
    from front_door import AuthMoves  # noqa: PLC0415 - as above

    return AuthMoves()


@pytest.fixture
async def desk(settings: Settings, database: Database) -> AsyncIterator["LessonDesk"]:
    """The service's content side, without HTTP, on the database of ``settings``."""
    from lesson_desk import LessonDesk  # noqa: PLC0415 - unit tests need no database

    with CapturedTelemetry(clock=SystemClock()) as captured:
        yield LessonDesk(settings, database, captured.telemetry, captured)


@pytest.fixture
async def any_desk(
    any_database_url: str, settings_with: SettingsWith
) -> AsyncIterator["LessonDesk"]:
    """The same on SQLite and on a real PostgreSQL: a test that uses it runs twice."""
    from lesson_desk import LessonDesk  # noqa: PLC0415 - as above

    from app.models.migrate import upgrade  # noqa: PLC0415 - as above

    await upgrade(any_database_url)
    opened = Database(settings_with(database_url=any_database_url))
    with CapturedTelemetry(clock=SystemClock()) as captured:
        yield LessonDesk(
            settings_with(database_url=any_database_url), opened, captured.telemetry, captured
        )
    await opened.close()


@pytest.fixture
async def app(settings: Settings, database: Database) -> AsyncIterator[FastAPI]:
    """The whole service, started, on the migrated database of ``settings``."""
    from app.main import create_app  # noqa: PLC0415 - unit tests need no service

    service = create_app(settings)
    async with service.router.lifespan_context(service):
        yield service


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the service; a handler's exception comes back as its response."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as browser:
        yield browser
