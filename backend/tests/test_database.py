"""What the database tells of itself."""

import pytest
from sqlalchemy import text

from app.composition import compose
from app.core.database import Database
from app.core.metrics import DATABASE_SERVER_CONNECTIONS, DATABASE_SERVER_MAX
from app.lifespan import samplers
from tocsin.clock import SystemClock


async def test_a_burst_between_two_looks_at_the_pool_is_seen(database):
    """The pool's figure is the most that was lent out since the last look, not the moment's."""
    database.take_pool_peak()
    async with database.engine.connect() as first, database.engine.connect() as second:
        await first.execute(text("SELECT 1"))
        await second.execute(text("SELECT 1"))

    after_the_burst, quiet = database.take_pool_peak(), database.take_pool_peak()

    assert after_the_burst == 2
    assert quiet == 0
    assert database.pool_size() == 20


@pytest.mark.servers
async def test_the_servers_connections_are_counted_whoever_has_them(settings_with, postgres_url):
    """Others' sessions fill the server as ours do."""
    ours = Database(settings_with(database_url=postgres_url))
    others = Database(settings_with(database_url=postgres_url))

    before = await ours.server_connections()
    async with others.engine.connect(), others.engine.connect():
        during = await ours.server_connections()
    await others.close()
    await ours.close()

    assert during.used >= before.used + 2
    assert during.most == before.most > 10


@pytest.mark.servers
async def test_what_the_server_tells_becomes_a_metric(settings_with, postgres_url):
    """`vividly_database_server_connections` and `vividly_database_server_connections_max`."""
    services = compose(settings_with(database_url=postgres_url), clock=SystemClock(), stream=None)
    reading = next(one for one in samplers(services) if one.name == "database_server")

    await reading.read()
    await services.database.close()

    assert 1 <= DATABASE_SERVER_CONNECTIONS.value() < DATABASE_SERVER_MAX.value()


async def test_sqlite_has_no_server(database):
    """Nothing is counted where there is nothing to count."""
    found = await database.server_connections()

    assert found is None


@pytest.mark.servers
async def test_our_sessions_can_be_told_from_others(settings_with, postgres_url):
    """Whoever must end sessions at night sees by name which are not the service's."""
    database = Database(settings_with(database_url=postgres_url))

    async with database.engine.connect() as connection:
        name = (await connection.execute(text("SHOW application_name"))).scalar_one()
    await database.close()

    assert name == "vividly"
