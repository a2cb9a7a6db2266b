"""Exporters read our numbers and those of other libraries, from one place."""

import pytest
from prometheus_client import Counter, Gauge, Histogram, Summary

from tocsin.telemetry.delivery import Readings
from tocsin.telemetry.delivery.readings import unit_of
from tocsin.telemetry.metrics import MetricsClient, one_of


@pytest.fixture
def client():
    return MetricsClient("shop")


def by_name(client, **options):
    return {(one.name, *one.label_values): one for one in Readings(client, **options).take()}


def test_our_series_are_read_with_their_start_and_their_labels(client):
    """A reading tells all that an exporter must know of a series (D02)."""
    orders = client.counter("orders_total", "Orders.", labels=(one_of("kind", "new", "old"),))
    orders.inc(7, kind="new")

    read = by_name(client)

    one = read["shop_orders_total", "new"]
    assert (one.kind, one.cells, one.help) == ("counter", [7.0], "Orders.")
    assert one.started_ns == orders.series({"kind": "new"}).started_ns
    assert read["shop_orders_total", "old"].cells == [0.0]


def test_metrics_of_other_libraries_are_read_beside_ours(client):
    """What a library registered with prometheus_client leaves by the same door (D-2)."""
    Counter("cache_hits", "Hits.", ["tier"], registry=client.registry).labels("hot").inc(3)
    Gauge("cache_items", "Items.", registry=client.registry).set(5)
    Gauge("image_created", "When it was built.", registry=client.registry).set(1)
    Histogram("cache_wait_seconds", "Waits.", registry=client.registry, buckets=(1, 2)).observe(1)
    Summary("cache_size_bytes", "Sizes.", registry=client.registry).observe(10)

    read = by_name(client)

    assert read["cache_hits_total", "hot"].cells == [3.0]
    assert read["cache_hits_total", "hot"].label_names == ("tier",)
    assert read["cache_items",].kind == "gauge"
    histogram = read["cache_wait_seconds",]
    assert (histogram.buckets, histogram.cells) == ((1.0, 2.0), [1.0, 1.0, 0.0, 0.0])
    assert read["cache_size_bytes_sum",].cells == [10.0]
    assert read["cache_size_bytes_count",].kind == "counter"
    assert [key for key in read if "created" in key[0]] == [("image_created",)]


def test_a_strangers_start_is_the_one_it_tells(client):
    """prometheus_client says since when it counts; that is the start, and it stays."""
    Counter("cache_hits", "Hits.", registry=client.registry)
    readings = Readings(client)

    starts = {one.started_ns for _ in range(3) for one in readings.take() if "cache" in one.name}

    assert len(starts) == 1


def test_a_collector_that_fails_costs_no_other_its_numbers(client):
    """A library's broken collector is counted and passed over."""

    class Broken:
        def collect(self):
            raise OSError

        def describe(self):
            return []

    client.registry.register(Broken())
    Counter("cache_hits", "Hits.", registry=client.registry).inc()

    read = by_name(client)

    assert read["cache_hits_total",].cells == [1.0]
    assert client.guard.caught == {"delivery.collector": 1}


def test_labels_of_other_libraries_are_redacted(client):
    """We do not know what a library puts into its labels, so it is looked at."""
    Counter("mails", "Mails.", ["to"], registry=client.registry).labels("anna@example.org").inc()

    read = by_name(client, redact=lambda text: text.replace("anna@example.org", "[email]"))

    assert read["mails_total", "[email]"].cells == [1.0]


def test_labels_that_redaction_makes_alike_count_together(client):
    """Two people behind one mask are one series with the sum, not the same series twice."""
    mails = Counter("mails", "Mails.", ["to"], registry=client.registry)
    mails.labels("anna@example.org").inc(2)
    mails.labels("ben@example.org").inc(3)

    read = Readings(client, redact=lambda _text: "[email]").take()

    mailed = [one.cells for one in read if one.name == "mails_total"]
    assert mailed == [[5.0]]


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("shop_wait_seconds", "s"),
        ("shop_cpu_seconds_total", "s"),
        ("shop_wait_ms", "ms"),
        ("shop_sent_bytes_total", "By"),
        ("shop_busy_ratio", "1"),
        ("shop_orders_total", "1"),
    ],
)
def test_the_unit_is_that_of_the_name(name, unit):
    """A descriptor's unit comes from the ending that declarations insist on."""
    assert unit_of(name) == unit


def test_what_is_not_wanted_is_not_read(client):
    """A process that shares a service's declarations writes no zeros for what it does not do."""
    client.counter("orders_total", "Orders.").inc()
    client.counter("walks_total", "Walks.").inc()
    Gauge("cache_items", "Items.", registry=client.registry).set(5)

    read = by_name(client, wanted=lambda name: name.startswith("shop_walks"))

    assert [name for name, *_ in read] == ["shop_walks_total"]
