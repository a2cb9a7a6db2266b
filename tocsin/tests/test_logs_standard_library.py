"""Every standard-library logger speaks in our shape, once, whoever configured it before."""

import io
import logging
import logging.config
import sys
import threading

import pytest
from gunicorn.config import Config as GunicornConfig
from gunicorn.glogging import Logger as GunicornLogger
from logged import Logged
from uvicorn.config import LOGGING_CONFIG

from tocsin.telemetry.logs import get_logger


@pytest.fixture
def spoken(monkeypatch):
    """What reaches standard output and standard error as plain text."""
    text = io.StringIO()
    monkeypatch.setattr(sys, "stdout", text)
    monkeypatch.setattr(sys, "stderr", text)
    return text


@pytest.fixture(autouse=True)
def as_it_was():
    """Servers configure loggers for good; the next test shall not hear of it."""
    names = ["uvicorn", "uvicorn.error", "uvicorn.access", "gunicorn.error", "gunicorn.access", ""]
    loggers = [logging.getLogger(name) for name in names]
    before = [(list(one.handlers), one.level, one.propagate) for one in loggers]
    yield
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def _state(name: str) -> tuple:
    logger = logging.getLogger(name)
    return list(logger.handlers), logger.level, logger.propagate, logger.disabled


def test_uvicorns_own_words_come_once_in_our_shape(spoken):
    """Although its dictConfig has run before and put up its handlers (behaviour 29)."""
    logging.config.dictConfig(LOGGING_CONFIG)

    with Logged() as logged:
        logging.getLogger("uvicorn.error").info("Started server process [%d]", 7)

    assert logged.line()["message"] == "Started server process [7]"
    assert "color_message" not in logged.line()
    assert spoken.getvalue() == ""


def test_uvicorns_access_log_is_left_out(spoken):
    """Our own line knows more; uvicorn, finding no handler, formats nothing (behaviour 29)."""
    logging.config.dictConfig(LOGGING_CONFIG)

    with Logged() as logged:
        asked = logging.getLogger("uvicorn.access").hasHandlers()
        logging.getLogger("uvicorn.access").info('%s - "%s" %d', "192.0.2.7", "GET /x", 200)

    assert not asked
    assert logged.lines() == []
    assert spoken.getvalue() == ""


def test_installing_again_takes_over_what_was_configured_in_between(spoken):
    """A server that configures logging after us is met at start-up (behaviour 29)."""
    with Logged() as logged:
        logging.config.dictConfig(LOGGING_CONFIG)
        logged.pipeline.install()
        logging.getLogger("uvicorn.error").info("started")
        logging.getLogger("shop").warning("mine")

    assert [entry["message"] for entry in logged.lines()] == ["started", "mine"]
    assert spoken.getvalue() == ""


def test_gunicorns_logger_is_taken_over_with_the_list_it_shares(spoken):
    """The worker class hands gunicorn's very list to uvicorn's loggers (behaviour 29)."""
    GunicornLogger(GunicornConfig())
    shared = logging.getLogger("gunicorn.error").handlers
    found = list(shared)
    logging.getLogger("uvicorn.error").handlers = shared
    logging.getLogger("uvicorn.error").propagate = False

    with Logged() as logged:
        logging.getLogger("gunicorn.error").info("Booting worker with pid: %s", 7)
        logging.getLogger("uvicorn.error").info("started")

    assert len(logged.lines()) == 2
    assert spoken.getvalue() == ""
    assert logging.getLogger("gunicorn.error").handlers == found
    assert logging.getLogger("uvicorn.error").handlers == found


def test_a_script_that_called_basic_config_is_taken_over(spoken):
    """Its handler on the root would print every line a second time (D27)."""
    logging.basicConfig(stream=sys.stderr, force=True)

    with Logged() as logged:
        logging.getLogger("alembic").warning("migrating")

    assert logged.line()["logger"] == "alembic"
    assert spoken.getvalue() == ""


def test_handlers_that_write_elsewhere_stay(tmp_path):
    """A log file that somebody asked for goes on being written."""
    handler = logging.FileHandler(tmp_path / "audit.log")
    logging.getLogger("audit").addHandler(handler)

    with Logged() as logged:
        logging.getLogger("audit").warning("seen")
    logging.getLogger("audit").removeHandler(handler)
    handler.close()

    assert logged.line()["message"] == "seen"
    assert (tmp_path / "audit.log").read_text() == "seen\n"


def test_everything_is_given_back(spoken):
    """Uninstalling leaves handlers, levels and hooks as they were found."""
    logging.config.dictConfig(LOGGING_CONFIG)
    names = ["", "uvicorn", "uvicorn.error", "uvicorn.access", "shop", "lib"]
    before = [_state(name) for name in names]
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)

    with Logged(log_level="ERROR", logger_levels={"lib": "DEBUG", "uvicorn": "ERROR"}) as logged:
        get_logger("shop.cart").error("said")
        logged.pipeline.install()
        logging.root.handlers[:0] = before[0][0]

    assert [_state(name) for name in names] == before
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == hooks


def test_a_hook_that_was_put_over_ours_stays():
    """Who comes later (Sentry, a debugger) is not thrown out."""
    before = sys.excepthook

    with Logged():
        theirs = lambda *_: None  # noqa: E731 - a hook
        sys.excepthook = theirs

    assert sys.excepthook is theirs
    sys.excepthook = before


def test_dict_config_while_everybody_logs_does_not_deadlock():
    """It flushes and closes each handler under logging's own lock (behaviour 29)."""
    going = True

    with Logged() as logged:

        def chatter(number: int) -> None:
            while going:
                logging.getLogger(f"lib.{number}.{threading.get_ident()}").warning("chatter")

        threads = [threading.Thread(target=chatter, args=(n,), daemon=True) for n in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(20):
            logging.config.dictConfig(LOGGING_CONFIG)
            logged.pipeline.install()
        going = False
        for thread in threads:
            thread.join(10)

    assert not any(thread.is_alive() for thread in threads)
    assert logged.lines("chatter")


def test_after_logging_was_shut_down_we_still_write():
    """`logging.shutdown` closes all handlers at exit, before the last words are said."""
    with Logged() as logged:
        logging.shutdown()
        logging.getLogger("lib").warning("last words")

    assert logged.line()["message"] == "last words"


def test_the_handler_waits_for_no_lock():
    """A thread that died while it logged holds up nobody; others may wait for their own."""
    with Logged() as logged:
        (handler,) = logging.root.handlers
        handler.acquire()
        thread = threading.Thread(target=logging.getLogger("lib").warning, args=("said",))
        thread.start()
        thread.join(10)
        handler.release()

    assert not thread.is_alive()
    assert logged.line("said")


def test_a_stack_that_was_asked_for_is_a_field():
    """`stack_info=True` shows the way to the call, for both kinds of logger."""
    with Logged() as logged:
        logging.getLogger("lib").warning("here", stack_info=True)
        get_logger("shop").warning("here", stack_info=True)

    for entry in logged.lines():
        assert "test_a_stack_that_was_asked_for_is_a_field" in entry["stack_info"]
        assert "stack_trace" not in entry


def test_an_exception_that_was_formatted_elsewhere_is_kept():
    """A record from a queue or another process brings its traceback as text (behaviour 22)."""
    record = logging.makeLogRecord({"name": "lib", "levelno": 40, "msg": "failed"})
    record.exc_text = "Traceback (most recent call last):\nValueError: far away"

    with Logged() as logged:
        logging.getLogger("lib").handle(record)

    assert logged.line()["stack_trace"].endswith("ValueError: far away")
