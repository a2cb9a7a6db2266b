"""A school behind one address is not one caller, and hides nobody who guesses (decision 0003)."""

import pytest
from guarded import GuardedService, sign_in

STATUS = "/api/v1/content/requests/42"


@pytest.fixture
def guarded(settings_with, clock):
    def make(**overrides):
        return GuardedService(settings_with(**overrides), clock)

    return make


async def test_an_expired_token_still_counts_as_its_owners(guarded, clock):
    """A school whose tokens run out together is told to refresh, not to wait."""
    service = guarded(rate_limits={"content.status.per_client": "2/minute"})
    tokens = [service.bearer(f"pupil{number}") for number in range(50)]
    clock.advance(901)

    browser = service.client()
    found = [
        (await browser.get(STATUS, headers={"authorization": token})).status_code
        for token in tokens
    ]

    assert found == [200] * 50


async def test_a_token_does_not_lift_the_ceiling_on_sign_ins(guarded):
    """A sign-in says in its body who it is; an account of one's own is no licence to guess."""
    service = guarded(rate_limits={"auth.login.per_client": "5/minute"})
    browser = service.client(authorization=service.bearer("mallory"))

    found = [
        (await sign_in(browser, f"pupil{number}@school.example")).status_code for number in range(6)
    ]

    assert found == [200] * 5 + [429]


async def test_a_whole_school_signs_in_within_the_bell_minute(guarded, clock):
    """600 pupils behind one address, one in ten mistyping once: nobody is refused (D75)."""
    service = guarded()
    browser = service.client()

    found = []
    for number in range(600):
        email = f"pupil{number}@school.example"
        if number % 10 == 0:
            found.append((await sign_in(browser, email, "worng")).status_code)
        found.append((await sign_in(browser, email)).status_code)
        clock.advance(0.1)

    assert found.count(200) == 600
    assert found.count(401) == 60
    assert len(found) == 660


async def test_one_who_guesses_at_one_account_is_stopped_and_the_school_is_not(guarded):
    """Five guesses reach the password check; classmates behind the same address sign in."""
    service = guarded()
    browser = service.client()

    guesses = [(await sign_in(browser, "ada@school.example", "guess")) for _ in range(30)]
    passwords_looked_at = service.ran["password"]
    classmate = await sign_in(browser, "ben@school.example")

    assert [answer.status_code for answer in guesses] == [401] * 5 + [429] * 25
    assert passwords_looked_at == 5
    assert classmate.status_code == 200


async def test_one_who_sprays_a_school_is_stopped_before_201_guesses(guarded, clock):
    """One guess per account locks none; the address's failures do, and spare who is known there."""
    service = guarded()
    browser = service.client()
    await sign_in(browser, "ada@school.example")

    guesses = []
    for number in range(400):
        guesses.append(await sign_in(browser, f"pupil{number}@school.example", "guess"))
        clock.advance(1)
    familiar = await sign_in(browser, "ada@school.example")

    assert [answer.status_code for answer in guesses] == [401] * 200 + [429] * 200
    assert service.ran["password"] == 1 + 200 + 1
    assert familiar.status_code == 200
