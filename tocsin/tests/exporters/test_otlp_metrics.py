"""The registry by OTLP: Google's shelf holds what was counted, under the names that are asked."""

import random

import pytest
from by_otlp import COUNTER, PROJECT, WAITS, Shop
from google.api.distribution_pb2 import Distribution
from prometheus_client import Gauge

from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.telemetry.testing import HandClock

pytestmark = pytest.mark.servers


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def cloud(clock):
    with RunningCloud(clock=clock) as running:
        yield running


@pytest.fixture
def shop(cloud, clock):
    return Shop(cloud, clock=clock)


def test_n_increments_are_read_back_as_n(cloud, clock, shop):
    """Counters are cumulative with one start, and the last point holds every increment (D02)."""
    for _ in range(37):
        shop.orders.inc(kind="new")
    shop.round()
    clock.advance(60)
    shop.orders.inc(5, kind="new")

    shop.round()

    (series,) = cloud.monitoring.series(COUNTER, PROJECT)
    assert [point.value for point in series.points] == [37.0, 42.0]
    assert len({point.start_ns for point in series.points}) == 1
    assert (series.kind, series.value_type) == ("CUMULATIVE", "DOUBLE")
    assert series.resource_labels == {
        "project_id": PROJECT,
        "location": "europe-west1",
        "cluster": "",
        "namespace": "test",
        "job": "shop",
        "instance": "i-1-7",
    }
    assert shop.refusals() == {}


def test_a_quantile_lies_within_its_bucket(cloud, shop):
    """Histograms keep their buckets, so a quantile errs by less than a bucket's width (D03)."""
    chance = random.Random(7)  # noqa: S311 - no secret
    waits = sorted(chance.uniform(0.0, 1.0) for _ in range(1000))
    for wait in waits:
        shop.waits.observe(wait)

    shop.round()

    (series,) = cloud.monitoring.series(WAITS)
    value = series.points[-1].value
    bounds = list(value.bucket_options.explicit_buckets.bounds)
    assert isinstance(value, Distribution)
    assert bounds == [0.1, 0.5, 1.0]
    assert value.count == 1000
    assert value.mean * value.count == pytest.approx(sum(waits))
    for share in (0.05, 0.5, 0.95):
        true = waits[int(share * 1000)]
        below = next(at for at in range(4) if sum(value.bucket_counts[: at + 1]) > share * 1000)
        low, high = [0.0, *bounds][below], bounds[below]
        assert low <= true <= high


def test_a_gauge_is_its_last_value(cloud, clock, shop):
    """A gauge goes as a gauge, up and down, and one that is no number stays at home."""
    Gauge("cache_items", "Cached.", registry=shop.client.registry).set(float("nan"))
    shop.queue.set(8)
    shop.round()
    clock.advance(60)
    shop.queue.set(3)

    shop.round()

    (series,) = cloud.monitoring.series("prometheus.googleapis.com/shop_queue_items/gauge")
    assert [point.value for point in series.points] == [8.0, 3.0]
    assert cloud.monitoring.series("prometheus.googleapis.com/cache_items/gauge") == []


def test_many_series_go_in_requests_of_two_hundred(cloud, shop):
    """No request holds more than Google takes, and every series arrives (behaviour 5)."""
    for number in range(730):
        shop.orders.inc(number + 1, kind=f"k{number}")

    shop.round()

    assert shop.counted() == sum(range(731))
    assert shop.calls("ok") == 4
    assert shop.items("delivered") == sum(
        not one.metric_type.endswith("target_info/gauge") for one in cloud.monitoring.series()
    )
    assert shop.refusals() == {}


def test_a_final_export_right_after_a_periodic_one_is_taken(cloud, clock, shop):
    """A point one second after the last is dated forward, and nothing is lost (behaviour 4)."""
    shop.orders.inc(3, kind="new")
    shop.round()
    clock.advance(1)
    shop.orders.inc(4, kind="new")

    shop.round()

    assert shop.counted() == 7
    assert shop.refusals() == {}


def test_a_clock_that_steps_back_loses_nothing(cloud, clock, shop):
    """A minute back, points go on in order and keep their start (behaviour 8)."""
    shop.orders.inc(3, kind="new")
    shop.round()
    clock.advance(10)
    clock.set_wall(clock.wall_ns() - 60 * 10**9)
    shop.orders.inc(4, kind="new")
    shop.orders.inc(1, kind="late")
    shop.round()
    clock.advance(10)

    shop.round()

    (new,) = [one for one in cloud.monitoring.series(COUNTER) if one.metric_labels["kind"] == "new"]
    assert [point.value for point in new.points] == [3.0, 7.0, 7.0]
    assert len({point.start_ns for point in new.points}) == 1
    assert shop.counted() == 8
    assert shop.refusals() == {}


def test_the_resource_is_told_once_as_target_info(cloud, shop):
    """What Google makes of the resource carries the version, and never the writer's number."""
    shop.round()

    (series,) = cloud.monitoring.series("prometheus.googleapis.com/target_info/gauge")
    assert series.metric_labels["service_version"] == "1.2"
    assert "service_instance_id" not in series.metric_labels
