"""A small shop with one dashboard and two alarms, and the rehearsal cloud beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin.monitoring.service import Service
from tocsin.rehearsal.cloud.running import RunningCloud

BOARD = """\
title: Shop
about: How the shop does.
rows:
- height: 16
  panels:
  - title: Orders
    unit: per second
    tells: How much is sold.
    see: [Silence]
    queries:
    - expr: sum by (namespace, kind) (rate(shop:orders_total{kind="web"}[5m]))
      legend: ${kind} · ${namespace}
  - title: Slowness
    unit: seconds
    tells: One answer in twenty is slower.
    alerts: [Slow]
    lines:
    - {value: 1, label: slow to the eye}
    queries:
    - expr: $alert.Slow
      legend: P95
- height: 8
  panels:
  - title: Buyers
    show: table
    unit: items
    tells: Who bought most.
    queries:
    - expr: topk(3, sum by (namespace, buyer) (increase(shop:orders_total[1h])))
      legend: ${buyer}
  - title: Queue
    show: bars
    unit: items
    width: 12
    tells: What waits.
    queries:
    - expr: max by (namespace) (shop:queue_items)
      legend: waiting
"""
RULES = """\
groups:
- name: shop
  interval: 30s
  rules:
  - alert: Slow
    expr: histogram_quantile(0.95, sum by (namespace, le) (rate(shop:wait_seconds_bucket[5m]))) > 2
    labels: {severity: warning, owner: shop}
    annotations: {summary: slow, runbook: docs/slow.md}
  - alert: Silence
    expr: absent(shop:queue_items)
    labels: {severity: critical, owner: shop}
    annotations: {summary: silent, runbook: docs/silence.md}
"""


class Shop:
    """The shop's folder; each file can be written anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "tocsin.toml"
        self.board = folder / "dashboards" / "shop.yaml"
        self.board.parent.mkdir()
        self.settings.write_text('name = "shop"\nmetrics = "shop:metrics"\nprefix = "shop:"\n')
        (folder / "alerts.yaml").write_text(RULES)
        self.board.write_text(BOARD)

    @property
    def service(self) -> Service:
        """As the commands read it."""
        return Service.load(self.settings)

    def change(self, old: str, new: str) -> None:
        """Another text in the dashboard's file."""
        text = self.board.read_text()
        assert old in text
        self.board.write_text(text.replace(old, new, 1))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop whose dashboard is right."""
    return Shop(tmp_path)


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    """A cloud with all rules; each test takes a project of its own."""
    with RunningCloud() as running:
        yield running
