"""Promises about the demo administrator of a development run."""

import asyncio

import pytest
from front_door import FrontDoor

from app.core.vocabulary import Role
from app.services.auth_errors import WrongCredentialsError
from app.services.demo import DEMO_ADMIN_EMAIL

FIRST, SECOND = "Demo-1first-password", "Demo-1second-password"


@pytest.fixture
def demo(settings_with, database, passwords, clock):
    """A door whose settings ask for this demo password."""

    def asking_for(password: str | None) -> FrontDoor:
        return FrontDoor(settings_with(demo_admin_password=password), database, passwords, clock)

    return asking_for


async def test_the_demo_administrator_can_sign_in(demo):
    """With the password of the settings, as an administrator."""
    door = demo(FIRST)

    await door.sign_in.make_demo_admin()

    grant = await door.login(DEMO_ADMIN_EMAIL, FIRST)
    assert (await door.identify(grant)).role is Role.ADMIN


async def test_a_new_demo_password_replaces_the_old_one(demo):
    """Starting again with another password leaves one account with that password."""
    await demo(FIRST).sign_in.make_demo_admin()

    door = demo(SECOND)
    await door.sign_in.make_demo_admin()

    assert await door.login(DEMO_ADMIN_EMAIL, SECOND)
    with pytest.raises(WrongCredentialsError):
        await door.login(DEMO_ADMIN_EMAIL, FIRST)


async def test_without_a_demo_password_there_is_no_demo_account(demo):
    """Nothing to guess at."""
    door = demo(None)

    await door.sign_in.make_demo_admin()

    with pytest.raises(WrongCredentialsError):
        await door.login(DEMO_ADMIN_EMAIL, FIRST)


async def test_processes_that_start_together_make_one_account(demo):
    """None of them fails."""
    doors = [demo(FIRST) for _ in range(4)]

    await asyncio.gather(*(door.sign_in.make_demo_admin() for door in doors))

    assert await doors[0].login(DEMO_ADMIN_EMAIL, FIRST)
