"""Moving windows in memory: exact at every moment, bounded whatever comes."""

import asyncio
import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from app.services.protection.rules import Limit
from app.services.protection.windows import MemoryWindows
from tocsin.telemetry.testing import HandClock

MINUTE = Limit(3, 60)
HOUR = Limit(5, 3600)


async def test_no_stretch_of_the_window_holds_more_than_the_limit():
    """At a border of the clock's minutes nobody gets twice as much (a fixed window would)."""
    clock = HandClock()
    windows = MemoryWindows(clock)
    clock.advance(59)
    before = [(await windows.take(("a", MINUTE))).admitted for _ in range(3)]

    clock.advance(2)
    after = (await windows.take(("a", MINUTE))).admitted

    assert before == [True, True, True]
    assert after is False


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(0, 50), max_size=60), st.integers(1, 6), st.integers(1, 90))
def test_every_verdict_is_that_of_a_plain_list_of_times(pauses, amount, window_s):
    """Against the simplest reckoning there is: all admitted times, counted anew each time."""
    clock, limit = HandClock(), Limit(amount, window_s)
    windows = MemoryWindows(clock)
    admitted: list[int] = []

    for pause in pauses:
        clock.advance(pause)
        now = clock.monotonic_ns()
        live = [time for time in admitted if time > now - limit.window_ns]
        verdict = windows.take_now(("key", limit))

        assert verdict.admitted is (len(live) < amount)
        if verdict.admitted:
            admitted.append(now)
            assert verdict.remaining == amount - len(live) - 1
        else:
            assert round(verdict.reset_s * 1e9) == live[0] + limit.window_ns - now


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 30), min_size=5, max_size=40))
def test_who_waits_as_long_as_told_is_admitted(pauses):
    """The wait of a refusal is exact: not a nanosecond early, and then it holds."""
    clock = HandClock()
    windows = MemoryWindows(clock)
    for pause in pauses:
        clock.advance(pause)
        verdict = windows.take_now(("key", MINUTE))
        if verdict.admitted:
            continue

        clock.advance(verdict.reset_s - 1e-6)
        too_early = asyncio.run(windows.look(("key", MINUTE)))
        clock.advance(2e-6)
        in_time = windows.take_now(("key", MINUTE))

        assert too_early.admitted is False
        assert in_time.admitted is True


async def test_a_refusal_by_one_quota_counts_under_none():
    """Who is refused for one account keeps the whole budget of the address."""
    windows = MemoryWindows(HandClock())
    for _ in range(3):
        await windows.take(("account", MINUTE))

    refused = await windows.take(("address", HOUR), ("account", MINUTE))
    address = await windows.look(("address", HOUR))

    assert refused == (False, 3, 0, 60.0)
    assert address.remaining == 5


async def test_of_requests_that_race_exactly_the_limit_is_admitted():
    """A hundred tasks at once: three fit, whichever they are."""
    windows = MemoryWindows(HandClock())

    verdicts = await asyncio.gather(*(windows.take(("key", MINUTE)) for _ in range(100)))

    assert sum(verdict.admitted for verdict in verdicts) == 3


async def test_invented_keys_do_not_fill_the_memory():
    """200,000 callers that are never seen again cost what 10,000 do, and no more."""
    windows = MemoryWindows(HandClock(), keys_at_most=10_000)

    tracemalloc.start()
    for number in range(200_000):
        windows.take_now((f"caller {number}", MINUTE))
    held_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(windows) == 10_000
    assert windows.times_held == 10_000
    assert held_bytes < 8_000_000


async def test_what_is_over_is_forgotten_without_being_asked_for():
    """Each admission drops the keys whose windows have ended."""
    clock = HandClock()
    windows = MemoryWindows(clock)
    for number in range(500):
        windows.take_now((f"caller {number}", MINUTE))

    clock.advance(61)
    windows.take_now(("the next", MINUTE))

    assert len(windows) == 1
    assert windows.times_held == 1


async def test_a_generous_limit_does_not_fill_the_memory_either():
    """All remembered times together have a bound; the least recent callers pay for it."""
    windows = MemoryWindows(HandClock(), times_at_most=1_000)
    generous = Limit(600, 60)

    for caller in ("first", "second", "third"):
        for _ in range(600):
            windows.take_now((caller, generous))

    assert windows.times_held <= 1_000
    assert (await windows.look(("third", generous))).admitted is False


async def test_the_least_recent_caller_is_forgotten_first():
    """Whoever is at it right now cannot be pushed out before those who are not."""
    windows = MemoryWindows(HandClock(), keys_at_most=3)
    for caller in ("guesser", "ada", "ben", "guesser", "cy", "guesser", "dan"):
        windows.take_now((caller, MINUTE))

    guesser = await windows.look(("guesser", MINUTE))

    assert guesser.admitted is False
