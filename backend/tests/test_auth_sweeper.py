"""Promises about what happens to sessions without anybody asking."""

import asyncio

import pytest
from front_door import FrontDoor
from sqlalchemy import func, select

from app.core.config import Settings
from app.core.metrics import ACTIVE_SESSIONS, ACTIVE_USERS
from app.core.vocabulary import Role, SessionEnd
from app.models.tables import PasswordReset, RefreshToken, Session
from app.services.auth_errors import RefreshRefusedError

LIFE_S = 3600
DAY_S = 86400


@pytest.fixture
def settings(settings_with, any_database_url) -> Settings:
    """Settings for each kind of database in turn; a session lives for an hour."""
    return settings_with(database_url=any_database_url, refresh_token_s=LIFE_S)


def live_by_role() -> dict[str, float]:
    return {role.value: ACTIVE_SESSIONS.value(user_role=role.value) for role in Role}


async def rows(door: FrontDoor, table: type) -> int:
    async with door.database.sessions() as connection:
        return await connection.scalar(select(func.count()).select_from(table))


async def test_a_session_that_ran_out_ends_at_its_own_time(door, clock, moves):
    """Noticed late, it still lasted an hour and not a second longer."""
    grant = await door.signed_in()
    clock.advance(LIFE_S + 17)
    moves.forget()

    await door.sweeper.sweep()

    assert moves() == {"sessions ended": 1, "seconds of sessions": LIFE_S}
    async with door.database.sessions() as connection:
        session = await connection.get_one(Session, grant.session_id)
    assert session.end_reason is SessionEnd.EXPIRED
    assert session.ended_at == session.expires_at


async def test_of_many_processes_one_ends_a_session(door, clock, passwords, moves):
    """However many sweep at once, its duration is observed once."""
    for number in range(3):
        await door.signed_in(f"pupil-{number}@school.example")
    others = [FrontDoor(door.settings, door.database, passwords, clock) for _ in range(3)]
    clock.advance(LIFE_S)
    moves.forget()

    await asyncio.gather(*(one.sweeper.sweep() for one in (door, *others)))
    await door.sweeper.sweep()

    assert moves()["sessions ended"] == 3


async def test_the_gauge_tells_live_sessions_by_role(door, clock):
    """Neither ended nor expired ones count; a role without any says 0."""
    await door.signed_in()
    await door.login()
    clock.advance(LIFE_S)
    await door.login()
    await door.signed_in("teacher@school.example", Role.TEACHER)
    leaving = await door.signed_in("admin@school.example", Role.ADMIN)

    await door.sweeper.sweep()
    before = live_by_role()
    await door.auth.logout(await door.identify(leaving))
    await door.sweeper.sweep()

    assert before == {"student": 1, "teacher": 1, "admin": 1, "super_admin": 0}
    assert live_by_role() == {"student": 1, "teacher": 1, "admin": 0, "super_admin": 0}


async def test_active_users_are_people_seen_in_the_last_five_minutes(door, clock):
    """Two devices of one pupil are one user; who went quiet is none."""
    ada = await door.signed_in()
    await door.login()
    await door.signed_in("grace@school.example")
    await door.sweeper.sweep()
    at_first = ACTIVE_USERS.value()

    clock.advance(299)
    await door.identify(ada)
    clock.advance(2)
    await door.sweeper.sweep()
    later = ACTIVE_USERS.value()
    clock.advance(300)
    await door.sweeper.sweep()

    assert (at_first, later, ACTIVE_USERS.value()) == (2, 1, 0)


async def test_who_signed_in_when_is_forgotten_after_thirty_days(door, clock):
    """Ended sessions, their tokens and old reset letters go; live ones stay."""
    grant = await door.signed_in()
    await door.auth.refresh(grant.refresh_token)
    await door.auth.request_reset(grant.user.email)
    clock.advance(LIFE_S)
    await door.sweeper.sweep()

    clock.advance(30 * DAY_S)
    await door.login()
    await door.sweeper.sweep()
    kept = [await rows(door, table) for table in (Session, RefreshToken, PasswordReset)]
    clock.advance(2 * LIFE_S)
    await door.sweeper.sweep()

    assert kept == [2, 3, 1]
    assert [await rows(door, table) for table in (Session, RefreshToken, PasswordReset)] == [
        1,
        1,
        0,
    ]


async def test_an_ended_session_is_kept_long_enough_to_look_into_it(door, clock):
    """A theft is noticed days later: until then the rows say what happened."""
    grant = await door.signed_in()
    await door.auth.refresh(grant.refresh_token)
    with pytest.raises(RefreshRefusedError):
        await door.auth.refresh(grant.refresh_token)
    clock.advance(29 * DAY_S)

    await door.sweeper.sweep()

    assert await rows(door, Session) == 1
