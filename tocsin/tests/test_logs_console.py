"""On a terminal a person reads: one aligned line per event, a traceback below it."""

import os
import pty
import re
from datetime import datetime

import pytest
from hostile import NAMES, VALUES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from log_process import start
from logged import Logged

from tocsin.telemetry.context import RequestContext, request_context
from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.logs.console import ConsoleRendering

log = get_logger("shop.cart")
render = ConsoleRendering(colours=False)


def _text(logged: Logged) -> str:
    assert logged.pipeline.flush(5.0)
    return logged.stream.getvalue().decode()


def test_an_event_is_one_line_that_can_be_scanned():
    """Time of day, level, event, logger, fields, and enough of the request's id."""
    with (
        Logged(log_format="console", google_project="p-1") as logged,
        request_context(RequestContext("req-12345678-abcd", trace_id="a" * 32)),
    ):
        log.info("cart_filled", items=3, note="two words")

    (line,) = _text(logged).splitlines()
    local = datetime.fromtimestamp(1_767_225_600).astimezone()
    assert line.startswith(f"{local:%H:%M:%S}.000 [INFO")
    assert re.search(r"cart_filled +\[shop\.cart\] items=3 note='two words' req=req-1234$", line)
    assert "traces" not in line


def test_columns_are_aligned():
    """The eye finds the event at the same place in each line."""
    with Logged(log_format="console", log_level="DEBUG") as logged:
        log.debug("short")
        log.critical("a_rather_longer_event")

    short, longer = _text(logged).splitlines()
    assert short.index("short") == longer.index("a_rather")
    assert short.index("[shop.cart]") == longer.index("[shop.cart]")


def test_a_traceback_is_readable():
    """It stands below its line as Python prints it."""
    with Logged(log_format="console") as logged:
        try:
            {}["lesson"]
        except KeyError:
            log.exception("lookup_failed")

    first, *rest = _text(logged).splitlines()
    assert "lookup_failed" in first
    assert rest[0] == "Traceback (most recent call last):"
    assert rest[-1] == "KeyError: 'lesson'"


def test_logged_text_cannot_move_the_cursor_or_forge_a_line():
    """Control characters, and those that reorder text, are shown as escapes (behaviour 20)."""
    hostile = "a\x1b[2Jb\nc\rd\x9b31me\u202ef\u2028g\x00h"

    with Logged(log_format="console") as logged:
        log.info(hostile, note=hostile, **{hostile: 1})
        log.error("failed", exc_info=ValueError(hostile))

    text = _text(logged)
    assert not set("\x1b\r\x9b\u202e\u2028\x00") & set(text)
    assert len(text.split("\n")[0].split(" ")) > 3
    assert r"a\x1b[2Jb\nc\rd\x9b31me\u202ef\u2028g\x00h" in text.split("\n")[0]


def test_a_secret_does_not_show_on_a_terminal_either():
    """Terminals are shared, recorded and photographed (behaviour 30)."""
    with Logged(log_format="console") as logged:
        log.info("said ada@school.example", password="hunter2")

    text = _text(logged)
    assert "ada@" not in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("GET /x 200", "GET /x 200 +latency=0.012s req=req-1234 status=200$"),
        ("request_finished", "latency=0.012s method=GET req=req-1234 status=200 url=/x$"),
    ],
)
def test_a_request_is_one_line(message, shown):
    """The access line tells which request it was, how it ended and how long it took."""
    request = {"requestMethod": "GET", "requestUrl": "/x", "status": 200, "latency": "0.012s"}
    entry = {
        "severity": "INFO",
        "time": "2026-01-01T00:00:00.000000Z",
        "message": message,
        "httpRequest": request,
        "request_id": "req-12345678",
    }

    line = render(entry).decode()

    assert re.search(shown, line.rstrip())


@pytest.mark.parametrize("entry", [{}, {"time": "nonsense", "message": None, "x": {1: object()}}])
def test_a_wrong_entry_is_shown_all_the_same(entry):
    """A person debugging needs the line most when something is wrong."""
    line = render(entry)

    assert line.count(b"\n") == 1


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(NAMES, VALUES, max_size=5), VALUES)
def test_any_event_is_one_line_here_too(fields, message):
    """Whatever is logged, nothing is raised and no line is forged (behaviours 20 and 21)."""
    with Logged(log_format="console") as logged:
        log.warning(message, **{**fields, "exc_info": None, "stack_info": False})

    assert len(_text(logged).splitlines()) == 1


def test_there_is_colour_on_a_terminal_and_nowhere_else():
    """A pipe or a file gets plain text; NO_COLOR is obeyed."""
    script = """
        pipe = pipeline(log_format="console")
        pipe.install()
        log.error("cart_refused")
        pipe.close()
    """

    def said_on(prefix: str) -> bytes:
        terminal, end = pty.openpty()
        process = start(prefix + "\n" + script, stdout=end)
        os.close(end)
        said = os.read(terminal, 4096)
        process.wait(30)
        os.close(terminal)
        return said

    coloured = said_on("        os.environ['TERM'] = 'xterm'")
    plain = said_on("        os.environ['NO_COLOR'] = '1'")

    assert b"\x1b[" in coloured
    assert b"\x1b[" not in plain
    assert b"cart_refused" in coloured
    assert b"cart_refused" in plain
