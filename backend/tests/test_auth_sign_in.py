"""Promises about registering and signing in, on SQLite and PostgreSQL."""

import asyncio
import statistics
import time
from collections import Counter
from datetime import UTC, datetime

import pytest
from front_door import CLIENT, EMAIL, PASSWORD, FrontDoor
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import func, select

from app.core.config import Settings
from app.core.vocabulary import AccountStatus, Role
from app.models.tables import Session, User
from app.services.auth_errors import (
    AccountInactiveError,
    EmailTakenError,
    LockedOutError,
    PasswordRefusedError,
    WrongCredentialsError,
)
from app.services.passwords import Passwords

STRANGER = "nobody@school.example"


@pytest.fixture
def settings(settings_with, any_database_url) -> Settings:
    """Settings for each kind of database in turn."""
    return settings_with(database_url=any_database_url)


async def rows(door: FrontDoor, table: type) -> int:
    async with door.database.sessions() as connection:
        return await connection.scalar(select(func.count()).select_from(table))


async def fail(door: FrontDoor, email: str, times: int, client: str = CLIENT) -> None:
    """So many wrong passwords."""
    for _ in range(times):
        with pytest.raises(WrongCredentialsError):
            await door.login(email, "Wrong-1234", client)


async def test_who_registers_can_sign_in(door, moves):
    """The account is active at once, its sign-in counted under its role."""
    user = await door.register()

    grant = await door.login()

    assert (user.role, user.status, user.grade_level) == (Role.STUDENT, AccountStatus.ACTIVE, 10)
    assert (await door.identify(grant)).user_id == user.id
    assert moves() == {"attempt success student": 1}


async def test_the_password_itself_is_kept_nowhere(door):
    """The row holds a salted hash."""
    user = await door.register()

    assert user.password_hash.startswith("$argon2id$")
    assert PASSWORD not in repr(vars(user))


@pytest.mark.parametrize(
    "spelling", ["Ada@School.Example", " ada@school.example ", "\uff41da@school.example"]
)
async def test_one_mailbox_is_one_account_however_it_is_spelt(door, spelling):
    """It cannot be registered twice, and can be signed in by any spelling (D80)."""
    user = await door.register()

    with pytest.raises(EmailTakenError):
        await door.register(spelling)
    grant = await door.login(spelling)

    assert grant.user.id == user.id


async def test_of_two_who_register_one_address_at_once_one_is_told(door):
    """The database decides; neither gets an error of ours."""
    outcomes = await asyncio.gather(*(door.register() for _ in range(5)), return_exceptions=True)

    made = [one for one in outcomes if isinstance(one, User)]
    told = [one for one in outcomes if isinstance(one, EmailTakenError)]
    assert (len(made), len(told)) == (1, 4)
    assert await rows(door, User) == 1


async def test_the_rules_on_passwords_hold_behind_the_forms_too(door):
    """Whoever calls the service without a form is held to the same rules."""
    with pytest.raises(PasswordRefusedError, match="password_is_personal"):
        await door.register(password="Lovelace1")

    assert await rows(door, User) == 0


async def test_a_wrong_password_and_an_unknown_address_are_refused_alike(door, moves):
    """The refusals differ in our metrics only; the stranger's role is `unknown` (N5)."""
    await door.register()

    with pytest.raises(WrongCredentialsError) as wrong:
        await door.login(password="Wrong-1234")
    with pytest.raises(WrongCredentialsError) as unknown:
        await door.login(STRANGER)

    assert repr(wrong.value) == repr(unknown.value)
    assert moves() == {
        "attempt failure student": 1,
        "attempt failure unknown": 1,
        "failure invalid_password": 1,
        "failure user_not_found": 1,
    }


async def test_the_fifth_failure_locks_the_address_out_for_five_minutes(door, clock, moves):
    """Then not even the right password is looked at, until the time is over."""
    await door.register()
    await fail(door, EMAIL, 5)
    moves.forget()

    with pytest.raises(LockedOutError) as locked:
        await door.login()
    refused = moves()
    clock.advance(300)
    await door.login()

    assert locked.value.retry_after_s == 300
    assert refused == {"attempt failure unknown": 1, "failure account_locked": 1}


async def test_a_lockout_does_not_tell_whether_the_account_exists(door):
    """An invented address is locked out after as many failures, for as long."""
    await door.register()
    waits = []

    for email in (EMAIL, STRANGER):
        await fail(door, email, 5)
        with pytest.raises(LockedOutError) as locked:
            await door.login(email)
        waits.append(locked.value.retry_after_s)

    assert waits == [300, 300]


async def test_another_spelling_does_not_get_around_a_lockout(door):
    """The lock is on the mailbox, not on its letters (D80)."""
    await door.register()
    await fail(door, EMAIL, 5)

    with pytest.raises(LockedOutError):
        await door.login("ADA@school.example")


async def test_a_lockout_is_for_one_client_and_spares_the_owner_elsewhere(door):
    """Somebody who guesses at school does not keep the pupil out at home."""
    await door.register()
    await fail(door, EMAIL, 5)

    grant = await door.login(client="198.51.100.1")

    assert grant.user.email == EMAIL


async def test_a_right_password_forgets_the_wrong_ones_before_it(door):
    """Four slips on Monday and four on Tuesday are no attack."""
    await door.register()

    await fail(door, EMAIL, 4)
    await door.login()
    await fail(door, EMAIL, 4)

    assert (await door.login()).user.email == EMAIL


async def test_guesses_sent_side_by_side_do_not_outrun_the_lockout(door):
    """The right password among forty at once comes after five wrong ones, and is refused."""
    await door.register()
    guesses = [f"Wrong-{number}" for number in range(40)] + [PASSWORD]

    outcomes = await asyncio.gather(
        *(door.login(password=guess) for guess in guesses), return_exceptions=True
    )

    assert isinstance(outcomes[-1], LockedOutError)
    assert await rows(door, Session) == 0


async def test_a_refusal_in_a_lockout_does_not_tell_whether_the_guess_was_right(door):
    """Of forty guesses at once five are told wrong; the others look like the right one."""
    await door.register()
    guesses = [f"Wrong-{number}" for number in range(40)] + [PASSWORD]

    outcomes = await asyncio.gather(
        *(door.login(password=guess) for guess in guesses), return_exceptions=True
    )

    assert Counter(map(type, outcomes)) == {WrongCredentialsError: 5, LockedOutError: 36}
    assert {repr(one) for one in outcomes if isinstance(one, LockedOutError)} == {
        repr(outcomes[-1])
    }


@pytest.mark.parametrize(
    "change",
    [
        {"status": AccountStatus.SUSPENDED},
        {"status": AccountStatus.PENDING},
        {"status": AccountStatus.ARCHIVED},
        {"deleted_at": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
    ids=str,
)
async def test_only_an_active_account_is_let_in(door, moves, change):
    """Its owner, who knows the password, is told; a guesser is not."""
    await door.change(await door.register(), **change)

    with pytest.raises(AccountInactiveError):
        await door.login()
    owner_moved = moves()
    moves.forget()
    with pytest.raises(WrongCredentialsError):
        await door.login(password="Wrong-1234")

    assert owner_moved == {"attempt failure student": 1, "failure account_inactive": 1}
    assert moves() == {"attempt failure student": 1, "failure invalid_password": 1}
    assert await rows(door, Session) == 0


async def test_a_sign_in_renews_a_hash_of_outdated_strength(door):
    """The next sign-in works with the stronger one."""
    weaker = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1, hash_len=16),))
    user = await door.register()
    await door.change(user, password_hash=weaker.hash(PASSWORD))

    await door.login()

    async with door.database.sessions() as connection:
        kept = await connection.scalar(select(User.password_hash))
    assert len(kept) > len(weaker.hash(PASSWORD))
    assert (await door.login()).user.id == user.id


class TestAtFullStrength:
    """With passwords hashed as in production."""

    @pytest.fixture
    def settings(self, settings_with) -> Settings:
        """SQLite alone: the database takes no part in it."""
        return settings_with(lockout_failures=100)

    @pytest.fixture
    def passwords(self):
        """The real cost."""
        made = Passwords()
        yield made
        made.close()

    async def test_the_time_of_a_refusal_does_not_tell_whether_the_account_exists(self, door):
        """An unknown address pays for a hash as well; a lookup alone takes a fiftieth of it."""
        await door.register()

        async def seconds(email: str) -> float:
            began_s = time.perf_counter()
            await fail(door, email, 1)
            return time.perf_counter() - began_s

        known, unknown = [], []
        for _ in range(7):
            known.append(await seconds(EMAIL))
            unknown.append(await seconds(STRANGER))

        assert 0.5 < statistics.median(unknown) / statistics.median(known) < 2.0
