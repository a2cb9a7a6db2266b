"""Whoever guesses passwords is made to wait; whoever mistypes his own hardly notices."""

import asyncio
import tracemalloc

import pytest
from guarded import counted

from app.core.metrics import BRUTE_FORCE_ATTEMPTS, BRUTE_FORCE_LOCKOUTS, LIMIT_STORE_ERRORS
from app.services.protection.lockout_records import LockoutPolicy, MemoryLockouts
from app.services.protection.lockouts import LockoutBook
from app.services.protection.rules import Limit
from tocsin.telemetry.identity import Pseudonyms

SCHOOL, HOME = "192.0.2.7", "198.51.100.9"
ADA = "ada@school.example"
PSEUDONYMS = Pseudonyms(b"a telemetry key for tests, 32 characters and more")


@pytest.fixture
def book(clock):
    return LockoutBook(MemoryLockouts(LockoutPolicy(), clock), PSEUDONYMS)


async def fail(book, times, client=SCHOOL, email=ADA):
    return [await book.failed(client, email) for _ in range(times)]


async def test_the_fifth_wrong_password_locks_for_five_minutes(book):
    """Four are forgiven, the fifth within the hour begins a lockout of 300 s."""
    locked_s = await fail(book, 5)

    assert locked_s == [0, 0, 0, 0, 300]
    assert await book.locked_for_s(SCHOOL, ADA) == 300


async def test_a_lockout_ends_when_it_said_it_would(book, clock):
    """After exactly 300 s the pair may try again, and not a second before."""
    await fail(book, 5)

    clock.advance(299.5)
    just_before = await book.locked_for_s(SCHOOL, ADA)
    clock.advance(0.5)
    after = await book.locked_for_s(SCHOOL, ADA)

    assert (just_before, after) == (1, 0)


async def test_failures_that_are_an_hour_apart_never_add_up(book, clock):
    """A pupil who mistypes once a day is never locked out."""
    for _ in range(20):
        await fail(book, 1)
        clock.advance(3601)

    assert await book.locked_for_s(SCHOOL, ADA) == 0


async def test_failures_count_within_any_hour_and_not_by_the_clock(book, clock):
    """Four failures, 59 minutes, one more: that is five within the hour."""
    await fail(book, 4)
    clock.advance(3540)

    assert await fail(book, 1) == [300]


async def test_a_right_password_wipes_the_slate(book):
    """Four failures before a success and four after it lock nobody."""
    await fail(book, 4)
    await book.succeeded(SCHOOL, ADA)
    locked_s = await fail(book, 4)

    assert locked_s == [0, 0, 0, 0]
    assert await book.locked_for_s(SCHOOL, ADA) == 0


async def test_failures_that_come_in_during_a_lockout_do_not_prolong_it(book, clock):
    """Requests that were under way when the lock fell neither extend nor repeat it."""
    await fail(book, 5)
    clock.advance(100)

    locked_s = await fail(book, 7)

    assert locked_s == [0] * 7
    assert await book.locked_for_s(SCHOOL, ADA) == 200


@pytest.mark.parametrize(
    "spelling",
    [
        "ADA@School.Example",
        "  ada@school.example ",
        "\tada@school.example\n",
        "ada@school.example",
        "\uff41da@school.example",
        "ada\uff20school.example",
    ],
)
async def test_no_spelling_of_a_mailbox_gets_around_its_lockout(book, spelling):
    """Case, outer space and look-alike characters are the same account (D80)."""
    await fail(book, 4)
    locked_s = await fail(book, 1, email=spelling)

    assert locked_s == [300]
    assert await book.locked_for_s(SCHOOL, ADA) == 300
    assert await book.locked_for_s(SCHOOL, spelling) == 300


async def test_a_guesser_does_not_lock_the_owner_out_elsewhere(book):
    """The lock is on the pair: at home the account is open, and so are all others at school."""
    await fail(book, 5)

    assert await book.locked_for_s(HOME, ADA) == 0
    assert await book.locked_for_s(SCHOOL, "ben@school.example") == 0


async def test_an_address_and_its_pseudonym_are_one_client(book):
    """Callers may hand over either; what is kept is the pseudonym."""
    await fail(book, 5, client=SCHOOL)

    assert await book.locked_for_s(PSEUDONYMS.client(SCHOOL), ADA) == 300


async def test_each_lockout_is_counted_once_though_requests_race(book):
    """Fifty wrong passwords at once begin one lockout and move its counter by one."""
    lockouts, attempts = counted(BRUTE_FORCE_LOCKOUTS), counted(BRUTE_FORCE_ATTEMPTS)

    results = await asyncio.gather(*(book.failed(HOME, ADA) for _ in range(50)))

    assert sorted(results)[-2:] == [0, 300]
    assert counted(BRUTE_FORCE_LOCKOUTS) - lockouts == 1
    assert counted(BRUTE_FORCE_ATTEMPTS) - attempts == 50


async def test_a_sprayer_is_stopped_after_two_hundred_guesses(book):
    """One guess at each of many accounts locks none of them, and is stopped all the same."""
    guessed = 0
    for number in range(1000):
        email = f"pupil{number}@school.example"
        if await book.locked_for_s(SCHOOL, email):
            break
        await book.failed(SCHOOL, email)
        guessed += 1

    assert guessed == 200


async def test_who_signed_in_from_there_before_still_may_when_a_sprayer_is_about(book):
    """The school is not locked out by one of its own: its pupils are familiar from there."""
    await book.succeeded(SCHOOL, ADA)
    await book.succeeded(SCHOOL, "ben@school.example")
    await book.failed(SCHOOL, "ben@school.example")
    for number in range(200):
        await book.failed(SCHOOL, f"pupil{number}@school.example")

    familiar = await book.locked_for_s(SCHOOL, ADA)
    guessed_at = await book.locked_for_s(SCHOOL, "ben@school.example")
    stranger = await book.locked_for_s(SCHOOL, "new@school.example")

    assert familiar == 0
    assert guessed_at == 3600
    assert stranger == 3600


async def test_a_spent_client_is_told_truly_when_strangers_may_try_again(book, clock):
    """After the wait that was stated, one of the 200 failures has left the hour."""
    for number in range(200):
        await book.failed(SCHOOL, f"pupil{number}@school.example")
        clock.advance(1)
    wait_s = await book.locked_for_s(SCHOOL, "new@school.example")

    clock.advance(wait_s)

    assert wait_s == 3400
    assert await book.locked_for_s(SCHOOL, "new@school.example") == 0


def test_invented_accounts_do_not_fill_the_memory(clock):
    """200,000 e-mails that nobody has, from as many addresses, stay below a bound (D82)."""
    records = MemoryLockouts(LockoutPolicy(), clock, pairs_at_most=5_000)

    tracemalloc.start()
    for number in range(200_000):
        records.failed_now(f"client {number}", f"account {number}")
    held_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(records) == 5_000 + 5_000  # pairs, and clients with their failures
    assert held_bytes < 8_000_000


async def test_inventing_accounts_does_not_lift_a_lockout(clock):
    """A guesser fills the room with inventions and is still locked: the lock has its own room."""
    book = LockoutBook(MemoryLockouts(LockoutPolicy(), clock, pairs_at_most=100), PSEUDONYMS)
    await fail(book, 5)

    for number in range(10_000):
        await book.failed(SCHOOL, f"invented{number}@x.example")

    assert await book.locked_for_s(SCHOOL, ADA) == 300


async def test_a_client_cannot_push_its_own_failures_out_before_it_is_stopped(clock):
    """Four failures are remembered although the same client fails wherever else it may."""
    policy = LockoutPolicy(client_failures=Limit(200, 3600))
    book = LockoutBook(MemoryLockouts(policy, clock, pairs_at_most=1_000), PSEUDONYMS)
    await fail(book, 4)

    for number in range(1_000):
        if not await book.locked_for_s(SCHOOL, f"invented{number}@x.example"):
            await book.failed(SCHOOL, f"invented{number}@x.example")

    assert await fail(book, 1) == [300]


class BrokenRecords:
    """Records that fail in a way that nobody foresaw."""

    async def locked_s(self, client, account):
        raise KeyError(account)

    async def failed(self, client, account):
        raise KeyError(account)

    async def succeeded(self, client, account):
        raise KeyError(account)


async def test_a_broken_lockout_refuses_nobody_and_is_counted():
    """A defect of the guard is no reason to keep pupils out: it fails open, and is heard."""
    book = LockoutBook(BrokenRecords(), PSEUDONYMS)
    errors = LIMIT_STORE_ERRORS.value(purpose="lockouts")

    answers = [await book.locked_for_s(SCHOOL, ADA), await book.failed(SCHOOL, ADA)]
    await book.succeeded(SCHOOL, ADA)

    assert answers == [0, 0]
    assert LIMIT_STORE_ERRORS.value(purpose="lockouts") - errors == 3
