"""Promises about the migrations, on SQLite and on a real PostgreSQL."""

import asyncio
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

import app.models.migrate
from app.models.migrate import MigrationError, run_with_connection, upgrade
from app.models.tables import Base

SCRIPTS = Path(app.models.migrate.__file__).parent / "migrations"


@pytest.fixture
def empty_url(any_database_url) -> str:
    """An empty database on either engine."""
    return any_database_url


def config_for(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


def revisions() -> list[str]:
    """All revisions, the oldest first."""
    scripts = ScriptDirectory(str(SCRIPTS))
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


def shape(connection: Connection) -> dict[str, object]:
    """Everything that the engine knows about our tables, in comparable form."""
    inspector = inspect(connection)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"])
                for column in inspector.get_columns(table)
            },
            "key": inspector.get_pk_constraint(table)["constrained_columns"],
            "checks": {c["name"]: c["sqltext"] for c in inspector.get_check_constraints(table)},
            "unique": sorted(c["column_names"] for c in inspector.get_unique_constraints(table)),
            "indexes": {i["name"]: i["column_names"] for i in inspector.get_indexes(table)},
            "foreign": sorted(
                (k["constrained_columns"], k["referred_table"], k["referred_columns"])
                for k in inspector.get_foreign_keys(table)
            ),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


async def test_models_and_migrations_agree(empty_url):
    """Alembic finds nothing to add to a migrated database."""
    await upgrade(empty_url)

    differences = await run_with_connection(
        empty_url, lambda c: compare_metadata(MigrationContext.configure(c), Base.metadata)
    )

    assert differences == []


async def test_a_migrated_database_has_the_very_shape_of_the_models(empty_url):
    """Columns, keys, indexes and vocabularies come out as if the models had made them."""
    await upgrade(empty_url)
    migrated = await run_with_connection(empty_url, shape)

    def rebuild(connection: Connection) -> dict[str, object]:
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
        return shape(connection)

    made_by_models = await run_with_connection(empty_url, rebuild)

    assert set(migrated) == set(Base.metadata.tables)
    assert migrated == made_by_models


async def test_upgrading_twice_is_upgrading_once(empty_url):
    """A current database is left as it is, with what it holds."""
    newest = await upgrade(empty_url)
    add_event = (
        "INSERT INTO audit_events (at, actor, action, subject, request_id) "
        "VALUES ('2026-01-01 00:00:00', 'a', 'b', 'c', 'd')"
    )
    await run_with_connection(empty_url, lambda c: c.execute(text(add_event)))

    again = await upgrade(empty_url)

    assert again == newest == revisions()[-1]
    count = "SELECT count(*) FROM audit_events"
    assert await run_with_connection(empty_url, lambda c: c.scalar(text(count))) == 1


@pytest.mark.parametrize("old", ["base", *revisions()])
async def test_a_database_of_any_age_reaches_the_newest_shape(empty_url, old):
    """Whichever revision a database is at, the upgrade brings it to the same shape."""

    def age(connection: Connection) -> None:
        config = config_for(connection)
        command.upgrade(config, "head")
        command.downgrade(config, old)

    await run_with_connection(empty_url, age)

    await upgrade(empty_url)

    differences = await run_with_connection(
        empty_url, lambda c: compare_metadata(MigrationContext.configure(c), Base.metadata)
    )
    assert differences == []


async def test_processes_that_start_together_migrate_once(empty_url):
    """One migrates, the others wait for it and find nothing to do."""
    reached = await asyncio.gather(*(upgrade(empty_url) for _ in range(4)))

    assert reached == [revisions()[-1]] * 4


async def test_a_failed_migration_leaves_nothing_behind(empty_url):
    """Tables that were made before the failure are gone with it."""
    await run_with_connection(
        empty_url, lambda c: c.execute(text("CREATE TABLE audit_events (x INTEGER)"))
    )

    with pytest.raises(Exception, match="audit_events"):
        await upgrade(empty_url)

    tables = await run_with_connection(empty_url, lambda c: inspect(c).get_table_names())
    assert tables == ["audit_events"]


async def test_a_database_of_a_newer_version_is_refused(empty_url):
    """An older program says so instead of working on tables that it does not know."""
    await upgrade(empty_url)
    newer = "UPDATE alembic_version SET version_num = '9999'"
    await run_with_connection(empty_url, lambda c: c.execute(text(newer)))

    with pytest.raises(MigrationError, match=r"'9999'.*does not know.*start the version"):
        await upgrade(empty_url)


async def test_the_database_refuses_a_word_outside_the_vocabulary(empty_url):
    """The CHECK holds in the database itself, whoever writes (D91)."""
    await upgrade(empty_url)
    stranger = (
        "INSERT INTO users (id, email, password_hash, first_name, last_name, role, status,"
        " created_at) VALUES ('1', 'e', 'p', 'f', 'l', 'headmaster', 'active',"
        " '2026-01-01 00:00:00')"
    )

    with pytest.raises(Exception, match=r"(?i)check constraint"):
        await run_with_connection(empty_url, lambda c: c.execute(text(stranger)))
