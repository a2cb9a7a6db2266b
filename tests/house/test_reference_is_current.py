"""The reference pages tell what the code declares now, and all of it."""

import ast
import subprocess
import sys

import pytest


@pytest.fixture
def told(root, monkeypatch):
    """The reader of what the code logs."""
    monkeypatch.syspath_prepend(str(root / "scripts"))
    from reference_pages import told  # noqa: PLC0415 - found since the line above

    return told


def test_the_reference_pages_are_current(root):
    """Metrics, log events, alarms, panels and endpoints stand there as they are in the code."""
    command = [sys.executable, "scripts/write_reference.py", "--check"]

    checked = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)

    assert checked.stdout + checked.stderr == ""
    assert checked.returncode == 0


def test_every_way_of_telling_is_read(told):
    """A log's call, a teller's, and an entry that is written as it stands."""
    text = """
EVENT = "queue_full"
_log.info("cart_filled", items=3)
self._log.error(EVENT, extra={"waiting": 9})
self._errors.unhandled("unhandled_exception", error, kind="request", route=route)
self.say("debug_lines_missing", dropped=3)
entry = {"severity": "WARNING", "message": "lines_lost", "lost": 3}
def close(cart):
    fields = {"total": 9}
    fields["paid"] = True
    _log.info("cart_closed", **fields)
"""

    events = {
        (event.name, event.severity, event.fields)
        for event in told.events_in(ast.parse(text), "shop")
    }

    assert events == {
        ("cart_filled", "INFO", ("items",)),
        ("queue_full", "ERROR", ("waiting",)),
        ("unhandled_exception", "ERROR", ("route",)),
        ("debug_lines_missing", "INFO", ("dropped",)),
        ("lines_lost", "WARNING", ("lost",)),
        ("cart_closed", "INFO", ("total", "paid")),
    }


def test_an_event_that_cannot_be_read_is_refused(told):
    """A name that is put together at run time would stay out of the page."""
    text = '_log.info("cart_" + kind)'

    with pytest.raises(ValueError, match="shop:1: the event is no text in place"):
        list(told.events_in(ast.parse(text), "shop"))
