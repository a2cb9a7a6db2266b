"""Threads carry, the end is bounded, and no request ever waits for an exporter."""

import os
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from couriers import Told, took_all

from tocsin.clock import SystemClock
from tocsin.telemetry.delivery import (
    Backoff,
    BoundedQueue,
    Complaints,
    Courier,
    Delivery,
    DeliveryMetrics,
    Undelivered,
)
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.metrics import MetricsClient

SOON_S = 30.0


class Hanging:
    """Answers when it is told to, and not before."""

    def __init__(self):
        self.called = threading.Event()
        self.release = threading.Event()

    def carry(self, batch, *, timeout_s):
        self.called.set()
        self.release.wait(SOON_S)
        return took_all(batch)


def queue_of(*items):
    queue = BoundedQueue(max_items=10_000, max_bytes=10_000_000)
    for item in items:
        queue.put(item)
    return queue


@contextmanager
def delivering(*couriers, **options):
    delivery = Delivery(couriers, **options)
    delivery.start()
    yield delivery
    delivery.close(within_s=SOON_S)


def test_all_that_is_here_leaves_at_the_end():
    """Closing takes out every queue and collects the periodic numbers once more (D07)."""
    spans, numbers = Told(), Told()
    delivery = Delivery(
        [
            Courier("spans", spans, every_s=3600, queue=queue_of(*range(1000)), batch_items=64),
            Courier("metrics", numbers, every_s=3600, collect=lambda: [["n"]]),
        ]
    )
    delivery.start()

    assert delivery.close(within_s=SOON_S)

    assert spans.taken == list(range(1000))
    assert numbers.taken[-1] == "n"


def test_the_end_is_bounded_however_an_exporter_hangs():
    """With one exporter hanging, closing takes its budget and the others arrive (D07)."""
    stuck, fine = Hanging(), Told()
    delivery = Delivery(
        [
            Courier("stuck", stuck, every_s=3600, queue=queue_of("a")),
            Courier("fine", fine, every_s=3600, queue=queue_of("b")),
        ]
    )
    delivery.start()
    began = time.monotonic()

    went_well = delivery.close(within_s=1.0)

    took_s = time.monotonic() - began
    stuck.release.set()
    assert not went_well
    assert 0.9 <= took_s < 6.0
    assert fine.taken == ["b"]


def test_what_did_not_get_out_is_counted_at_the_end():
    """A queue that is closed says what it held, and what was out in a call that hung (D07)."""
    client = MetricsClient("test")
    told = DeliveryMetrics(client)
    stuck = Hanging()
    delivery = Delivery(
        [Courier("stuck", stuck, every_s=0.01, queue=queue_of("a", "b", "c"), batch_items=1)],
        metrics=told,
    )
    delivery.start()
    assert stuck.called.wait(SOON_S)

    assert not delivery.close(within_s=0.3)

    stuck.release.set()
    assert told.drops.value(exporter="stuck", cause="closed") == 3
    assert told.items.total_events() == 0


@pytest.mark.parametrize("hangs", [False, True])
def test_the_last_numbers_tell_of_the_last_spans(hangs):
    """Metrics leave after the queues, so what became of these is among them (D07)."""
    client = MetricsClient("test")
    told = DeliveryMetrics(client)
    seen = []

    def numbers():
        seen.append((told.items.total_events(), told.drops.total_events()))
        return [["n"]]

    stuck = Hanging()
    spans = stuck if hangs else Told()
    queue = queue_of(*range(10))
    delivery = Delivery(
        [
            Courier("metrics", Told(), every_s=3600, collect=numbers),
            Courier("spans", spans, every_s=0.01, queue=queue, batch_items=1),
        ],
        metrics=told,
    )
    delivery.start()

    went_well = delivery.close(2.0 if hangs else SOON_S)

    stuck.release.set()
    assert went_well is not hangs
    spans_delivered, dropped = seen[-1]
    assert (spans_delivered >= 10, dropped) == ((False, 10) if hangs else (True, 0))


def test_starting_twice_starts_once():
    """Whoever starts delivery again changes nothing."""
    with delivering(Courier("one", Told(), every_s=3600, queue=queue_of())) as delivery:
        before = threading.active_count()

        delivery.start()

        assert threading.active_count() == before


def test_a_burst_does_not_wait_for_its_hour():
    """A queue that is half full is emptied at once, long before its courier is due."""
    carrier = Told()
    queue = BoundedQueue(max_items=100, max_bytes=10_000)
    with delivering(Courier("spans", carrier, every_s=3600, queue=queue)):
        for number in range(50):
            queue.put(number)

        until = time.monotonic() + SOON_S
        while len(carrier.taken) < 50 and time.monotonic() < until:
            time.sleep(0.01)

        assert sorted(carrier.taken) == list(range(50))


class LeapingClock(SystemClock):
    """The machine's clock, which a test may send ahead."""

    def __init__(self):
        self.ahead_ns = 0

    def monotonic_ns(self):
        return time.perf_counter_ns() + self.ahead_ns


def test_a_request_that_begins_wakes_what_is_due():
    """Where processors are frozen between requests, a request's time is used (D94, behaviour 7)."""
    clock = LeapingClock()
    carrier = Told()
    first = threading.Event()
    carrier.script = [lambda batch: first.set() or took_all(batch)]
    courier = Courier("metrics", carrier, every_s=60.0, collect=lambda: [["n"]])
    with delivering(courier, clock=clock) as delivery:
        assert first.wait(SOON_S)
        calls = len(carrier.calls)

        clock.ahead_ns = 61 * 10**9
        delivery.work_began()

        until = time.monotonic() + SOON_S
        while len(carrier.calls) == calls and time.monotonic() < until:
            time.sleep(0.01)
        assert len(carrier.calls) == calls + 1


def per_call_s(act, calls=20_000, rounds=7):
    """The quickest of some rounds, for a busy machine slows a part of them."""
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(calls):
            act()
        best = min(best, time.perf_counter() - began)
    return best / calls


def test_with_every_exporter_hanging_no_recording_waits():
    """Recording and queueing cost the same with all couriers stuck (D01, behaviour 6)."""
    client = MetricsClient("test")
    orders = client.counter("orders_total").bind()
    alone = BoundedQueue(max_items=10**6, max_bytes=10**9)
    free_s = per_call_s(lambda: (orders.inc(), alone.put("span", 100)))
    stuck = [Hanging(), Hanging()]
    queue = BoundedQueue(max_items=10**6, max_bytes=10**9)
    couriers = [
        Courier("spans", stuck[0], every_s=0.001, queue=queue, batch_items=1),
        Courier("metrics", stuck[1], every_s=0.001, collect=lambda: [["n"]]),
    ]
    delivery = Delivery(couriers)
    queue.put("first", 1)
    delivery.start()
    assert all(one.called.wait(SOON_S) for one in stuck)

    hung_s = per_call_s(lambda: (orders.inc(), queue.put("span", 100)))

    for one in stuck:
        one.release.set()
    delivery.close(within_s=0.1)
    assert hung_s < 3 * free_s + 2e-6


def test_threads_of_an_exporter_that_hangs_keep_no_process_alive():
    """Whoever forgets to close does not hang at the interpreter's end (D07)."""
    delivery = Delivery([Courier("stuck", Hanging(), every_s=0.001, collect=lambda: [["n"]])])
    before = set(threading.enumerate())

    delivery.start()

    born = set(threading.enumerate()) - before
    assert born
    assert all(thread.daemon for thread in born)
    delivery.close(within_s=0.1)


def test_a_fault_of_our_own_comes_to_light_under_test():
    """A strict guard cannot raise in a courier's thread, so closing raises for it."""

    def breaks(_batch):
        raise ZeroDivisionError

    delivery = Delivery(
        [Courier("one", Told(breaks), every_s=3600, queue=queue_of("a"))],
        guard=Guard(strict=True),
        complaints=Complaints(SystemClock(), tell=lambda *_args, **_fields: None),
    )
    delivery.start()

    with pytest.raises(ZeroDivisionError):
        delivery.close(within_s=SOON_S)


def test_a_collector_that_fails_disables_nothing():
    """The first collection breaks, the next one is delivered (D12)."""
    tries = iter([True, False])

    def collect():
        if next(tries, False):
            raise OSError
        return [["n"]]

    carrier = Told()
    guard = Guard()
    complaints = Complaints(SystemClock(), tell=lambda *_args, **_fields: None)
    # Chance could otherwise make the periodic round due at once, and it would break in their stead.
    last = Backoff(chance=lambda: 1.0)
    courier = Courier("metrics", carrier, every_s=3600, collect=collect, backoff=last)
    delivery = Delivery([courier], guard=guard, complaints=complaints)

    first, second = delivery.flush(SOON_S), delivery.flush(SOON_S)

    delivery.close(SOON_S)
    assert (first, second) == (False, True)
    assert carrier.taken
    assert guard.caught == {"delivery.metrics.collect": 1}


@pytest.mark.servers
@pytest.mark.fresh_process
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.skipif(sys.version_info >= (3, 15), reason="to be looked at anew")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_sends_nothing_of_its_parents():
    """What waits in the parent leaves the parent once; the child starts empty (behaviour 2)."""
    carrier = Told()
    queue = queue_of("parents")
    delivery = Delivery([Courier("spans", carrier, every_s=3600, queue=queue)])
    reading, writing = os.pipe()

    child = os.fork()
    if not child:
        queue.put("childs")
        went_well = delivery.close(SOON_S)
        os.write(writing, repr((went_well, carrier.taken)).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)

    assert os.read(reading, 1000).decode() == "(True, ['childs'])"
    os.close(reading)
    assert delivery.close(SOON_S)
    assert carrier.taken == ["parents"]


def test_a_fault_in_a_turn_ends_no_courier():
    """Whatever breaks in a courier's thread, it comes back and delivers (D12)."""

    class Trips(BoundedQueue):
        trips = 1

        def take(self, max_items, max_bytes):
            if self.trips:
                self.trips -= 1
                raise OSError
            return super().take(max_items, max_bytes)

    carrier, guard = Told(), Guard()
    queue = Trips(max_items=10, max_bytes=100)
    queue.put("a")
    complaints = Complaints(SystemClock(), tell=lambda *_args, **_fields: None)
    courier = Courier("spans", carrier, every_s=3600, queue=queue)
    delivery = Delivery([courier], guard=guard, complaints=complaints)

    delivery.close(SOON_S)

    assert carrier.taken == ["a"]
    assert guard.caught == {"delivery.spans.turn": 1}


def test_undelivered_tells_its_cause_and_its_detail():
    """The error reads well in a log, and its cause is one word for a metric."""
    told = Undelivered("UNAVAILABLE", detail="connection refused")

    assert str(told) == "UNAVAILABLE: connection refused"
    assert str(Undelivered("UNAVAILABLE")) == "UNAVAILABLE"
