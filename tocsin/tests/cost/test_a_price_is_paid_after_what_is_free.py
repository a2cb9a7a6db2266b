"""Free amounts and tiers, and a price list that cannot be misread."""

from math import inf
from pathlib import Path

import pytest

from tocsin.errors import DeclarationError
from tocsin.monitoring.cost.prices import DRIVERS, Price, read_prices

OURS = Path(__file__).parents[2] / "src" / "tocsin" / "monitoring" / "cost" / "google_prices.toml"
METRICS = Price("metrics", "MiB", free=150, tiers=((1000.0, 0.25), (2000.0, 0.15), (inf, 0.05)))


@pytest.mark.parametrize(
    ("volume", "dollars"),
    [
        (0, 0.0),
        (150, 0.0),
        (151, 0.25),
        (1000, 212.5),
        (1001, 212.65),
        (2000, 362.5),
        (3000, 412.5),
    ],
)
def test_each_unit_has_the_price_of_its_tier(volume, dollars):
    """The free amount is counted into the first tier, and each tier ends where the next begins."""
    assert METRICS.of(volume) == pytest.approx(dollars)


def test_a_free_amount_beyond_a_tier_leaves_that_tier_out():
    """Whoever has more for nothing than the first tier holds begins in the second."""
    price = Price("lines", "GiB", free=20, tiers=((10.0, 1.0), (inf, 0.5)))

    assert price.of(30) == pytest.approx(5.0)


def test_the_list_that_comes_along_has_every_driver_with_source_and_date():
    """Nobody has to believe a price: each says where it stands and how well it is known."""
    prices = read_prices()

    assert tuple(prices.prices) == DRIVERS
    assert all(one.source.startswith("https://") for one in prices.prices.values())
    assert {one.seen for one in prices.prices.values()} <= {"read", "quoted", "remembered"}
    assert prices.as_of.year >= 2026


def test_a_point_is_eight_bytes_or_eighty_and_a_distribution_many_samples():
    """By bytes a distribution is ten numbers; by samples, two and its filled buckets."""
    prices = read_prices()

    assert prices.metric_bytes(scalars=3, distributions=2) == 3 * 8 + 2 * 80
    assert prices.samples(scalars=3, distributions=2, filled_buckets=9) == 3 + 2 * 2 + 9


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("[prices.spans]", "[prices.spam]", "'spans' is missing"),
        ('as_of = "2026-10-08"', 'as_of = "lately"', "lately"),
        ('as_of = "2026-10-08"', "", "'as_of' is missing"),
        ("tiers = [{ price = 0.20 }]", "tiers = [{ up_to = 9, price = 1 }]", "prices.spans: tiers"),
        ('seen = "remembered"', "seen = ", "Invalid value"),
        ('seen = "read"', 'seen = "dreamt"', "`seen` as read, quoted, remembered"),
        ("{ price = 0.061 }", "{ up_to = 90_000, price = 0.061 }", "metrics_by_bytes: tiers rise"),
    ],
)
def test_a_wrong_list_is_refused_with_its_name(tmp_path, was, becomes, says):
    """A price that cannot be read is no price of 0 (D92)."""
    file = tmp_path / "prices.toml"
    file.write_text(OURS.read_text().replace(was, becomes))

    with pytest.raises(DeclarationError, match=r"prices\.toml") as told:
        read_prices(file)

    assert says in str(told.value)
