"""Recording is exact, quick, and never the caller's trouble."""

import math
import subprocess
import sys
import textwrap
import threading
import time
from decimal import Decimal

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client import Counter as PrometheusCounter

from tocsin.errors import TelemetryMisuseError
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.http_metrics import HttpMetrics
from tocsin.telemetry.metrics import MetricsClient, bounded, one_of
from tocsin.telemetry.testing import HandClock

NAN = math.nan
INFINITY = math.inf


@pytest.fixture
def client():
    return MetricsClient("shop")


def failures(client, metric):
    return client.self_metrics.failures.value(site=f"metrics.shop_{metric}")


def test_whole_and_broken_numbers_add_up(client):
    """An int and then a float on one metric are one sum (behaviour 18)."""
    sent = client.counter("sent_bytes_total")

    sent.inc(2)
    sent.inc(0.5)
    sent.inc()

    assert sent.value() == 3.5


@pytest.mark.parametrize(
    "amount",
    [-1, -0.001, NAN, INFINITY, -INFINITY, None, "1", b"1", Decimal("NaN"), [], "x" * 10**6],
)
def test_a_number_that_would_spoil_a_counter_is_refused_and_counted(client, amount):
    """A counter never falls and never becomes NaN; the refusal is a metric (D-8)."""
    orders = client.counter("orders_total")
    bound = orders.bind()

    orders.inc(amount)
    bound.inc(amount)

    assert orders.value() == 0
    assert failures(client, "orders_total") == 2


@pytest.mark.parametrize("value", [NAN, INFINITY, -INFINITY, None, "1", []])
def test_a_number_that_would_spoil_a_gauge_is_refused_and_counted(client, value):
    """A gauge of several workers is summed: one NaN would hide them all."""
    depth = client.gauge("queue_items")
    depth.set(3)

    depth.set(value)
    depth.inc(value)
    depth.bind().set(value)

    assert depth.value() == 3
    assert failures(client, "queue_items") == 3


@pytest.mark.parametrize("value", [-0.1, NAN, INFINITY, None, "1", []])
def test_a_number_that_would_spoil_a_histogram_is_refused_and_counted(client, value):
    """A sum that falls looks like a restart to Prometheus."""
    waits = client.histogram("waits_seconds")

    waits.observe(value)
    waits.bind().observe(value)

    assert (waits.count(), waits.sum()) == (0, 0)
    assert failures(client, "waits_seconds") == 2


def test_a_refused_number_is_raised_under_test(client):
    """A strict guard shows the mistake, and what was wanted."""
    client.guard = Guard(strict=True)
    orders = client.counter("orders_total")

    with pytest.raises(TelemetryMisuseError, match="finite amounts of 0 or more; got -1"):
        orders.inc(-1)


def test_a_refusal_never_quotes_what_was_passed(client):
    """An error's text may reach a log, and a wrong value may be somebody's name."""
    client.guard = Guard(strict=True)
    orders = client.counter("orders_total")

    with pytest.raises(TypeError) as refusal:
        orders.bind().inc("Ada Lovelace")

    assert "Ada" not in str(refusal.value)


def test_a_gauge_goes_up_and_down(client):
    """A gauge is set, raised and lowered, from anywhere."""
    depth = client.gauge("queue_items")
    bound = depth.bind()

    depth.set(10)
    bound.inc(2)
    bound.dec()
    depth.dec(0.5)

    assert depth.value() == bound.value() == 10.5


def test_a_measurement_falls_into_the_bucket_whose_bound_it_does_not_exceed(client):
    """Bounds are inclusive, as `le` says."""
    waits = client.histogram("waits_seconds", buckets=(1, 2))

    for value in (0, 1, 1.5, 2, 2.5):
        waits.observe(value)

    assert waits.all_series()[0].values() == [7.0, 2.0, 2.0, 1.0]
    assert (waits.count(), waits.sum()) == (5, 7.0)


def test_the_helpers_by_name_move_what_was_declared(client):
    """Code that has only the client records by name, with or without the namespace."""
    orders = client.counter("orders_total", labels=(one_of("kind", "new"),))
    depth = client.gauge("queue_items")
    waits = client.histogram("waits_seconds")

    client.increment("orders_total", kind="new")
    client.increment("shop_orders_total", 2, kind="new")
    client.set("queue_items", 4)
    client.observe("waits_seconds", 0.25)

    assert orders.value(kind="new") == 3
    assert depth.value() == 4
    assert waits.sum() == 0.25


@pytest.mark.parametrize("name", ["order_total", "queue_items", "", None, 7])
def test_a_name_that_was_not_declared_is_a_counted_failure(client, name):
    """A misspelt name costs a recording, and is told."""
    client.counter("orders_total")
    client.gauge("queue_items")

    client.increment(name)

    assert client.self_metrics.failures.value(site="metrics.by_name") == 1


def test_a_misspelt_name_is_told_with_the_nearest_one(client):
    """Under test the error names the metric that was probably meant."""
    client.guard = Guard(strict=True)
    client.counter("orders_total")

    with pytest.raises(TelemetryMisuseError, match="did you mean shop_orders_total"):
        client.increment("order_total")


def test_binding_strange_labels_is_refused_at_once(client):
    """A child is bound at the start of a service: a mistake there must not wait."""
    orders = client.counter("orders_total", labels=(one_of("kind", "new"),))

    with pytest.raises(TelemetryMisuseError, match="labels kind; the call gave sort"):
        orders.bind(sort="new")


@pytest.mark.parametrize("in_file", [False, True], ids=["memory", "file"])
def test_many_threads_lose_nothing(tmp_path, in_file):
    """Totals are exact under threads, bound, by label and by name (D06)."""
    client = MetricsClient("shop", worker_directory=tmp_path if in_file else None)
    orders = client.counter("orders_total", labels=(one_of("kind", "new"), bounded("page", 5)))
    waits = client.histogram("waits_seconds", buckets=(1.0,))
    depth = client.gauge("queue_items")
    bound = orders.bind(kind="new", page="a")
    start = threading.Barrier(8)

    def work(number):
        start.wait()
        for turn in range(2_000):
            bound.inc()
            orders.inc(kind="new", page=f"{number}{turn % 7}")
            client.observe("waits_seconds", 0.5)
            depth.inc()
            depth.dec()

    in_threads(work, 8)

    assert orders.total_events() == 2 * 8 * 2_000
    assert (waits.count(), waits.sum()) == (16_000, 8_000.0)
    assert depth.value() == 0
    assert b"shop_waits_seconds_count 16000.0" in client.exposition()[0]
    client.close()


def test_a_scrape_in_the_midst_of_recording_sees_no_half_of_it(client):
    """Whoever reads while others record finds each histogram's count and buckets agree."""
    waits = client.histogram("waits_seconds", buckets=(1.0, 2.0))
    stop = threading.Event()
    seen = []

    def record():
        while not stop.is_set():
            waits.observe(1.5)

    writer = threading.Thread(target=record)
    writer.start()
    for _ in range(200):
        samples = {
            (sample.name, sample.labels.get("le")): sample.value
            for family in client.registry.collect()
            for sample in family.samples
        }
        sum_s = samples["shop_waits_seconds_sum", None]
        seen.append(sum_s == 1.5 * samples["shop_waits_seconds_bucket", "+Inf"])
    stop.set()
    writer.join()

    assert all(seen)


def test_a_finaliser_that_records_while_we_do_waits_for_nobody(client):
    """Recording from within a recording, in the same thread, does not lock itself out."""
    orders = client.counter("orders_total")

    with client.store.lock:
        orders.inc()

    assert orders.value() == 1


def test_a_stalled_exporter_stalls_no_recording(client):
    """While a reader hangs half-way through the registry, recording goes on (D01)."""
    orders = client.counter("orders_total")
    hanging, release = threading.Event(), threading.Event()

    def export():
        for _ in client.registry.collect():
            hanging.set()
            release.wait(30)

    exporter = threading.Thread(target=export)
    exporter.start()
    hanging.wait(30)
    began = time.perf_counter()
    for _ in range(1_000):
        orders.inc()
    took_s = time.perf_counter() - began
    release.set()
    exporter.join()

    assert orders.value() == 1_000
    assert took_s < 1


def test_recording_does_no_input_or_output(tmp_path):
    """Python's audit hook sees no file, socket or process touched by 10,000 recordings (D01)."""
    program = textwrap.dedent(
        """
        import os, sys
        if sys.argv[1]:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[1]
        from tocsin.telemetry.http_metrics import HttpMetrics
        from tocsin.telemetry.metrics import MetricsClient, bounded, pseudonym

        client = MetricsClient("shop")
        http = HttpMetrics(client)
        hits = client.counter(
            "hits_total", labels=(bounded("endpoint", 40), pseudonym("client", 50))
        )
        depth = client.gauge("queue_items", across_workers="mostrecent")
        client.start()

        seen = []
        quiet = ("object.", "builtins.id", "sys._getframe", "code.", "compile", "gc.")
        sys.addaudithook(lambda event, args: event.startswith(quiet) or seen.append(event))
        for number in range(10_000):
            http.in_flight.inc()
            http.finished("GET", f"/r{number % 500}", 200 + number % 300, 0.1, 0.1, 0, 512)
            hits.inc(endpoint=f"/r{number % 90}", client=f"{number * 7919:012x}")
            client.increment("hits_total", endpoint=None, client="192.0.2.7")
            depth.set(number)
        print(sorted(set(seen)))
        open(os.devnull).close()
        print(seen[-1:])
        """
    )

    alone = run(program, "")
    among_workers = run(program, str(tmp_path))

    assert alone == "[]\n['open']"
    assert among_workers == "[]\n['open']"


def test_counting_a_request_costs_less_than_five_recordings_of_prometheus_client():
    """The hottest call moves five instruments for less than prometheus_client's cheapest five."""
    http = HttpMetrics(MetricsClient("shop"))
    reference = PrometheusCounter("c", "-", ["a"], registry=CollectorRegistry()).labels("b")

    ours_ns = cost_ns(lambda: http.finished("GET", "/things/{id}", 200, 0.012, 0.011, 0, 512))
    theirs_ns = cost_ns(reference.inc)

    assert ours_ns < 5 * theirs_ns


def test_failures_and_lost_lines_are_metrics_themselves(client):
    """The guard's and the log pipeline's hooks move counters that can alert (D-8)."""
    guard = Guard(on_failure=client.self_metrics.failed)

    with guard("middleware.finish"):
        raise ValueError
    client.self_metrics.log_line_dropped("queue_full")

    text = client.exposition()[0].decode()
    assert 'shop_telemetry_failures_total{site="middleware.finish"} 1.0' in text
    assert 'shop_telemetry_log_lines_dropped_total{cause="queue_full"} 1.0' in text


def test_what_may_overflow_shows_at_zero_before_it_does(client):
    """The first folded recording is a rise of a series that was there."""
    client.counter("views_total", labels=(bounded("page", 2),))

    text = client.exposition()[0].decode()

    assert 'shop_telemetry_label_overflow_total{label="page",metric="shop_views_total"} 0.0' in text


def test_when_a_series_began_is_kept_for_exporters():
    """Cloud Monitoring wants a counter's start time, and wants it stable (D02)."""
    clock = HandClock()
    orders = MetricsClient("shop", clock=clock).counter("orders_total")
    began_ns = clock.wall_ns()
    clock.advance(60)

    orders.inc()

    assert orders.all_series()[0].started_ns == began_ns


def in_threads(work, count):
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def run(program, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    return done.stdout.strip()


def cost_ns(call):
    rounds = []
    for _ in range(15):
        began = time.process_time_ns()
        for _ in range(2_000):
            call()
        rounds.append((time.process_time_ns() - began) / 2_000)
    return min(rounds)
