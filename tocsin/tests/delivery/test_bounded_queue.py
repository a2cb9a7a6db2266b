"""What waits is bounded, and what finds no room is counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.telemetry.delivery import BoundedQueue

SIZES = st.lists(st.integers(1, 60), max_size=60)


def test_a_full_queue_keeps_the_oldest_and_counts_the_rest():
    """Where the beginning matters most, the newest finds no room (behaviour 6)."""
    queue = BoundedQueue(max_items=2, max_bytes=100)

    taken_in = [queue.put(word, 5) for word in ("one", "two", "three")]

    assert taken_in == [True, True, False]
    assert queue.take(9, 100) == ["one", "two"]
    assert queue.dropped == {"queue_full": 1}


def test_a_full_queue_may_keep_the_newest():
    """Where the end matters most, the oldest makes room, as much of it as is needed."""
    queue = BoundedQueue(max_items=10, max_bytes=10, drop="oldest")

    taken_in = [queue.put(word, size) for word, size in (("a", 4), ("b", 4), ("c", 9))]

    assert taken_in == [True, True, True]
    assert queue.take(9, 100) == ["c"]
    assert queue.dropped == {"queue_full": 2}


def test_an_item_heavier_than_the_queue_displaces_nothing():
    """One giant does not empty the queue in vain."""
    queue = BoundedQueue(max_items=10, max_bytes=10, drop="oldest")
    queue.put("small", 1)

    assert not queue.put("giant", 11)

    assert queue.take(9, 100) == ["small"]
    assert queue.dropped == {"too_large": 1}


def test_a_closed_queue_takes_nothing_and_says_what_it_held():
    """After the last flush, what is still here is lost by name."""
    queue = BoundedQueue(max_items=10, max_bytes=10)
    heard = []
    queue.on_dropped = lambda cause, items: heard.append((cause, items))
    queue.put("a")
    queue.put("b")

    left = queue.close()

    assert left == 2
    assert not queue.put("c")
    assert heard == [("closed", 2), ("closed", 1)]


@pytest.mark.parametrize("drop", ["newest", "oldest"])
@given(sizes=SIZES)
def test_no_item_is_ever_unaccounted_for(drop, sizes):
    """Taken, waiting or dropped by cause: every item is one of them, within the bounds."""
    queue = BoundedQueue(max_items=7, max_bytes=50, drop=drop)
    out = []

    for number, size in enumerate(sizes):
        queue.put(number, size)
        assert len(queue) <= 7
        assert 0 <= queue.size_bytes <= 50
        if number % 11 == 10:
            out += queue.take(3, 40)

    assert len(out) + len(queue) + queue.dropped.total() == len(sizes)
    rest = queue.take(100, 1000)
    assert queue.size_bytes == 0
    assert [*out, *rest] == sorted({*out, *rest})


def test_a_batch_is_bounded_by_weight_but_holds_one_at_least():
    """One heavy item goes alone; it does not stop the queue."""
    queue = BoundedQueue(max_items=10, max_bytes=100)
    for word, size in (("heavy", 90), ("a", 5), ("b", 5)):
        queue.put(word, size)

    batches = [queue.take(10, 10), queue.take(10, 10), queue.take(10, 10)]

    assert batches == [["heavy"], ["a", "b"], []]
