"""Promises about passwords: how they are kept, compared and judged."""

import asyncio
import time

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.services.password_rules import broken_rules
from app.services.passwords import Passwords, PasswordsBusyError, strong_hasher

ADA = ["Ada", "Lovelace", "ada.byron@school.example"]


async def test_a_password_is_kept_as_argon2id_with_a_salt(passwords):
    """Two equal passwords look different, and neither can be read back."""
    first, second = await passwords.hash("Correct horse 1"), await passwords.hash("Correct horse 1")

    assert first != second
    assert first.startswith("$argon2id$")


def test_the_strength_is_what_rfc_9106_asks_for():
    """64 MiB and three passes: its second recommended choice."""
    kept = strong_hasher().hash("Correct horse 1")

    assert "$m=65536,t=3,p=4$" in kept


async def test_the_right_password_is_right_and_another_is_not(passwords):
    """Only the whole password counts, however long."""
    long = "A1" + "x" * 100
    kept = await passwords.hash(long)

    right = await passwords.verify(long, kept)
    wrong = await passwords.verify(long[:-1], kept)

    assert (right.right, wrong.right) == (True, False)


async def test_a_password_may_be_typed_on_any_keyboard(passwords):
    """«é» as one character or as «e» and an accent is the same password."""
    kept = await passwords.hash("Caf\u00e9 au lait 1")

    verdict = await passwords.verify("Cafe\u0301 au lait 1", kept)

    assert verdict.right


async def test_no_password_opens_an_account_that_does_not_exist(passwords):
    """Not even the one behind the hash that strangers are compared with."""
    tried = ["", "Correct horse 1", "the password of an account that does not exist"]

    verdicts = [await passwords.verify(password, None) for password in tried]

    assert not any(verdict.right for verdict in verdicts)


@pytest.mark.parametrize("kept", ["", "no password opens this account", "$2b$12$" + "x" * 53])
async def test_a_hash_that_is_none_opens_nothing(passwords, kept):
    """An imported account without a usable password is closed, not broken."""
    verdict = await passwords.verify("Correct horse 1", kept)

    assert not verdict.right


async def test_an_outdated_hash_is_renewed_when_its_password_is_shown():
    """Raising the cost reaches every account at its next sign-in, unseen."""
    weak = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    stronger = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1),))
    passwords = Passwords(hasher=stronger)
    kept = weak.hash("Correct horse 1")

    right = await passwords.verify("Correct horse 1", kept)
    wrong = await passwords.verify("Correct horse 2", kept)
    passwords.close()

    assert right.new_hash.startswith("$argon2id$v=19$m=16,t=2")
    assert wrong.new_hash is None


async def test_hashing_does_not_hold_up_other_requests():
    """While ten sign-ins are hashed at full strength, the event loop keeps its rhythm."""
    passwords = Passwords()
    longest_s, ticking = 0.0, True

    async def tick() -> None:
        nonlocal longest_s
        while ticking:
            began_s = time.perf_counter()
            await asyncio.sleep(0.001)
            longest_s = max(longest_s, time.perf_counter() - began_s)

    ticker = asyncio.create_task(tick())
    began_s = time.perf_counter()
    await asyncio.gather(*(passwords.hash(f"Correct horse {n}") for n in range(10)))
    took_s = time.perf_counter() - began_s
    ticking = False
    await ticker
    passwords.close()

    assert longest_s < took_s / 2


async def test_more_passwords_than_can_be_hashed_are_refused_at_once():
    """The queue is bounded: the flood is told, those inside are served."""
    passwords = Passwords(threads=1, waiting_at_most=2)

    outcomes = await asyncio.gather(
        *(passwords.hash("Correct horse 1") for _ in range(10)), return_exceptions=True
    )
    afterwards = await passwords.hash("Correct horse 1")
    passwords.close()

    refused = [one for one in outcomes if isinstance(one, PasswordsBusyError)]
    assert len(refused) == 7
    assert afterwards.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("Corr3ct", ["password_too_short"]),
        ("CORRECT1", ["password_needs_lower_case"]),
        ("correct1", ["password_needs_upper_case"]),
        ("Correcta", ["password_needs_digit"]),
        ("short", ["password_too_short", "password_needs_upper_case", "password_needs_digit"]),
        ("Aa1" * 43, ["password_too_long"]),
        ("Correct1", []),
        ("Ünïcödé1", []),
    ],
)
def test_the_rules_on_new_passwords(password, broken):
    """At least 8 characters with a lower-case letter, an upper-case letter and a digit."""
    assert broken_rules(password) == broken


@pytest.mark.parametrize(
    "password",
    [
        "Lovelace1",
        "LOVELAce12",
        "Ada.Lovelace.1",
        "Ada.byron@school.example1",
        "Ada-Byron-2010",
        "1aDalOVELACE",
    ],
)
def test_what_the_whole_class_knows_is_no_password(password):
    """Name and address, in whatever case and punctuation, do not make one."""
    assert "password_is_personal" in broken_rules(password, ADA)


@pytest.mark.parametrize("password", ["Analytical-1843", "Canada-geese-fly-7", "Byron & the sea 9"])
def test_a_password_may_hold_a_name_beside_enough_else(password):
    """«Canada» holds «Ada», and is no less a secret for it."""
    assert broken_rules(password, ADA) == []


def test_a_name_of_one_letter_forbids_nothing():
    """«O» is a family name; passwords may hold the letter."""
    assert broken_rules("Octopus-on-8", ["O", "Yu", "o@x.example"]) == []
