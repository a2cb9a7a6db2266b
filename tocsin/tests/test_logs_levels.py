"""Each logger says as much as it was told to, whichever library it comes from."""

import logging
import timeit

import pytest
from logged import Logged

from tocsin.errors import DeclarationError
from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.logs.levels import LevelTable

LEVELS = {"shop": "WARNING", "shop.cart": "DEBUG", "lib": "ERROR", "lib.engine": "INFO"}


def _say_all(logger) -> None:
    for method in ("debug", "info", "warning", "error", "critical"):
        getattr(logger, method)(method)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("shop", ["warning", "error", "critical"]),
        ("shop.till", ["warning", "error", "critical"]),
        ("shop.cart", ["debug", "info", "warning", "error", "critical"]),
        ("shop.cart.items", ["debug", "info", "warning", "error", "critical"]),
        ("shopping", ["info", "warning", "error", "critical"]),
        ("lib", ["error", "critical"]),
        ("lib.engine.pool", ["info", "warning", "error", "critical"]),
        ("library", ["info", "warning", "error", "critical"]),
    ],
)
def test_a_level_covers_a_logger_and_its_children(name, said):
    """The longest name wins, by whole segments, for both kinds of logger alike (D21)."""
    with Logged(logger_levels=LEVELS) as logged:
        _say_all(get_logger(name))
        _say_all(logging.getLogger(name))

    assert [entry["message"] for entry in logged.lines()] == said + said


def test_a_child_that_somebody_turned_up_obeys_the_settings():
    """A level left behind by a library's own configuration does not outrank ours (D21)."""
    chatty = logging.getLogger("lib.pool")
    chatty.setLevel(logging.DEBUG)

    with Logged(logger_levels={"lib": "ERROR"}) as logged:
        _say_all(chatty)

    assert [entry["message"] for entry in logged.lines()] == ["error", "critical"]
    assert chatty.level == logging.DEBUG
    chatty.setLevel(logging.NOTSET)


def test_the_level_of_all_is_one_setting():
    """`log_level` rules every logger that has no level of its own."""
    with Logged(log_level="ERROR") as logged:
        _say_all(get_logger("shop"))
        _say_all(logging.getLogger("lib"))

    assert [entry["message"] for entry in logged.lines()] == ["error", "critical"] * 2


def test_a_logger_made_before_obeys_as_well():
    """Loggers are made at import time, long before the settings are read."""
    early = get_logger("shop.early")

    with Logged(logger_levels={"shop.early": "ERROR"}) as logged:
        early.warning("too low")
        early.error("high enough")

    assert logged.line()["message"] == "high enough"


def test_a_logger_can_be_asked():
    """Whether it is worth computing a costly field."""
    log = get_logger("shop.cart")

    with Logged(logger_levels=LEVELS):
        asked = [log.is_enabled_for(level) for level in (5, 10, 20)]
        effective = log.get_effective_level()

    assert asked == [False, True, True]
    assert effective == logging.DEBUG


def test_a_level_by_name_is_understood():
    """`log.log("warning", …)` is a mistake that costs nobody a request."""
    with Logged() as logged:
        get_logger("shop").log("warning", "said")
        get_logger("shop").log("nonsense", "said")

    assert [entry["severity"] for entry in logged.lines()] == ["WARNING", "INFO"]


def test_what_is_disabled_costs_next_to_nothing():
    """A disabled call computes nothing, so a hundred of them are cheaper than one line."""
    log = get_logger("shop.cart")

    with Logged():
        disabled_s = min(timeit.repeat(lambda: log.debug("detail", n=1), number=1000, repeat=5))
        enabled_s = min(timeit.repeat(lambda: log.info("detail", n=1), number=1000, repeat=5))

    assert disabled_s * 10 < enabled_s


def test_an_unknown_level_stops_the_start():
    """The error names the setting and the levels that there are."""
    with pytest.raises(DeclarationError, match=r"logger_levels\['lib'\].*'LOUD'.*DEBUG, INFO"):
        LevelTable("INFO", {"lib": "LOUD"})  # type: ignore[dict-item]


def test_names_made_at_run_time_do_not_pile_up():
    """A logger per user costs no memory for ever."""
    table = LevelTable("INFO", {"shop": "ERROR"})

    thresholds = {table.threshold(f"shop.user.{number}") for number in range(20_000)}

    assert thresholds == {logging.ERROR}
    assert len(table._found) <= 4096
