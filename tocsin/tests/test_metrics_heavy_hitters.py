"""The heaviest clients of late have series of their own; nobody else can crowd them out."""

import random

import pytest

from tocsin.telemetry.metrics import MetricsClient, pseudonym
from tocsin.telemetry.metrics.heavy_hitters import HALF_LIFE_S, HeavyHitters
from tocsin.telemetry.testing import HandClock

ATTACKER = "aaaaaaaaaaaa"


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def client(clock):
    return MetricsClient("shop", clock=clock)


@pytest.fixture
def lockouts(client):
    return client.counter("lockouts_total", labels=(pseudonym("ip_address", 50),))


def strangers(count, seed=1):
    draw = random.Random(seed)  # noqa: S311 - made-up clients
    return [f"{draw.getrandbits(48):012x}" for _ in range(count)]


def own_series(counter):
    return {series.labels[0] for series in counter.all_series()} - {"other"}


def test_a_few_clients_all_have_their_own_series(lockouts):
    """While there are seats nobody is folded."""
    for stranger in strangers(50):
        lockouts.inc(ip_address=stranger)

    assert len(own_series(lockouts)) == 50
    assert lockouts.value(ip_address="other") == 0


def test_an_attacker_who_comes_late_displaces_one_gone_quiet(lockouts, clock):
    """Fifty old offenders do not hide the fifty-first, an hour later."""
    for stranger in strangers(50):
        lockouts.inc(2, ip_address=stranger)
    clock.advance(2 * HALF_LIFE_S)

    for _ in range(6):
        lockouts.inc(ip_address=ATTACKER)

    assert lockouts.value(ip_address=ATTACKER) == 6
    assert len(own_series(lockouts)) == 50


def test_an_attacker_among_busy_clients_is_seen_within_seconds(lockouts, clock):
    """Seats full of active clients do not hide one who is ten times as busy."""
    busy = strangers(200)
    for _ in range(20):
        for one in busy:
            lockouts.inc(ip_address=one)

    for _ in range(300):
        clock.advance(0.1)
        lockouts.inc(ip_address=ATTACKER)

    assert lockouts.value(ip_address=ATTACKER) > 200


def test_a_flood_of_strangers_does_not_unseat_the_attacker(lockouts, clock):
    """A botnet of 10,000 addresses with one event each cannot hide its master."""
    for stranger in strangers(10_000):
        clock.advance(0.01)
        lockouts.inc(ip_address=ATTACKER)
        lockouts.inc(ip_address=stranger)

    assert lockouts.value(ip_address=ATTACKER) == 10_000
    assert len(lockouts.all_series()) <= lockouts.spec.max_series


def test_the_sum_stays_true_when_series_are_displaced(lockouts, client, clock):
    """What left with a displaced series is counted apart: nothing is lost, nothing twice."""
    for stranger in strangers(5_000):
        clock.advance(3)
        lockouts.inc(ip_address=stranger)

    displaced = client.self_metrics.displaced.value(metric="shop_lockouts_total")
    assert displaced > 0
    assert lockouts.total_events() + displaced == 5_000


def test_other_never_rises_by_what_was_counted_before(lockouts, clock):
    """A displaced client's events are not moved to `other`, where they would alarm again."""
    for stranger in strangers(50):
        lockouts.inc(100, ip_address=stranger)
    clock.advance(20 * HALF_LIFE_S)

    lockouts.inc(ip_address=ATTACKER)

    assert lockouts.value(ip_address="other") == 0
    assert lockouts.value(ip_address=ATTACKER) == 1


def test_a_recording_that_found_a_displaced_series_is_not_lost(lockouts, client, clock):
    """A thread that was overtaken by a displacement still counts its event, once."""
    first, *others = strangers(50)
    series = lockouts.series({"ip_address": first})
    for other in others:
        lockouts.inc(5, ip_address=other)
    clock.advance(20 * HALF_LIFE_S)
    lockouts.inc(ip_address=ATTACKER)

    lockouts.add(series, 1)

    assert first not in own_series(lockouts)
    assert client.self_metrics.displaced.value(metric="shop_lockouts_total") == 1


def test_seats_change_hands_a_bounded_number_of_times(clock):
    """Ever heavier newcomers make at most one new series per seat and half-life more."""
    hitters = HeavyHitters(10, clock)
    changes = 0

    for number, stranger in enumerate(strangers(90)):
        clock.advance(2)
        for _ in range(2 ** (number // 10 + 1)):
            changes += hitters.seat(stranger)[1] is not None

    half_lives = 2 * 90 / HALF_LIFE_S
    assert 10 <= changes <= 10 * (half_lives + 1)


def test_one_of_many_strangers_is_not_taken_for_all_of_them(clock):
    """A key that took over a forgotten one's entry has to earn a seat by its own events."""
    hitters = HeavyHitters(1, clock)
    for _ in range(5):
        hitters.seat(ATTACKER)

    lost = []
    for stranger in strangers(1_000):
        clock.advance(0.1)
        lost.append(hitters.seat(stranger)[1])

    assert ATTACKER not in lost


def test_a_displaced_client_that_returns_is_counted_again(lockouts, clock):
    """A series that was taken out is born anew, and nothing goes to the old one."""
    returning, *others = strangers(50)
    lockouts.inc(ip_address=returning)
    for other in others:
        lockouts.inc(5, ip_address=other)
    clock.advance(20 * HALF_LIFE_S)
    lockouts.inc(ip_address=ATTACKER)
    gone = returning not in own_series(lockouts)
    clock.advance(20 * HALF_LIFE_S)

    lockouts.inc(ip_address=returning)

    assert gone
    assert lockouts.value(ip_address=returning) == 1


def test_memory_is_bounded_whatever_comes(clock):
    """Of 50,000 strangers four per seat are followed; the rest are forgotten."""
    hitters = HeavyHitters(10, clock)

    for stranger in strangers(50_000):
        hitters.seat(stranger)

    assert len(hitters._entries) == 40
    assert len(hitters._waiting) <= 80


def test_memory_is_bounded_however_often_seats_change(clock):
    """Clients that take turns leave no trace that grows."""
    hitters = HeavyHitters(2, clock)
    turns = strangers(8)

    for number in range(55):
        clock.advance(HALF_LIFE_S)
        hitters.seat(turns[number % 8])

    assert len(hitters._waiting) <= 16


def test_a_month_of_silence_breaks_nothing(lockouts, clock):
    """Weights of long ago fade to nothing without overflowing."""
    lockouts.inc(ip_address=ATTACKER)
    clock.advance(365 * 86_400)

    for stranger in strangers(60):
        clock.advance(2)
        lockouts.inc(ip_address=stranger)

    assert len(own_series(lockouts)) == 50
