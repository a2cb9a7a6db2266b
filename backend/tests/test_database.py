"""What the database tells of itself."""

from sqlalchemy import text


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
