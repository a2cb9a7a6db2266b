"""`get_logger` gives structlog's logger, at any time, with events that are facts."""

import asyncio

import pytest
import structlog
from logged import Logged
from structlog.contextvars import bound_contextvars
from structlog.testing import capture_logs

from tocsin.telemetry.guard import Guard
from tocsin.telemetry.logs import get_logger

log = get_logger("shop.cart")


def test_it_is_structlogs():
    """What is known of structlog's loggers holds for ours."""
    assert isinstance(log, structlog.BoundLoggerBase)


def test_what_is_bound_goes_with_every_event():
    """Binding makes a new logger and leaves the old one alone."""
    bound = get_logger("shop.cart", shop="north").bind(till=2)

    with Logged() as logged:
        bound.info("opened", items=3)
        bound.unbind("till").info("closed")
        log.info("plain")

    opened, closed, plain = logged.lines()
    assert (opened["shop"], opened["till"], opened["items"]) == ("north", 2, 3)
    assert (closed["shop"], "till" in closed) == ("north", False)
    assert "shop" not in plain


def test_structlogs_own_get_logger_leads_to_the_same_place():
    """Libraries that use structlog come out in our shape, named for their module."""
    with Logged() as logged:
        structlog.get_logger().info("unnamed")
        structlog.get_logger("their.library").bind(a=1).info("named")

    unnamed, named = logged.lines()
    assert unnamed["logger"] == __name__
    assert (named["logger"], named["a"]) == ("their.library", 1)


def test_structlogs_context_variables_are_fields():
    """Who binds with structlog's own function need not learn another."""
    with Logged() as logged, bound_contextvars(lesson=4):
        log.info("opened")

    assert logged.line()["lesson"] == 4


def test_structlogs_captured_logs_see_our_events():
    """Tests of a service may use structlog's own double."""
    with Logged() as logged, capture_logs() as captured:
        log.bind(till=2).warning("opened", items=3)

    assert captured == [{"event": "opened", "till": 2, "items": 3, "log_level": "warning"}]
    assert logged.lines() == []


def test_a_host_that_had_configured_structlog_gets_it_back():
    """Installing is a loan (D27)."""
    mine = [structlog.processors.JSONRenderer()]
    structlog.configure(processors=mine)

    with Logged():
        during = structlog.get_config()["processors"]
    after = structlog.get_config()["processors"]
    structlog.reset_defaults()

    assert during is not mine
    assert after is mine


async def test_the_asynchronous_methods_say_the_same():
    """They wait for nothing; code that was written for them runs unchanged."""
    with Logged(log_level="DEBUG") as logged:
        for name in ("adebug", "ainfo", "awarning", "aerror"):
            await getattr(log, name)("said")
        try:
            {}["cart"]
        except LookupError:
            await log.aexception("said")
        await asyncio.sleep(0)

    entries = logged.lines()
    assert [one["severity"] for one in entries] == ["DEBUG", "INFO", "WARNING", "ERROR", "ERROR"]
    assert "stack_trace" in entries[-1]


def test_an_event_may_be_named():
    """`log.info(event=…)` is structlog's way too; beside an event it is a field."""
    with Logged() as logged:
        log.info(event="cart_filled")
        log.info("cart_filled", event="birthday")
        log.info()

    named, both, neither = logged.lines()
    assert named["message"] == both["message"] == "cart_filled"
    assert both["field_event"] == "birthday"
    assert neither["message"] == "None"


def test_the_other_names_of_the_levels_work():
    """All of structlog's names, `warn`, `fatal`, `err` and `msg`, are understood."""
    with Logged() as logged:
        for name in ("warn", "fatal", "err", "msg"):
            getattr(log, name)("said")

    severities = [entry["severity"] for entry in logged.lines()]
    assert severities == ["WARNING", "CRITICAL", "ERROR", "INFO"]


def test_a_processor_that_fails_costs_neither_the_request_nor_the_line():
    """Under test it is heard, in production counted; the event is told as it was (D-8, D29)."""

    def broken(*_):
        raise RuntimeError("no")

    logger = type(log)(log._logger, [broken], {"till": 2})
    guard = Guard()

    with Logged() as strict, pytest.raises(RuntimeError):
        logger.info("said")
    with Logged(guard=guard) as logged:
        logger.info("said", items=3)

    assert strict.line("said")
    assert (logged.line("said")["till"], logged.line("said")["items"]) == (2, 3)
    assert guard.caught == {"logs.event": 1}


def test_the_last_pipeline_that_was_installed_receives():
    """The one before steps back, and receives again when the other has gone."""
    with Logged() as first:
        log.info("one")
        with Logged() as second:
            log.info("two")
        log.info("three")

    assert [entry["message"] for entry in first.lines()] == ["one", "three"]
    assert second.line()["message"] == "two"


def test_installing_twice_says_nothing_twice():
    """Once installed, a further call changes nothing that can be heard."""
    with Logged() as logged:
        logged.pipeline.install()
        log.info("said")

    assert logged.line()["message"] == "said"
