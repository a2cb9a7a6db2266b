"""Savings, and the two ways to keep metrics: figures to decide by."""

from dataclasses import replace

import pytest
from priced import REQUEST, plan, traffic

from tocsin.monitoring.cost.bill import MIB, planned_bill
from tocsin.monitoring.cost.comparison import comparison_of
from tocsin.monitoring.cost.plan import Plan
from tocsin.monitoring.cost.prices import read_prices
from tocsin.monitoring.cost.savings import savings_of
from tocsin.monitoring.cost.volume import volumes_of

PRICES = read_prices()
BUSY = traffic(
    series={"shop_wait_seconds": 500},
    events={"request": {**REQUEST, "per_month": 1e9, "bucket": "attacks"}},
)


def saved(of: Plan, change: str) -> float:
    """What the one change that begins so saves."""
    (found,) = [one for one in savings_of(of, PRICES) if one.change.startswith(change)]
    return found.dollars


@pytest.fixture
def busy() -> Plan:
    """A service of which everything costs something."""
    return plan(traffic=BUSY, kept=("shop_orders_*",))


def test_a_longer_interval_saves_what_the_points_cost(busy):
    """Reckoned as that plan's own bill."""
    slower = planned_bill(busy.with_exporting(every_s=120), PRICES)

    difference = planned_bill(busy, PRICES).total - slower.total

    assert saved(busy, "intervals: export every 120 s") == pytest.approx(difference)
    assert difference > 0


def test_every_kind_of_change_is_thought_of(busy):
    """Product, interval, bounds, sampling of traces and lines, retention (R244, R247)."""
    changes = [one.change for one in savings_of(busy, PRICES)]

    assert sorted(changes) == [
        "bounds: shop_orders_total without `status`",
        "bounds: without what nothing uses (1 of the metrics)",
        "intervals: export every 120 s",
        "intervals: uptime checks every 5 min",
        "product: metrics to Managed Prometheus, by OTLP",
        "retention: no line longer than 30 days",
        "sampling: half of the lines of `request`",
        "sampling: keep 25% of traces",
    ]


def test_the_change_that_saves_most_comes_first(busy):
    """And each says what it costs besides money."""
    savings = savings_of(busy, PRICES)

    assert savings == sorted(savings, key=lambda one: -one.dollars)
    assert all(one.but for one in savings)


def test_less_retention_and_fewer_lines_save_what_they_hold(busy):
    """400 GiB-months of attacks at a cent, and half of 1000 GB at fifty cents (R244, R247)."""
    gib = 1e9 * 500 / 2**30

    assert saved(busy, "retention") == pytest.approx(gib * 335 / 30.4 * 0.01)
    assert saved(busy, "sampling: half of the lines") == pytest.approx(
        gib * 0.5 + gib / 2 * 335 / 30.4 * 0.01
    )


def test_what_is_within_its_free_amount_saves_nothing():
    """A saving of 0 is told as 0."""
    assert {round(one.dollars, 2) for one in savings_of(plan(), PRICES)} <= {0.0, -0.01}


def test_a_label_is_left_out_of_the_heaviest_metric_that_has_one():
    """Without its route, one distribution is left of two."""
    (change,) = [one.change for one in savings_of(plan(), PRICES) if "without `" in one.change]

    assert change == "bounds: shop_wait_seconds without `route`"


def test_without_a_label_the_series_fall_together():
    """Two routes' distributions become one, and the bill shows it."""
    dear = plan().with_exporting(every_s=0.5)
    one = replace(dear, instruments=(dear.instruments[0], dear.instruments[1].without("route")))

    difference = planned_bill(dear, PRICES).total - planned_bill(one, PRICES).total

    assert saved(dear, "bounds: shop_wait_seconds") == pytest.approx(difference)
    assert difference > 0


def test_at_the_break_even_both_ways_cost_the_same():
    """Scaled to that volume, bytes after 150 free MiB are as dear as samples."""
    volumes = volumes_of(plan(), PRICES)
    compared = comparison_of(volumes, PRICES)
    assert compared.even_at_mib is not None

    there = comparison_of(
        replace(volumes, points=volumes.points.times(compared.even_at_mib / compared.now_mib)),
        PRICES,
    )

    assert there.now_mib == pytest.approx(compared.even_at_mib)
    assert there.by_bytes == pytest.approx(there.by_samples, rel=1e-6)
    assert 150 < there.now_mib < 155


def test_below_it_bytes_are_cheaper_and_above_it_samples():
    """So the product is chosen by volume alone."""
    little = comparison_of(volumes_of(plan(), PRICES), PRICES)
    much = comparison_of(volumes_of(plan(traffic=BUSY), PRICES), PRICES)

    assert little.by_bytes < little.by_samples
    assert much.by_bytes > much.by_samples


def test_there_is_no_break_even_without_metrics_or_without_a_free_amount():
    """Nothing costs nothing; and bytes that cost from the first are always dearer."""
    bytes_price = replace(PRICES.prices["metrics_by_bytes"], free=0.0)
    strict = replace(PRICES, prices={**PRICES.prices, "metrics_by_bytes": bytes_price})

    nothing = comparison_of(volumes_of(plan(instruments=()), PRICES), PRICES)
    always = comparison_of(volumes_of(plan(), PRICES), strict)

    assert (nothing.even_at_mib, always.even_at_mib) == (None, None)


def test_the_volume_of_now_is_that_of_the_bill():
    """In MiB, as Google bills them."""
    volumes = volumes_of(plan(), PRICES)

    now = (volumes.points.scalars * 8 + volumes.points.distributions * 80) / MIB

    assert comparison_of(volumes, PRICES).now_mib == pytest.approx(now)
