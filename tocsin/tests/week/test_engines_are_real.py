"""Both engines take in a week and answer as they should."""

import numpy as np
import pytest

from tocsin.errors import DeclarationError
from tocsin.rehearsal.engines.engine import ENGINES
from tocsin.rehearsal.week.series import Series, Week

START = 1_780_272_000
HOURS = 24
pytestmark = pytest.mark.servers


def day_of(values: np.ndarray) -> Week:
    return Week(START, 60, (Series("shop_orders_total", {"task_id": "a"}, values),))


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_an_engine_says_when_an_expression_holds(name):
    """A day of samples in, exactly the minutes in which the counter is over its limit out."""
    week = day_of(np.arange(HOURS * 60, dtype=np.float64))

    with ENGINES[name]() as engine:
        engine.load(week)
        found = engine.ask("shop_orders_total >= 1430", START, START + week.lasts_s, 60)

    (instants,) = found.values()
    assert [(one - START) // 60 for one in instants] == list(range(1430, HOURS * 60))


@pytest.mark.parametrize(("name", "gone_at"), [("prometheus", 605), ("victoriametrics", 601)])
def test_what_was_not_exported_is_not_there(name, gone_at):
    """Prometheus looks back five minutes, VictoriaMetrics no longer than samples are apart."""
    values = np.ones(HOURS * 60)
    values[600:660] = np.nan

    with ENGINES[name]() as engine:
        engine.load(day_of(values))
        found = engine.ask("absent(shop_orders_total)", START, START + HOURS * 3600 - 60, 60)

    (instants,) = found.values()
    assert (instants[0] - START) // 60 == gone_at
    assert (instants[-1] - START) // 60 == 659


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_an_engine_refuses_what_is_no_expression(name):
    """The engine's own words arrive, and no traceback."""
    with ENGINES[name]() as engine, pytest.raises(DeclarationError, match=engine.name):
        engine.ask("sum(", START, START + 60, 60)
