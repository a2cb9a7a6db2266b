"""Whatever becomes of a call by OTLP, the totals are exact afterwards."""

import time

import pytest
from by_otlp import COUNTER, Shop, endpoint_of, finished_spans

from tocsin.errors import DeclarationError
from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.telemetry.delivery import Undelivered
from tocsin.telemetry.exporters.otlp import OtlpEndpoint, SpanCarrier
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


@pytest.mark.parametrize(
    ("kind", "seconds", "timeout_s"),
    [
        ("unavailable", 0, 20.0),
        ("deadline_exceeded", 0, 20.0),
        ("reset", 0, 20.0),
        ("lost_answer", 0, 20.0),
        ("hang", 0, SHORT_S),
        ("slow", 4.0, SHORT_S),
    ],
)
def test_a_call_that_goes_wrong_is_made_good_in_its_round(cloud, clock, kind, seconds, timeout_s):
    """The batch arrives within the same round, and what was counted counts once (behaviour 5)."""
    shop = Shop(cloud, clock=clock, timeout_s=timeout_s)
    shop.orders.inc(7, kind="new")

    with cloud.faults.ask(kind, on="Export", times=1, seconds=seconds) as fault:
        shop.round(turns=6)

    assert fault.happened == 1
    assert shop.counted() == 7
    assert shop.items("refused") == shop.items("failed") == 0
    assert shop.refusals() == {}


def test_one_failing_request_costs_no_other_its_points(cloud, clock):
    """Of four requests one is refused for good; the other three arrive, once each (behaviour 5)."""
    shop = Shop(cloud, clock=clock)
    for number in range(730):
        shop.orders.inc(kind=f"k{number}")

    with cloud.faults.ask("internal", on="Export", times=1) as fault:
        shop.round(turns=3)

    assert fault.happened == 1
    assert shop.calls("ok") == 3
    assert shop.items("refused") == 200
    assert 500 <= shop.counted() < 730
    clock.advance(60)
    shop.round()
    assert shop.counted() == 730


def test_a_partial_success_is_counted_as_what_it_is(cloud, clock):
    """Points refused among others are told by number, and the others stay (behaviour 5)."""
    shop = Shop(cloud, clock=clock)
    for number in range(60):
        shop.orders.inc(kind=f"k{number}")

    with cloud.faults.ask("partial_failure", on="MetricsService/Export", times=1) as fault:
        shop.round()

    taken = [one.metric_type for one in cloud.monitoring.series()]
    assert fault.happened == 1
    assert shop.items("refused") + shop.items("delivered") > 60
    assert shop.items("delivered") == sum("target_info" not in one for one in taken)
    assert shop.told.drops.value(exporter="metrics", cause="partial_success") > 0


def test_ten_minutes_of_outage_end_with_exact_totals(cloud, clock):
    """Rounds fail for ten minutes, and the first after them holds it all (behaviour 6)."""
    shop = Shop(cloud, clock=clock)
    with cloud.faults.ask("unavailable", on="Export") as fault:
        for _ in range(10):
            shop.orders.inc(10, kind="new")
            shop.round(turns=2)
            clock.advance(60)

    shop.round(turns=3)

    assert fault.happened >= 10
    assert shop.counted() == 100
    assert len(cloud.monitoring.series(COUNTER)[0].points) == 1
    assert len(shop.lines) <= 12


def test_a_hanging_collector_is_left_when_the_time_is_up(cloud):
    """The call itself holds the time limit, with no tries of its own behind it (behaviour 6)."""
    carrier = SpanCarrier(endpoint_of(cloud), lambda: {"gcp.project_id": "p"})
    began = time.monotonic()

    with cloud.faults.ask("hang", on="Export") as fault, pytest.raises(Undelivered) as met:
        carrier.carry(finished_spans(2), timeout_s=SHORT_S)

    assert met.value.cause == "DEADLINE_EXCEEDED"
    assert met.value.again
    assert time.monotonic() - began < 20
    assert fault.happened == 1
    carrier.close()


def test_an_address_that_would_leave_the_machine_in_the_open_is_refused():
    """What tells of people goes to another machine encrypted, or not at all."""
    with pytest.raises(DeclarationError, match="unencrypted"):
        OtlpEndpoint.of("http://collector.example.org:4317")
    with pytest.raises(DeclarationError, match="no address"):
        OtlpEndpoint.of("ftp://collector.example.org")

    assert OtlpEndpoint.of("https://telemetry.googleapis.com").as_google
    assert OtlpEndpoint.of("https://telemetry.googleapis.com").address.endswith(":443")
    assert OtlpEndpoint.of("[::1]:4317").insecure
