"""Whatever becomes of a call, the totals are exact afterwards and Google has nothing to refuse."""

import pytest
from monitored import SOON_S, Shop, type_of

from tocsin.clock import SystemClock
from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.telemetry.testing import HandClock

pytestmark = pytest.mark.servers

SHORT_S = 0.5


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def cloud(clock):
    with RunningCloud(clock=clock) as running:
        yield running


def points_of(cloud, name="orders_total"):
    return [len(series.points) for series in cloud.monitoring.series(type_of(name))]


@pytest.mark.parametrize(
    ("kind", "seconds", "timeout_s"),
    [
        ("unavailable", 0, 20.0),
        ("deadline_exceeded", 0, 20.0),
        ("reset", 0, 20.0),
        ("lost_answer", 0, 20.0),
        ("hang", 0, SHORT_S),
        ("slow", 4.0, SHORT_S),
        ("slow", 0.2, 20.0),
        ("wrong_order", 0.5, 20.0),
        ("wrong_order", 4.0, SHORT_S),
    ],
)
def test_a_call_that_goes_wrong_is_made_good_in_its_round(cloud, clock, kind, seconds, timeout_s):
    """The batch arrives within the same round, and every point once (behaviour 5)."""
    shop = Shop(cloud, clock=clock, timeout_s=timeout_s)
    shop.orders.inc(7, kind="new")

    with cloud.faults.ask(kind, on="CreateTimeSeries", times=1, seconds=seconds) as fault:
        shop.round(turns=6)

    assert fault.happened == 1
    assert shop.counted() == 7
    assert shop.items("delivered") == len(cloud.monitoring.series())
    assert shop.items("refused") == shop.items("failed") == 0
    assert shop.refusals() == {}


def test_an_answer_that_was_lost_is_not_counted_twice(cloud, clock):
    """The points were written; sent again they are later points of the same count (behaviour 5)."""
    shop = Shop(cloud, clock=clock)
    shop.orders.inc(7, kind="new")
    with cloud.faults.ask("lost_answer", on="CreateTimeSeries", times=1):
        shop.round(turns=4)
    shop.orders.inc(1, kind="new")
    clock.advance(60)

    shop.round()

    assert points_of(cloud) == [3]
    assert shop.counted() == 8
    assert shop.refusals() == {}


def test_a_partial_failure_is_understood_and_counted_by_reason(cloud, clock):
    """What was written counts as delivered, what was not by its status; the next round mends it."""
    shop = Shop(cloud, clock=clock)
    for number in range(50):
        shop.orders.inc(kind=f"k{number}")
    with cloud.faults.ask("partial_failure", on="CreateTimeSeries", times=1) as fault:
        shop.round()
    written = len(cloud.monitoring.series())
    refused = shop.told.drops.value(exporter="metrics", cause="INTERNAL")

    clock.advance(60)
    shop.round()

    assert fault.happened == 1
    assert refused == shop.items("refused") > 0
    assert shop.items("delivered") >= written + 50
    assert shop.calls("failed") == shop.calls("retried") == 0
    assert shop.counted() == 50
    assert shop.refusals() == {}


def test_quota_is_not_fought_over(cloud, clock):
    """RESOURCE_EXHAUSTED is not retried in its round: the next one brings the same count."""
    shop = Shop(cloud, clock=clock)
    shop.orders.inc(kind="new")
    with cloud.faults.ask("resource_exhausted", on="CreateTimeSeries") as fault:
        shop.round(turns=5)

    clock.advance(60)
    shop.round()

    assert fault.happened == 1
    assert shop.counted() == 1


@pytest.mark.parametrize(("kind", "timeout_s"), [("unavailable", 20.0), ("hang", 0.15)])
def test_ten_minutes_of_outage_cost_no_count(cloud, clock, kind, timeout_s):
    """Through ten minutes the service counts on; afterwards all of it is there (behaviour 6)."""
    shop = Shop(cloud, clock=clock, timeout_s=timeout_s)
    shop.orders.inc(kind="new")
    shop.round()
    held = len(shop.courier.carrier._lines)
    with cloud.faults.ask(kind, on="CreateTimeSeries") as fault:
        for _ in range(10):
            clock.advance(60)
            shop.orders.inc(kind="new")
            shop.round(turns=3)

    clock.advance(60)
    shop.round()

    assert fault.happened >= 10
    assert shop.counted() == 11
    assert len(shop.courier.carrier._lines) <= held + 10
    assert shop.refusals() == {}
    assert 9 <= len(shop.lines) <= 12


def test_a_cloud_that_is_not_there_at_first_is_found_later():
    """The service starts without it; once it is there, all that was counted arrives (D12)."""
    with RunningCloud() as cloud:
        grpc_port = int(cloud.grpc_address.rpartition(":")[2])
        shop = Shop(cloud, clock=SystemClock(), every_s=0.5, timeout_s=2.0)
    shop.orders.inc(3, kind="new")
    shop.delivery.start()
    assert not shop.delivery.flush(2.0)

    with RunningCloud(grpc_port=grpc_port) as later:
        shop.cloud = later
        went_well = shop.delivery.close(SOON_S)

        assert went_well
        assert shop.counted() == 3
        assert shop.refusals() == {}
    assert len(shop.lines) <= 4


def test_a_client_that_cannot_be_made_is_made_later(cloud, clock):
    """Credentials that are missing at first disable nothing (D12)."""
    from google.auth.exceptions import DefaultCredentialsError  # noqa: PLC0415

    shop = Shop(cloud, clock=clock)
    carrier = shop.courier.carrier
    connect, tries = carrier._connect, []

    def connects_later(endpoint):
        tries.append(endpoint)
        if len(tries) == 1:
            raise DefaultCredentialsError("none here")
        return connect(endpoint)

    carrier._connect = connects_later
    shop.orders.inc(kind="new")
    shop.round()
    clock.advance(60)

    shop.round()

    assert shop.told.drops.value(exporter="metrics", cause="no_credentials") > 0
    assert shop.counted() == 1


def test_closing_while_the_cloud_hangs_is_bounded():
    """The last flush gives up within its budget, and says so (D07)."""
    with RunningCloud() as cloud:
        shop = Shop(cloud, clock=SystemClock(), timeout_s=2.0)
        shop.orders.inc(kind="new")
        began_ns = SystemClock().monotonic_ns()
        with cloud.faults.ask("hang"):
            went_well = shop.delivery.close(3.0)
        took_s = (SystemClock().monotonic_ns() - began_ns) / 1e9

        assert not went_well
        assert took_s < 9
        assert any(line["cause"] == "closed_with_items_left" for line in shop.lines)
