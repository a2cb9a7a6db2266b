"""A courier goes in time, tries again where it helps, and counts each item once."""

from itertools import pairwise

from couriers import Desk, Told, is_down, says_no, took_all
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.telemetry.delivery import BoundedQueue, Receipt, RetryBudget, Undelivered


def batches_of(*batches):
    return lambda: [list(batch) for batch in batches]


def test_one_failing_batch_stops_no_other():
    """Of three batches the first is refused; the others arrive in that round (behaviour 5)."""
    carrier = Told(says_no)
    desk = Desk(carrier, collect=batches_of("aaa", "bbb", "ccc"))

    desk.live(30)

    assert carrier.taken == list("bbbccc")
    assert desk.items("delivered") == 6
    assert desk.items("refused") == 3
    assert desk.dropped("INVALID_ARGUMENT") == 3


def test_all_batches_are_tried_once_before_any_is_tried_again():
    """A batch that fails costs the others nothing, not even its second try (behaviour 5)."""
    carrier = Told(is_down)
    desk = Desk(carrier, collect=batches_of("a", "b", "c"))

    desk.live(30)

    assert carrier.calls == [["a"], ["b"], ["c"], ["a"]]
    assert desk.items("delivered") == 3
    assert desk.calls("retried") == 1


def test_what_was_refused_is_never_tried_again():
    """INVALID_ARGUMENT stays INVALID_ARGUMENT, however often it is sent (behaviour 5)."""
    carrier = Told(says_no)
    desk = Desk(carrier, every_s=10.0)
    desk.queue.put("a")

    desk.live(600)

    assert carrier.calls == [["a"]]
    assert desk.items("refused") == desk.dropped("INVALID_ARGUMENT") == 1


def test_tries_are_further_and_further_apart():
    """A backend that is down is left in peace: waits double up to half a minute."""
    at = []
    desk = Desk(None, every_s=1000.0)

    class Down:
        def carry(self, batch, *, timeout_s):
            at.append(desk.clock.monotonic_ns() / 1e9)
            raise Undelivered("UNAVAILABLE")

    desk.courier.carrier = Down()
    desk.queue.put("a")
    desk.courier.hurry()

    desk.live(100)

    waits = [round(later - one) for one, later in pairwise(at)]
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_a_round_tries_again_within_a_budget():
    """When everything fails, the backend gets a fifth more calls and not four times as many."""
    carrier = Told(*[is_down] * 10_000)
    desk = Desk(
        carrier, collect=batches_of("a", "b"), budget=RetryBudget(most=4, share=0.2), every_s=60.0
    )

    desk.live(3600)

    first_tries = 2 * 60
    assert first_tries <= len(carrier.calls) <= first_tries * 1.2 + 10
    assert desk.items("delivered") == 0


def test_ten_minutes_without_a_backend_cost_bounded_memory_and_nothing_that_fits():
    """While it is down a bounded number waits and the rest is counted (behaviour 6)."""
    born = []
    carrier = Told()
    desk = Desk(
        carrier,
        queue=BoundedQueue(max_items=500, max_bytes=100_000),
        every_s=1.0,
        batch_items=50,
    )
    clock = desk.clock
    down_until_ns = clock.monotonic_ns() + 600 * 10**9
    deepest = 0

    def works(batch):
        if clock.monotonic_ns() < down_until_ns:
            raise Undelivered("UNAVAILABLE")
        return took_all(batch)

    carrier.script = [works] * 100_000

    def busy():
        nonlocal deepest
        born.append(len(born))
        desk.queue.put(born[-1], 10)
        deepest = max(deepest, len(desk.queue))

    desk.live(900, busy=busy)

    assert deepest <= 500
    assert desk.dropped("queue_full") > 0
    assert len(carrier.taken) == len(set(carrier.taken))
    assert len(carrier.taken) + desk.dropped_in_all() + len(desk.queue) == len(born)
    assert desk.items("delivered") == len(carrier.taken)
    assert len(desk.queue) <= 2
    assert len(desk.lines) <= 11


def test_an_outage_is_logged_once_a_minute():
    """Hundreds of failures make one line a minute, with the number that was held back (D13)."""
    carrier = Told(*[is_down] * 10_000)
    desk = Desk(carrier, collect=batches_of("a", "b", "c"), every_s=10.0)

    desk.live(600)

    assert 9 <= len(desk.lines) <= 11
    assert {line["cause"] for line in desk.lines} == {"UNAVAILABLE"}
    assert len(carrier.calls) > 150
    told = sum(1 + line["suppressed"] for line in desk.lines)
    assert told >= len(carrier.calls) - 60


def test_a_frozen_process_is_no_failure_of_the_backend():
    """A call that far outlived its own time limit is sent again at once (behaviour 7)."""
    desk = Desk(None, every_s=60.0)

    def sleeps_through_it(_batch):
        desk.clock.advance(120.0)
        raise Undelivered("DEADLINE_EXCEEDED")

    carrier = desk.courier.carrier = Told(sleeps_through_it)
    desk.queue.put("a")
    desk.courier.hurry()

    desk.courier.turn()

    assert carrier.taken == ["a"]
    assert desk.calls("frozen") == 1
    assert desk.calls("failed") == desk.calls("retried") == 0
    assert desk.lines == []


def test_a_call_that_is_only_slow_is_one():
    """A deadline that is met in time is a failure, is tried again, and is told."""
    desk = Desk(None, every_s=60.0)

    def is_slow(_batch):
        desk.clock.advance(5.0)
        raise Undelivered("DEADLINE_EXCEEDED")

    desk.courier.carrier = Told(is_slow)
    desk.queue.put("a")
    desk.courier.hurry()

    desk.live(10)

    assert desk.calls("retried") == 1
    assert desk.items("delivered") == 1
    assert len(desk.lines) == 1


def test_after_a_freeze_one_round_is_due_and_not_ten():
    """Rounds that were slept through are not made up for (behaviour 7)."""
    carrier = Told()
    desk = Desk(carrier, collect=batches_of("a"), every_s=60.0)
    desk.live(10)
    before = len(carrier.calls)

    desk.clock.advance(600.0)
    desk.live(30)

    assert len(carrier.calls) == before + 1


def test_hanging_batches_leave_time_for_the_others():
    """Of 50 batches that hang each gets its share of the round (behaviour 5)."""
    desk = Desk(None, collect=batches_of(*[[number] for number in range(50)]), every_s=20.0)

    class Hangs(Told):
        def carry(self, batch, *, timeout_s):
            super().carry(batch, timeout_s=timeout_s)
            desk.clock.advance(timeout_s)
            raise Undelivered("DEADLINE_EXCEEDED")

    carrier = desk.courier.carrier = Hangs()

    desk.live(24)

    assert {batch[0] for batch in carrier.calls} == set(range(50))


def test_a_queued_batch_is_given_up_after_its_time():
    """What nobody takes for an hour makes room, and is counted."""
    carrier = Told(*[is_down] * 100_000)
    desk = Desk(carrier, every_s=1.0, keep_at_most_s=3600.0)
    desk.queue.put("a")

    desk.live(4000)

    assert desk.dropped("expired") == desk.items("failed") == 1
    assert desk.items("delivered") == 0


def test_a_flush_waits_for_no_back_off():
    """What is in hand because the backend failed goes out at once when the end comes (D07)."""
    carrier = Told(*[is_down] * 6)
    desk = Desk(carrier, every_s=1000.0)
    desk.queue.put("a")
    desk.courier.hurry()
    desk.live(40)
    tries = len(carrier.calls)
    carrier.script.clear()

    desk.courier.ask_flush(within_s=5.0)
    desk.courier.turn()

    assert tries == len(carrier.calls) - 1
    assert carrier.taken == ["a"]
    assert desk.courier.flush_went_well


def test_a_part_that_may_be_taken_later_goes_alone():
    """Of a batch in parts, what arrived is not sent twice."""
    carrier = Told(lambda batch: Receipt(2, {"TOO_LARGE": 1}, again=batch[3:]))
    desk = Desk(carrier, every_s=1.0)
    for word in "abcde":
        desk.queue.put(word)

    desk.live(30)

    assert carrier.calls == [list("abcde"), list("de")]
    assert desk.items("delivered") == 4
    assert desk.items("refused") == desk.dropped("TOO_LARGE") == 1


def test_a_carrier_that_breaks_costs_its_batch_and_nothing_else():
    """An exporter's own fault is counted by the guard and the courier goes on."""

    def breaks(_batch):
        raise ZeroDivisionError

    carrier = Told(breaks)
    desk = Desk(carrier, collect=batches_of("a", "b"), every_s=60.0)

    desk.live(30)

    assert carrier.taken == ["b"]
    assert desk.dropped("ZeroDivisionError") == 1


OUTCOMES = st.sampled_from(
    [
        took_all,
        is_down,
        says_no,
        lambda batch: Receipt(len(batch) - 1, {"INTERNAL": 1}),
        lambda batch: Receipt(0, {}, again=batch),
        lambda batch: Receipt(1, {}, again=batch[1:]),
    ]
)


@settings(deadline=None)
@given(script=st.lists(OUTCOMES, max_size=40), bursts=st.lists(st.integers(0, 30), max_size=12))
def test_whatever_happens_each_item_is_counted_once(script, bursts):
    """Delivered, refused, dropped or still waiting: the four add up to what was given."""
    carrier = Told(*script)
    desk = Desk(carrier, queue=BoundedQueue(max_items=40, max_bytes=10_000), batch_items=7)

    given_in = 0
    for burst in bursts:
        for _ in range(burst):
            desk.queue.put(given_in, 3)
            given_in += 1
        desk.live(61)
    desk.courier.stop()

    known = desk.items("delivered") + desk.dropped_in_all()
    assert known == given_in
    assert desk.items("refused") == sum(
        desk.dropped(cause) for cause in ("INVALID_ARGUMENT", "INTERNAL")
    )
