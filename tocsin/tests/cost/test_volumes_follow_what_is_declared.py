"""A month's volumes by hand, beside those that are reckoned."""

from dataclasses import replace

import pytest
from priced import REQUEST, plan, traffic

from tocsin.errors import DeclarationError
from tocsin.monitoring.cost.bill import bill_of, planned_bill
from tocsin.monitoring.cost.plan import Alarm
from tocsin.monitoring.cost.prices import read_prices
from tocsin.monitoring.cost.terraform import Ordered, UptimeCheck
from tocsin.monitoring.cost.volume import Points, Volumes, volumes_of

PRICES = read_prices()
ROUNDS = 2 * 100 * 60 + 10
"""Two processes for a hundred hours, a round a minute, and one at each of ten ends."""
NOTHING = Volumes(Points(), 0, 0, 0, 0, 0, 0, 0)


def dollars(volumes: Volumes, by: str = "bytes") -> dict[str, float]:
    """The bill's lines that are not 0."""
    return {
        line.driver: pytest.approx(line.dollars)
        for line in bill_of(volumes, PRICES, by).lines
        if line.dollars
    }


def test_points_are_series_times_rounds():
    """Two series of a closed counter and two routes' distributions, in every process."""
    points = volumes_of(plan(), PRICES).points

    assert (points.scalars, points.distributions) == (2 * ROUNDS, 2 * ROUNDS)
    assert points.filled_buckets == 2 * ROUNDS * 4


def test_at_most_there_is_every_series_and_every_bucket_that_is_declared():
    """What strangers can make of it."""
    points = volumes_of(plan(), PRICES, "at most").points

    assert (points.scalars, points.distributions) == (3 * ROUNDS, 50 * ROUNDS)
    assert points.filled_buckets == 50 * ROUNDS * 12


def test_a_series_that_the_traffic_states_overrules_what_was_seen():
    """For metrics of which nothing else tells it."""
    stated = traffic(series={"shop_wait_seconds": 7})

    assert volumes_of(plan(traffic=stated), PRICES).points.distributions == 7 * ROUNDS


def test_a_process_may_send_some_metrics_only():
    """Another kind of process beside it sends all of them."""
    some = {"count": 2, "starts": 10, "exports": ["shop_ord*"]}

    points = volumes_of(plan(traffic=traffic(processes={"api": some})), PRICES).points

    assert (points.scalars, points.distributions) == (2 * ROUNDS, 0)


def test_half_as_many_rounds_are_half_the_points_but_for_those_of_ends():
    """The interval divides time; what a process says at its end stays."""
    slower = volumes_of(plan().with_exporting(every_s=120), PRICES)

    assert slower.points.scalars == 2 * (2 * 100 * 30 + 10)


def test_lines_are_those_of_events_and_of_starts():
    """Each event's own, and what each start and end leaves."""
    volumes = volumes_of(plan(), PRICES)

    assert volumes.log_bytes == 1000 * 500 + 10 * 4 * 250
    assert volumes.retained_byte_months == 0


def test_a_bucket_of_its_own_is_stored_twice_and_kept_longer():
    """Its lines are in the ordinary one too; beyond 30 days each month is charged."""
    event = {"request": {**REQUEST, "bucket": "attacks"}}

    volumes = volumes_of(plan(traffic=traffic(events=event)), PRICES)

    assert volumes.log_bytes == 2 * 1000 * 500 + 10 * 4 * 250
    assert volumes.retained_byte_months == pytest.approx(1000 * 500 * 335 / 30.4)


def test_a_bucket_that_nobody_ordered_is_refused():
    """A slip in its name would keep its lines for nothing."""
    event = {"request": {**REQUEST, "bucket": "atacks"}}

    with pytest.raises(DeclarationError, match=r"events\.request: no log bucket 'atacks'"):
        volumes_of(plan(traffic=traffic(events=event)), PRICES)


def test_spans_are_those_of_kept_traces():
    """Half of the traces, three spans each; a process's own spans count by the hour."""
    own = traffic(processes={"worker": {"count": 2, "spans_per_hour": 7}})

    assert volumes_of(plan(), PRICES).spans == 1000 * 3 / 2
    assert volumes_of(plan(traffic=own), PRICES).spans == (1000 * 3 + 2 * 7 * 100) / 2


@pytest.mark.parametrize(
    ("regions", "places"), [(("EUROPE",), 1), (("USA",), 3), (("USA", "EUROPE"), 4), ((), 6)]
)
def test_a_check_is_executed_from_each_place_of_its_regions(regions, places):
    """Three of them are in the USA; without a region all ask (R241)."""
    ordered = Ordered(checks=(UptimeCheck("up", 300.0, regions),))

    assert volumes_of(plan(ordered=ordered), PRICES).executions == places * 100 * 12


def test_a_region_that_is_none_is_refused():
    """With those that there are."""
    ordered = Ordered(checks=(UptimeCheck("up", 60.0, ("MARS",)),))

    with pytest.raises(DeclarationError, match="up: no region 'MARS': there are ASIA_PACIFIC"):
        volumes_of(plan(ordered=ordered), PRICES)


def test_an_alarm_is_charged_for_each_metric_that_it_names_but_free_ones():
    """And for a point each time that it is executed."""
    free = Alarm("Down", ("monitoring_googleapis_com:uptime_check_check_passed",), 30.0)
    alarms = (*plan().alarms, free)

    volumes = volumes_of(plan(alarms=alarms), PRICES)

    assert volumes.references == 2
    assert volumes.alert_points == 100 * 60 + 100 * 120


def test_a_metric_made_of_lines_has_a_point_a_minute_for_each_series():
    """It is billed by bytes, whatever the service's own metrics are."""
    several = plan(traffic=traffic(log_metrics={"error_lines": 5}))

    volumes = volumes_of(several, PRICES)

    assert volumes.log_metric_points == 5 * 100 * 60
    assert bill_of(volumes, PRICES, "samples").lines[0].volume * 2**20 == 5 * 100 * 60 * 8


def test_metrics_are_billed_the_one_way_or_the_other():
    """A thousand MiB of plain numbers by bytes are 131 million samples."""
    volumes = replace(NOTHING, points=Points(scalars=1000 * 2**20 / 8))

    assert dollars(volumes) == {"metrics_by_bytes": 850 * 0.258}
    assert dollars(volumes, "samples") == {"metrics_by_samples": 131.072 * 0.06}


def test_lines_checks_and_spans_cost_after_their_free_amounts():
    """50 GiB, a million executions, two and a half million spans (R240, R241)."""
    free = replace(NOTHING, log_bytes=50 * 2**30, executions=1e6, spans=2.5e6)
    more = replace(NOTHING, log_bytes=52 * 2**30, executions=1.1e6, spans=3.5e6)

    assert dollars(free) == {}
    assert dollars(more) == {"log_storage": 1.0, "uptime_checks": 30.0, "spans": 0.2}


def test_what_is_only_announced_is_no_part_of_todays_total():
    """Alarms are free until Google's day comes (R242)."""
    bill = bill_of(replace(NOTHING, references=10, alert_points=2e6), PRICES, "bytes")

    assert bill.total == 0
    assert bill.total_later == pytest.approx(10 * 0.35 + 2 * 0.5)
    assert bill.heaviest is None


def test_the_heaviest_line_is_named():
    """That is what drives the bill."""
    bill = planned_bill(plan(traffic=traffic(series={"shop_wait_seconds": 500})), PRICES)

    assert bill.heaviest is not None
    assert bill.heaviest.driver == "metrics_by_bytes"
    assert bill.total == pytest.approx(bill.heaviest.dollars)
