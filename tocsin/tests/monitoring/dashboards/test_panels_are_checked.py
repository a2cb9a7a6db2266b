"""What a panel asks for is judged by ``tocsin check``, so that ``tocsin render`` need not."""

import pytest

from tocsin.monitoring.checks.chain import chain_of
from tocsin.monitoring.checks.checking import findings_of

METRICS = """\
from types import SimpleNamespace as Made

def label(name, *values):
    return Made(name=name, domain=values or None, size=4)

def spec(name, kind, labels=(), buckets=()):
    return Made(name=name, kind=kind, help="", labels=labels, shape=Made(buckets=buckets))

SPECS = [
    spec("orders_total", "counter", [label("kind", "web", "desk"), label("buyer")]),
    spec("wait_seconds", "histogram", buckets=(1.0, 2.0, 5.0)),
    spec("queue_items", "gauge"),
]
metrics = Made(catalogue=lambda: SPECS)
"""
WRONG = {
    "unknown-metric": ("shop:queue_items", "shop:queue_itmes"),
    "unknown-label": ("namespace, kind", "namespace, sort"),
    "impossible-value": ('kind="web"', 'kind="post"'),
    "rate-of-gauge": ("(shop:queue_items)", "(rate(shop:queue_items[5m]))"),
    "raw-counter": ("increase(shop:orders_total[1h])", "shop:orders_total"),
    "quantile-of-means": (
        "$alert.Slow",
        "histogram_quantile(0.9, rate(shop:wait_seconds_sum[5m]))",
    ),
    "mixed-environments": ("max by (namespace)", "max"),
    "unit-mismatch": ("unit: per second", "unit: bytes"),
}


@pytest.fixture
def checked_shop(shop):
    """The shop with metrics that can be imported."""
    (shop.folder / "shop_of_panels.py").write_text(METRICS)
    text = shop.settings.read_text()
    shop.settings.write_text(text.replace("shop:metrics", "shop_of_panels:metrics"))
    return shop


def findings(shop):
    """The rules that find something in the dashboard."""
    found = findings_of(chain_of(shop.service), wanted=tuple(WRONG))
    return [one.rule for one in found if one.place.file == shop.board]


def test_a_right_dashboard_is_left_in_peace(checked_shop):
    """None of the rules below finds anything in it."""
    assert findings(checked_shop) == []


@pytest.mark.parametrize("rule", WRONG)
def test_what_a_panel_asks_for_wrongly_is_found(checked_shop, rule):
    """A cloud would accept it, and draw an empty or a false picture (D42, D43, D44, D54, D55)."""
    checked_shop.change(*WRONG[rule])

    found = findings(checked_shop)

    assert rule in found
