"""Promises about sessions: how they go on, and that they end, on SQLite and PostgreSQL."""

import asyncio
from datetime import timedelta

import pytest
from front_door import FrontDoor
from sqlalchemy import delete, func, select, update

from app.core.config import Settings
from app.core.moments import now
from app.core.vocabulary import Role, SessionEnd
from app.models.tables import RefreshToken, Session, User
from app.services.auth_errors import NotSignedInError, RefreshOverlapError, RefreshRefusedError
from app.services.sessions import Grant
from app.services.tokens import InvalidTokenError, digest

LIFE_S = 7200
OTHER = "grace@school.example"


@pytest.fixture
def settings(settings_with, any_database_url) -> Settings:
    """Settings for each kind of database in turn; a session lives for two hours."""
    return settings_with(database_url=any_database_url, refresh_token_s=LIFE_S)


async def kept(door: FrontDoor, session_id: str) -> Session:
    async with door.database.sessions() as connection:
        return await connection.get_one(Session, session_id)


async def why_out(door: FrontDoor, grant: Grant) -> str:
    """Why the access token of ``grant`` is refused."""
    with pytest.raises(NotSignedInError) as refused:
        await door.identify(grant)
    return refused.value.reason


async def why_no_refresh(door: FrontDoor, grant: Grant) -> str:
    """Why the refresh token of ``grant`` is refused."""
    with pytest.raises(RefreshRefusedError) as refused:
        await door.auth.refresh(grant.refresh_token)
    return refused.value.reason


async def test_a_signed_in_person_is_known_by_pseudonym_role_and_grade(door):
    """Endpoints learn what they need, logs the pseudonym."""
    grant = await door.signed_in()

    principal = await door.identify(grant)

    assert (principal.user_id, principal.session_id) == (grant.user.id, grant.session_id)
    assert (principal.role, principal.grade_level) == (Role.STUDENT, 10)
    assert principal.pseudonym == door.pseudonyms.user(grant.user.id)


async def test_the_database_keeps_no_token_that_opens_anything(door):
    """Of a refresh token it holds the hash of the whole."""
    grant = await door.signed_in()

    async with door.database.sessions() as connection:
        (row,) = await connection.scalars(select(RefreshToken))

    assert row.token_sha256 == digest(grant.refresh_token)
    assert grant.refresh_token not in repr(vars(row))


async def test_a_refresh_gives_a_new_pair_for_the_same_session(door, moves, clock):
    """The old access token lives out its minutes, the session is the same."""
    first = await door.signed_in()
    moves.forget()
    clock.advance(600)

    second = await door.auth.refresh(first.refresh_token)

    assert second.session_id == first.session_id
    assert {second.refresh_token, second.access_token}.isdisjoint(
        {first.refresh_token, first.access_token}
    )
    assert (await door.identify(second)).user_id == first.user.id
    assert moves() == {"refresh success": 1}


async def test_a_chain_of_refreshes_goes_on(door, clock):
    """Each token is good for the next one."""
    grant = await door.signed_in()

    for _ in range(5):
        clock.advance(600)
        grant = await door.auth.refresh(grant.refresh_token)

    assert (await door.identify(grant)).session_id == grant.session_id


async def test_a_used_refresh_token_ends_the_whole_session(door, moves, clock):
    """Two parties hold it, and nobody can tell which is the thief: both are out at once."""
    stolen = await door.signed_in()
    owners = await door.auth.refresh(stolen.refresh_token)
    clock.advance(60)
    moves.forget()

    reason = await why_no_refresh(door, stolen)

    assert reason == "used_before"
    assert moves() == {
        "refresh failure": 1,
        "reuse": 1,
        "sessions ended": 1,
        "seconds of sessions": 60,
    }
    assert await why_out(door, owners) == await why_out(door, stolen) == "session_ended"
    assert await why_no_refresh(door, owners) == "session_ended"
    assert (await kept(door, stolen.session_id)).end_reason is SessionEnd.REUSE


async def test_a_token_from_far_back_in_the_chain_ends_the_session_too(door):
    """Every token of the family is watched, not the last one alone."""
    first = await door.signed_in()
    grant = first
    for _ in range(3):
        grant = await door.auth.refresh(grant.refresh_token)

    assert await why_no_refresh(door, first) == "used_before"
    assert await why_out(door, grant) == "session_ended"


async def test_a_reuse_is_told_once(door, moves):
    """Showing it again and again rings no further bell."""
    first = await door.signed_in()
    await door.auth.refresh(first.refresh_token)
    reasons = [await why_no_refresh(door, first) for _ in range(3)]

    assert reasons == ["used_before", "session_ended", "session_ended"]
    assert moves()["reuse"] == 1


async def test_a_reuse_leaves_other_sessions_alone(door):
    """The pupil's phone stays signed in when the classroom's tablet is thrown out."""
    tablet = await door.signed_in()
    phone = await door.login()
    await door.auth.refresh(tablet.refresh_token)

    await why_no_refresh(door, tablet)

    assert (await door.identify(phone)).session_id == phone.session_id


async def test_of_two_refreshes_at_the_same_time_one_wins_and_the_session_lives(door, moves):
    """A browser's two tabs are not a thief: the later one is refused and nobody is thrown out."""
    grant = await door.signed_in()
    token = digest(grant.refresh_token)
    moves.forget()
    # Both find the token unused, and neither can take it before both have looked.
    async with door.database.transaction() as holding:
        touch = update(RefreshToken).where(RefreshToken.token_sha256 == token)
        await holding.execute(touch.values(issued_at=RefreshToken.issued_at))
        tabs = [asyncio.create_task(door.auth.refresh(grant.refresh_token)) for _ in range(2)]
        await asyncio.sleep(0.5)

    outcomes = await asyncio.gather(*tabs, return_exceptions=True)

    (won,) = [one for one in outcomes if isinstance(one, Grant)]
    assert sum(isinstance(one, RefreshOverlapError) for one in outcomes) == 1
    assert moves() == {"refresh success": 1, "refresh failure": 1}
    assert (await door.identify(await door.auth.refresh(won.refresh_token))).user_id


async def test_an_unknown_token_refreshes_nothing(door, moves):
    """Neither an invented one nor an access token, which is of another kind (D74)."""
    grant = await door.signed_in()
    moves.forget()

    for token in ("invented", grant.access_token, ""):
        with pytest.raises(RefreshRefusedError, match="unknown"):
            await door.auth.refresh(token)

    assert moves() == {"refresh failure": 3}
    assert (await door.identify(grant)).user_id == grant.user.id


async def test_a_refresh_token_is_no_access_token(door):
    """What refreshes does not open (D74)."""
    grant = await door.signed_in()

    with pytest.raises(InvalidTokenError):
        door.tokens.read(grant.refresh_token)


async def test_a_session_ends_at_its_time_however_often_it_was_refreshed(door, clock):
    """Rotation does not prolong it; the last access token is cut to what is left."""
    grant = await door.signed_in()
    for _ in range(11):
        clock.advance(600)
        grant = await door.auth.refresh(grant.refresh_token)
    clock.advance(300)
    last = await door.auth.refresh(grant.refresh_token)
    clock.advance(300)

    assert last.access_token_s == 300
    with pytest.raises(InvalidTokenError, match="expired"):
        door.tokens.read(last.access_token)
    assert await why_no_refresh(door, last) == "session_expired"


async def test_an_expired_session_opens_nothing_before_it_is_swept(door, clock):
    """The end is in the row; nobody has to come by first."""
    grant = await door.signed_in()
    clock.advance(LIFE_S)
    fresh = door.tokens.access_token(user_id=grant.user.id, session_id=grant.session_id)

    with pytest.raises(NotSignedInError, match="session_expired"):
        await door.auth.identify(door.tokens.read(fresh))


async def test_signing_out_ends_the_own_session_at_once_and_no_other(door, moves, clock):
    """The session of the token that was shown, not the newest one."""
    old = await door.signed_in()
    new = await door.login()
    clock.advance(90)
    moves.forget()

    await door.auth.logout(await door.identify(old))

    assert await why_out(door, old) == "session_ended"
    assert await why_no_refresh(door, old) == "session_ended"
    assert (await door.identify(new)).session_id == new.session_id
    assert (await kept(door, old.session_id)).end_reason is SessionEnd.LOGOUT
    assert moves() == {"sessions ended": 1, "seconds of sessions": 90, "refresh failure": 1}


async def test_signing_out_twice_ends_one_session(door, moves):
    """Its duration is observed once."""
    principal = await door.identify(await door.signed_in())
    moves.forget()

    await asyncio.gather(*(door.auth.logout(principal) for _ in range(3)))

    assert moves() == {"sessions ended": 1}


async def test_signing_out_everywhere_ends_every_session_of_the_account(door, moves):
    """And none of anybody else's."""
    own = [await door.signed_in(), await door.login(), await door.login()]
    others = await door.signed_in(OTHER)
    moves.forget()

    await door.auth.logout_all(await door.identify(own[1]))

    assert moves() == {"sessions ended": 3}
    assert {await why_out(door, grant) for grant in own} == {"session_ended"}
    assert (await door.identify(others)).user_id == others.user.id


async def test_another_process_knows_of_a_sign_out_without_a_shared_store(door, clock, passwords):
    """What a restart forgets, the row remembers (D74)."""
    grant = await door.signed_in()
    await door.auth.logout(await door.identify(grant))

    elsewhere = FrontDoor(door.settings, door.database, passwords, clock)

    assert len(elsewhere.protection.revocations) == 0
    assert await why_out(elsewhere, grant) == "session_ended"


async def test_a_revocation_alone_is_enough(door):
    """Another process's word counts before this one's database shows it."""
    grant = await door.signed_in()

    await door.protection.revocations.revoke(grant.session_id, for_s=900)

    assert await why_out(door, grant) == "session_ended"


@pytest.mark.parametrize("change", ["suspend", "delete"])
async def test_who_is_suspended_is_out_at_once(door, clock, change):
    """A token that was good a moment ago opens nothing, and cannot be renewed (D74)."""
    grant = await door.signed_in()
    await door.identify(grant)

    if change == "suspend":
        await door.suspend(grant.user)
    else:
        await door.change(grant.user, deleted_at=now(clock))

    assert await why_out(door, grant) == "account_inactive"
    assert await why_no_refresh(door, grant) == "account_inactive"


async def test_a_new_role_counts_at_once(door):
    """Roles are read from the account, not from the token."""
    grant = await door.signed_in(role=Role.ADMIN)
    before = await door.identify(grant)

    await door.change(grant.user, role=Role.TEACHER)

    assert before.may(Role.ADMIN)
    assert not (await door.identify(grant)).may(Role.ADMIN)


async def test_a_token_for_somebody_elses_session_opens_nothing(door):
    """Account and session must belong together."""
    ada, grace = await door.signed_in(), await door.signed_in(OTHER)
    mixed = door.tokens.access_token(user_id=grace.user.id, session_id=ada.session_id)

    with pytest.raises(NotSignedInError, match="session_unknown"):
        await door.auth.identify(door.tokens.read(mixed))


async def test_a_token_of_a_session_that_is_gone_opens_nothing(door):
    """A restored backup, or a row that was deleted by hand."""
    grant = await door.signed_in()
    async with door.database.transaction() as transaction:
        await transaction.execute(delete(RefreshToken))
        await transaction.execute(delete(Session))

    assert await why_out(door, grant) == "session_unknown"


async def test_being_seen_is_noted_once_a_minute(door, clock):
    """Requests do not write; a gauge needs no more than this."""
    grant = await door.signed_in()
    began = (await kept(door, grant.session_id)).last_seen_at
    seen = []

    for seconds in (59, 1, 30):
        clock.advance(seconds)
        await door.identify(grant)
        seen.append((await kept(door, grant.session_id)).last_seen_at - began)

    assert seen == [timedelta(0), timedelta(seconds=60), timedelta(seconds=60)]


async def test_limits_count_refreshes_by_session(door):
    """Every token of a chain counts for the same one, an unknown token for itself."""
    first = await door.signed_in()
    second = await door.auth.refresh(first.refresh_token)

    counted = [await door.auth.limited_by(one.refresh_token) for one in (first, second)]

    assert counted == [first.session_id] * 2
    assert await door.auth.limited_by("invented") == digest("invented")


async def test_of_many_sign_ins_each_has_a_session_of_its_own(door):
    """Ten devices at the same moment, ten sessions, one account."""
    await door.register()

    grants = await asyncio.gather(*(door.login() for _ in range(10)))

    assert len({grant.session_id for grant in grants}) == 10
    async with door.database.sessions() as connection:
        assert await connection.scalar(select(func.count()).select_from(User)) == 1
