"""Promises about forgotten passwords, on SQLite and PostgreSQL."""

import asyncio
import email.policy
import re
import threading
from email.parser import BytesParser

import pytest
from front_door import CLIENT, EMAIL, PASSWORD, FrontDoor
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.core.config import Settings
from app.services.auth_errors import (
    LockedOutError,
    NotSignedInError,
    PasswordRefusedError,
    ResetRefusedError,
    WrongCredentialsError,
)
from app.services.passwords import Passwords

NEW_PASSWORD = "Difference-Engine-2"


class HaltingHasher(Argon2Hasher):
    """Weak argon2 that stops before its verdict until it is told to go on."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.asked, self.go_on = threading.Event(), threading.Event()

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002 - pwdlib's
        """Whether it is the one, when the time has come."""
        self.asked.set()
        return self.go_on.wait(10) and super().verify(password, hash)


@pytest.fixture
def settings(settings_with, any_database_url) -> Settings:
    """Settings for each kind of database in turn."""
    return settings_with(database_url=any_database_url)


def letter_text(door: FrontDoor) -> str:
    """The newest letter's text."""
    content = door.letters()[-1].read_bytes()
    return BytesParser(policy=email.policy.default).parsebytes(content).get_content()


def code(door: FrontDoor) -> str:
    """The code of the newest letter: its only long word."""
    return re.search(r"^(\S{43})\s", letter_text(door), re.MULTILINE).group(1)


async def asked(door: FrontDoor, address: str = EMAIL) -> str:
    """Ask for a letter and return its code."""
    await door.auth.request_reset(address)
    return code(door)


async def test_the_letter_lets_its_owner_choose_a_new_password(door):
    """The new one opens the account, the old one does not."""
    await door.register()

    await door.auth.confirm_reset(await asked(door), NEW_PASSWORD, CLIENT)

    assert (await door.login(password=NEW_PASSWORD)).user.email == EMAIL
    with pytest.raises(WrongCredentialsError):
        await door.login(password=PASSWORD)


async def test_the_address_may_be_typed_in_any_spelling(door):
    """The letter goes to the mailbox that was registered."""
    await door.register()

    await door.auth.request_reset(" ADA@School.Example")

    assert b"To: ada@school.example" in door.letters()[0].read_bytes()


async def test_nobody_writes_to_addresses_without_an_account(door):
    """Asked for a stranger or a suspended account, there is no letter and no error."""
    await door.suspend(await door.register())

    for address in (EMAIL, "nobody@school.example", "not an address"):
        await door.auth.request_reset(address)

    assert door.letters() == []


async def test_a_new_password_ends_every_session(door, moves):
    """Whoever held the old one is out, on all devices, at once."""
    grants = [await door.signed_in(), await door.login()]
    reset = await asked(door)
    moves.forget()

    await door.auth.confirm_reset(reset, NEW_PASSWORD, CLIENT)

    assert moves() == {"sessions ended": 2}
    for grant in grants:
        with pytest.raises(NotSignedInError, match="session_ended"):
            await door.identify(grant)


async def test_a_sign_in_that_a_new_password_overtakes_begins_no_session(
    settings, database, clock, moves
):
    """Who signs in with the old one in that very moment is refused, not missed."""
    hasher = HaltingHasher()
    door = FrontDoor(settings, database, Passwords(hasher=PasswordHash((hasher,))), clock)
    await door.register()
    reset = await asked(door)

    sign_in = asyncio.create_task(door.login())
    await asyncio.to_thread(hasher.asked.wait, 10)
    await door.auth.confirm_reset(reset, NEW_PASSWORD, CLIENT)
    hasher.go_on.set()

    with pytest.raises(WrongCredentialsError):
        await sign_in
    assert moves() == {"attempt failure student": 1, "failure invalid_password": 1}
    door.sign_in.close()


async def test_a_code_works_once(door):
    """A letter found later in the bin is worth nothing."""
    await door.register()
    reset = await asked(door)
    await door.auth.confirm_reset(reset, NEW_PASSWORD, CLIENT)

    with pytest.raises(ResetRefusedError):
        await door.auth.confirm_reset(reset, "Another-Engine-3", CLIENT)

    assert await door.login(password=NEW_PASSWORD)


async def test_of_two_who_use_a_code_at_once_one_sets_the_password(door):
    """Taking it is one step of the database."""
    await door.register()
    reset = await asked(door)

    outcomes = await asyncio.gather(
        *(door.auth.confirm_reset(reset, f"Engine-Number-{n}", CLIENT) for n in range(4)),
        return_exceptions=True,
    )

    assert sum(isinstance(one, ResetRefusedError) for one in outcomes) == 3
    winner = outcomes.index(None)
    assert await door.login(password=f"Engine-Number-{winner}")


async def test_a_code_is_good_for_an_hour(door, clock):
    """After that the person asks anew."""
    await door.register()
    reset = await asked(door)
    clock.advance(3600)

    with pytest.raises(ResetRefusedError):
        await door.auth.confirm_reset(reset, NEW_PASSWORD, CLIENT)


async def test_one_new_password_closes_all_letters(door):
    """A second letter that was on its way does not undo it."""
    await door.register()
    first, second = await asked(door), await asked(door)

    await door.auth.confirm_reset(second, NEW_PASSWORD, CLIENT)

    with pytest.raises(ResetRefusedError):
        await door.auth.confirm_reset(first, "Another-Engine-3", CLIENT)


async def test_a_refused_password_leaves_the_code_good(door):
    """The person corrects it and goes on."""
    await door.register()
    reset = await asked(door)

    with pytest.raises(PasswordRefusedError, match="password_is_personal"):
        await door.auth.confirm_reset(reset, "Lovelace1", CLIENT)
    await door.auth.confirm_reset(reset, NEW_PASSWORD, CLIENT)

    assert await door.login(password=NEW_PASSWORD)


async def test_nobody_fills_somebody_elses_mailbox(door, clock):
    """Three letters are open at a time, however many were asked for at once."""
    await door.register()

    await asyncio.gather(*(door.auth.request_reset(EMAIL) for _ in range(8)))
    within_the_hour = len(door.letters())
    clock.advance(3600)
    await door.auth.request_reset(EMAIL)

    assert within_the_hour == 3
    assert len(door.letters()) == 4


async def test_a_code_is_not_good_for_a_suspended_account(door):
    """A letter does not lift a suspension."""
    user = await door.register()
    reset = await asked(door)
    await door.suspend(user)

    with pytest.raises(ResetRefusedError):
        await door.auth.confirm_reset(reset, NEW_PASSWORD, CLIENT)


@pytest.mark.parametrize("invented", ["", "x" * 43, "'; DROP TABLE users; --"])
async def test_an_invented_code_is_refused(door, invented):
    """Whatever its form."""
    await door.register()

    with pytest.raises(ResetRefusedError):
        await door.auth.confirm_reset(invented, NEW_PASSWORD, CLIENT)


async def test_a_new_password_lifts_the_owners_lockout(door):
    """Who forgot it, tried five times and then asked for a letter need not wait as well."""
    await door.register()
    for _ in range(5):
        with pytest.raises(WrongCredentialsError):
            await door.login(password="Wrong-1234")
    with pytest.raises(LockedOutError):
        await door.login()

    await door.auth.confirm_reset(await asked(door), NEW_PASSWORD, CLIENT)

    assert await door.login(password=NEW_PASSWORD)


class TestWithAPageOfOurOwn:
    """Where the settings name the page that takes the new password."""

    @pytest.fixture
    def settings(self, settings_with) -> Settings:
        """The page is part of the front end."""
        return settings_with(reset_page="https://app.example/reset")

    async def test_the_secret_stays_out_of_every_servers_log(self, door):
        """It stands behind the #, which browsers do not send (D78)."""
        await door.register()

        await door.auth.request_reset(EMAIL)

        address = re.search(r"https://\S+", letter_text(door)).group()
        page, _, fragment = address.partition("#")
        assert page == "https://app.example/reset"
        await door.auth.confirm_reset(fragment.removeprefix("token="), NEW_PASSWORD, CLIENT)
        assert await door.login(password=NEW_PASSWORD)
