"""Counts made before a fork belong to one process, whatever the order of things."""

import os

import pytest
from couriers import Told
from prometheus_client import Counter

from tocsin.telemetry.delivery import BoundedQueue, Courier, Delivery, Inheritance, Readings
from tocsin.telemetry.metrics import MetricsClient

pytestmark = [
    pytest.mark.servers,
    pytest.mark.fresh_process,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


class House:
    """A client that is read by exporters, and told of forks."""

    def __init__(self):
        self.client = MetricsClient("shop")
        self.orders = self.client.counter("orders_total")
        self.hits = Counter("cache_hits", "Hits.", registry=self.client.registry)
        self.inheritance = Inheritance(self.client)
        self.readings = Readings(self.client, inheritance=self.inheritance)

    def count(self, number):
        self.orders.inc(number)
        self.hits.inc(number)

    def told(self):
        read = {one.name: one.cells[0] for one in self.readings.take()}
        return read["shop_orders_total"], read["cache_hits_total"]

    def child(self, *, delivers, counts=0):
        """What a forked child would export."""
        reading, writing = os.pipe()
        if not os.fork():
            if delivers:
                self.inheritance.claim()
            self.count(counts)
            os.write(writing, repr(self.told()).encode())
            os._exit(0)
        os.close(writing)
        os.wait()
        with os.fdopen(reading) as pipe:
            return tuple(float(one) for one in pipe.read().strip("()").split(","))


def test_the_first_child_that_delivers_is_the_heir():
    """Seven events of the parent are told by one child and by no other (behaviour 2)."""
    house = House()
    house.count(7)

    children = [
        house.child(delivers=False),
        house.child(delivers=True, counts=1),
        house.child(delivers=True, counts=1),
    ]

    assert children == [(0, 0), (8, 8), (1, 1)]


def test_what_the_parent_counts_later_goes_to_a_later_child():
    """An estate is what was counted since the last one; none is told twice (behaviour 2)."""
    house = House()
    house.count(7)
    first = house.child(delivers=True)
    house.count(2)

    second, third = house.child(delivers=True), house.child(delivers=True)

    assert [first, second, third] == [(7, 7), (2, 2), (0, 0)]


def test_a_child_without_a_heir_before_it_gets_all():
    """Several estates that nobody claimed go to the first who asks (behaviour 2)."""
    house = House()
    house.count(7)
    house.child(delivers=False)
    house.count(2)

    heir = house.child(delivers=True)

    assert heir == (9, 9)


def test_a_parent_that_delivers_leaves_nothing():
    """The parent goes on telling its own counts, and its children only theirs (behaviour 2)."""
    house = House()
    house.count(7)
    house.inheritance.claim()

    child = house.child(delivers=True, counts=3)

    assert child == (3, 3)
    assert house.told() == (7, 7)


def test_a_parent_that_delivers_after_all_takes_back_what_nobody_has():
    """What a child claimed is the child's, and what it left is the parent's (behaviour 2)."""
    house = House()
    house.count(7)
    heir = house.child(delivers=True)
    house.count(2)
    house.child(delivers=False)

    house.inheritance.claim()
    later = house.child(delivers=True)

    assert heir == (7, 7)
    assert house.told() == (2, 2)
    assert later == (0, 0)


def test_what_waits_in_a_queue_goes_to_the_heir():
    """Spans and lines from before the fork leave once, by the child that delivers (behaviour 2)."""
    house = House()
    queue = BoundedQueue(max_items=10, max_bytes=100)
    queue.put("early", 5)
    delivery = Delivery(
        [Courier("spans", Told(), every_s=3600, queue=queue)], inheritance=house.inheritance
    )
    seen = []
    for _ in range(2):
        reading, writing = os.pipe()
        if not os.fork():
            delivery.close(30)
            os.write(writing, repr(delivery.couriers[0].carrier.taken).encode())
            os._exit(0)
        os.close(writing)
        os.wait()
        with os.fdopen(reading) as pipe:
            seen.append(pipe.read())

    delivery.close(30)

    assert seen == ["['early']", "[]"]
    assert delivery.couriers[0].carrier.taken == []


def test_a_strangers_count_that_begins_anew_is_told_as_it_is():
    """What a library resets in the child by itself is not taken off again."""
    inheritance = Inheritance(MetricsClient("shop"))
    inheritance.follow(lambda: {"hits": [7.0]})
    inheritance.leave()
    inheritance.renew_in_child()

    kept = inheritance.ours("hits", [9.0])
    anew = inheritance.ours("hits", [2.0])

    assert (kept, anew) == ([2.0], [2.0])
    assert inheritance.ours("hits", [8.0]) == [8.0]
