"""What a service counts stands in Cloud Monitoring as it was counted; the client is Google's."""

import threading
from itertools import pairwise

import pytest
from monitored import PROJECT, SOON_S, Shop, type_of
from prometheus_client import Counter, Gauge

from tocsin.clock import SystemClock
from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.telemetry.metrics import MetricsClient, one_of
from tocsin.telemetry.testing import HandClock

pytestmark = pytest.mark.servers

ORDERS = "shop_orders_total"


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def cloud(clock):
    with RunningCloud(clock=clock) as running:
        yield running


@pytest.fixture
def shop(cloud, clock):
    made = Shop(cloud, clock=clock)
    yield made
    made.courier.stop()


def test_as_many_as_were_counted_are_read_back(shop):
    """Increments over several exports read back as their number, from one start (D02, D05)."""
    for number in range(5):
        shop.orders.inc(number + 1, kind="new")
        shop.round()
        shop.clock.advance(60)

    (series,) = shop.cloud.monitoring.series(type_of("orders_total"))
    assert shop.counted() == 15
    assert (series.kind, series.value_type) == ("CUMULATIVE", "DOUBLE")
    assert len({point.start_ns for point in series.points}) == 1
    assert [point.value for point in series.points] == [1, 3, 6, 10, 15]
    assert shop.refusals() == {}


def test_a_series_says_who_wrote_it(shop):
    """Project, region, environment, service and process stand beside every number (D10, D11)."""
    shop.orders.inc(kind="new")

    shop.round()

    (series,) = shop.cloud.monitoring.series(type_of("orders_total"), project=PROJECT)
    assert series.resource_type == "generic_task"
    labels = dict(series.resource_labels)
    assert labels.pop("task_id").startswith("i-1-")
    assert labels == {
        "project_id": PROJECT,
        "location": "europe-west1",
        "namespace": "test",
        "job": "shop",
    }


def test_a_histogram_is_a_distribution_with_its_own_buckets(shop):
    """Quantiles can be had from what arrives, within a bucket's width (D03)."""
    waits = shop.client.histogram("wait_seconds", "Waits.", buckets=(0.1, 0.2, 0.5, 1.0))
    for hundredths in range(1, 101):
        waits.observe(hundredths / 100)

    shop.round()

    (series,) = shop.cloud.monitoring.series(type_of("wait_seconds"))
    value = series.points[-1].value
    bounds = list(value.bucket_options.explicit_buckets.bounds)
    assert (series.kind, series.value_type, series.unit) == ("CUMULATIVE", "DISTRIBUTION", "s")
    assert bounds == [0.1, 0.2, 0.5, 1.0]
    assert list(value.bucket_counts)[:4] == [10, 10, 30, 50]
    assert value.mean == pytest.approx(0.505)
    assert bounds[2] < 0.95 <= bounds[3]
    assert shop.refusals() == {}


def test_descriptors_come_first_with_unit_and_description(shop):
    """Each metric is described once, before its first point, and not in each round."""
    shop.client.gauge("sent_bytes", "Bytes sent.").set(3)

    with shop.cloud.faults.ask("unavailable", on="CreateTimeSeries", times=1):
        shop.round(turns=1)
    described = {one.type: one for one in shop.cloud.monitoring.descriptors()}

    one = described[type_of("sent_bytes")]
    assert (one.unit, one.description, one.display_name) == ("By", "Bytes sent.", "shop_sent_bytes")
    assert shop.cloud.monitoring.series() == []


def test_descriptors_that_cannot_be_made_stop_no_point(shop):
    """With descriptors unavailable the numbers arrive, and are described in the next round."""
    shop.orders.inc(kind="new")
    with shop.cloud.faults.ask("unavailable", on="CreateMetricDescriptor"):
        shop.round()
    undescribed = [one.description for one in shop.cloud.monitoring.descriptors()]

    shop.clock.advance(60)
    shop.round()

    described = {one.type: one.description for one in shop.cloud.monitoring.descriptors()}
    assert shop.counted() == 1
    assert "Orders." not in undescribed
    assert described[type_of("orders_total")] == "Orders."


def test_a_whole_number_may_become_a_fraction(shop):
    """Int first and float later is no other type upstream (behaviour 18)."""
    depth = shop.client.gauge("depth_ratio", "Depth.")
    for value in (1, 0.5):
        depth.set(value)
        shop.round()
        shop.clock.advance(60)

    (series,) = shop.cloud.monitoring.series(type_of("depth_ratio"))

    assert [point.value for point in series.points] == [1.0, 0.5]
    assert shop.refusals() == {}


def test_a_label_that_a_release_adds_is_taken(shop, cloud, clock):
    """A new label later is not refused, nor is the old release beside it (behaviour 18)."""
    shop.orders.inc(kind="new")
    shop.round()
    clock.advance(60)
    newer = Shop(cloud, clock=clock)
    newer.client = MetricsClient("shop", clock=clock)
    fresh = newer.client.counter(
        "orders_total",
        "Orders.",
        labels=(one_of("kind", "new"), one_of("channel", "web")),
    )
    newer.courier.carrier._readings._client = newer.client
    fresh.inc(2, kind="new", channel="web")

    newer.round()
    clock.advance(60)
    shop.round()

    (descriptor,) = [
        one for one in cloud.monitoring.descriptors() if one.type == type_of("orders_total")
    ]
    assert {label.key for label in descriptor.labels} == {"kind", "channel"}
    assert shop.counted() == 3
    assert shop.refusals() == {}


def test_a_label_that_others_gave_a_metric_is_written_empty(shop, cloud, clock):
    """Google wants all of a metric's labels, also from a release that has fewer (behaviour 18)."""
    newer = Shop(cloud, clock=clock)
    newer.client = MetricsClient("shop", clock=clock)
    labels = (one_of("kind", "new"), one_of("channel", "web"))
    newer.client.counter("orders_total", labels=labels).inc(kind="new", channel="web")
    newer.courier.carrier._readings._client = newer.client
    newer.round()
    clock.advance(60)
    shop.orders.inc(kind="new")

    shop.round()

    lines = shop.courier.carrier._lines
    (written,) = [line.message.metric.labels for key, line in lines.items() if key[0] == ORDERS]
    assert dict(written) == {"kind": "new", "channel": ""}
    assert shop.counted() == 2
    assert shop.refusals() == {}


def test_metrics_of_other_libraries_arrive_too(shop):
    """A prometheus_client counter that a library registered is exported beside ours (D-2)."""
    hits = Counter("cache_hits", "Hits.", ["tier"], registry=shop.client.registry)
    Gauge("odd", "Not a number.", registry=shop.client.registry).set(float("nan"))
    hits.labels("hot").inc(3)
    shop.round()
    shop.clock.advance(60)
    hits.labels("hot").inc(4)

    shop.round()

    assert shop.counted("cache_hits_total", tier="hot") == 7
    assert shop.cloud.monitoring.series(type_of("odd")) == []
    assert shop.refusals() == {}


def test_six_hundred_series_survive_a_batch_that_fails(shop):
    """Of three calls one is refused, and four hundred series arrive all the same (behaviour 5)."""
    for number in range(600):
        shop.orders.inc(kind=f"k{number}")

    with shop.cloud.faults.ask("internal", on="CreateTimeSeries", times=1) as fault:
        shop.round()

    assert fault.happened == 1
    first = len(shop.cloud.monitoring.series())
    assert shop.items("refused") == 200
    assert shop.items("delivered") == first >= 400
    shop.clock.advance(60)
    shop.round()
    assert shop.counted() == 600
    assert shop.refusals() == {}


def test_threads_that_record_at_once_lose_nothing(shop):
    """Eight threads count while exports run: the sum is exact to the last one (D05, D06)."""

    def work():
        for number in range(5_000):
            shop.orders.inc(kind=f"k{number % 20}")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        shop.round()
        shop.clock.advance(10)
    for thread in threads:
        thread.join()

    shop.round()

    assert shop.counted() == 40_000
    assert shop.refusals() == {}


def test_many_writers_of_one_instance_never_meet(cloud, clock):
    """Twelve writers of one host name write twelve sets of series (D04, behaviour 3)."""
    writers = [Shop(cloud, clock=clock) for _ in range(12)]
    for writer in writers:
        writer.orders.inc(kind="new")

    for writer in writers:
        writer.round()
        clock.advance(0.001)

    series = cloud.monitoring.series(type_of("orders_total"))
    assert len({dict(one.resource_labels)["task_id"] for one in series}) == 12
    assert writers[0].counted() == 12
    assert writers[0].refusals() == {}


def test_the_final_flush_right_after_a_round_loses_nothing(shop):
    """One second after a periodic export all is written again, without complaint (behaviour 4)."""
    shop.orders.inc(kind="new")
    shop.round()
    shop.clock.advance(1)
    shop.orders.inc(kind="new")

    shop.round()

    (series,) = shop.cloud.monitoring.series(type_of("orders_total"))
    ends = [point.end_ns for point in series.points]
    assert shop.counted() == 2
    assert all(later - one >= 5 * 10**9 for one, later in pairwise(ends))
    assert shop.refusals() == {}


def test_real_time_rounds_and_a_close_are_exact():
    """Rounds in a thread and the final flush on top: as many as were counted (D05, D07)."""
    with RunningCloud() as now:
        shop = Shop(now, clock=SystemClock(), every_s=0.5)
        shop.delivery.start()
        for _ in range(300):
            shop.orders.inc(kind="new")
            threading.Event().wait(0.002)

        went_well = shop.delivery.close(SOON_S)

        assert went_well
        assert shop.counted() == 300
        assert shop.refusals() == {}


@pytest.mark.parametrize("step_s", [-3600, -30, 30, 250])
def test_a_clock_that_steps_costs_no_count(cloud, clock, step_s):
    """The service's clock is put back or forward; Google's is not (behaviour 8)."""
    mine = HandClock(wall_ns=clock.wall_ns())
    shop = Shop(cloud, clock=mine)

    def minute():
        shop.orders.inc(kind="new")
        for each in (mine, clock):
            each.advance(60)
        shop.round()

    minute()
    minute()
    mine.set_wall(mine.wall_ns() + step_s * 10**9)
    for _ in range(5):
        minute()

    assert shop.counted() == 7
    assert shop.refusals() == {}


def test_a_clock_that_was_an_hour_ahead_and_is_put_right_comes_back(cloud, clock):
    """While it is wrong Google refuses the dates; put right, all that was counted is there."""
    mine = HandClock(wall_ns=clock.wall_ns() + 3600 * 10**9)
    shop = Shop(cloud, clock=mine)

    def minute():
        shop.orders.inc(kind="new")
        for each in (mine, clock):
            each.advance(60)
        shop.round()

    minute()
    wrong = shop.counted()
    mine.set_wall(clock.wall_ns())
    for _ in range(3):
        minute()

    assert wrong == 0
    assert shop.counted() == 4
    assert set(shop.refusals()) == {"monitoring.point.future"}


def test_a_restart_begins_a_new_series(cloud, clock):
    """The same service started again writes beside what it wrote before (behaviour 8)."""
    for _ in range(3):
        shop = Shop(cloud, clock=clock)
        shop.orders.inc(5, kind="new")
        shop.round()
        clock.advance(2)

    assert shop.counted() == 15
    assert len(cloud.monitoring.series(type_of("orders_total"))) == 3
    assert shop.refusals() == {}


def test_two_thousand_series_are_written_in_ten_calls(shop):
    """Batches are full, and none holds more than Google takes (D05)."""
    for name in ("a", "b", "c"):
        many = shop.client.counter(
            f"{name}_total", "Many.", labels=(one_of("n", *[str(n) for n in range(600)]),)
        )
        for number in range(600):
            many.inc(n=str(number))

    shop.round()

    assert len(shop.cloud.monitoring.series()) > 1800
    assert shop.calls("ok") == -(-len(shop.cloud.monitoring.series()) // 200)
    assert shop.refusals() == {}
