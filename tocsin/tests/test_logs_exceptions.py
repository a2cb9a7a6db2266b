"""An exception is told once, whole, and in the form that Error Reporting groups."""

import asyncio
import logging
import re

import pytest
from logged import Logged

from tocsin.telemetry.context import RequestContext, request_context
from tocsin.telemetry.logs import get_logger, mark_recorded, was_recorded

log = get_logger("shop.cart")


def reported_error(entry: dict) -> str | None:
    """What Error Reporting would take: the first of three fields, if it is a traceback.

    docs.cloud.google.com/error-reporting/docs/formatting-error-messages: a jsonPayload
    with `stack_trace`, `exception` or `message`, evaluated in this order; for Python the
    text of ``traceback.format_exc()``.
    """
    text = next((entry[key] for key in ("stack_trace", "exception", "message") if key in entry), "")
    framed = re.search(r"^Traceback \(most recent call last\):\n  File \"", text, re.MULTILINE)
    last = text.rstrip().rpartition("\n")[2]
    named = re.match(r"[\w.]+(: |$)", last)
    return last if framed and named and entry.get("serviceContext", {}).get("service") else None


def raise_it(error: Exception) -> None:
    raise error


def fail(text: str = "the cart is empty") -> None:
    raise LookupError(text)


def test_an_exception_is_an_event_of_error_reporting():
    """The traceback stands as text under stack_trace, beside the service (D26)."""
    with Logged(version="1.4.2") as logged:
        try:
            fail()
        except LookupError:
            log.exception("cart_refused")

    entry = logged.line("cart_refused")
    assert reported_error(entry) == "LookupError: the cart is empty"
    assert entry["serviceContext"] == {"service": "shop", "version": "1.4.2"}
    assert (entry["severity"], entry["error_type"]) == ("ERROR", "LookupError")


def test_a_line_without_an_exception_is_none():
    """Whatever its message and fields say, it opens no error group (D26)."""
    with Logged() as logged:
        log.error("cart_refused", exception="LookupError", stack_trace="Traceback")

    entry = logged.line()
    assert reported_error(entry) is None
    assert entry["field_exception"] == "LookupError"


@pytest.mark.parametrize("given", ["true", "instance", "tuple"])
def test_an_exception_may_be_given_in_each_usual_form(given):
    """`exc_info` is True, the exception, or the triple of sys.exc_info()."""
    with Logged() as logged:
        try:
            fail()
        except LookupError as error:
            forms = {
                "true": True,
                "instance": error,
                "tuple": (type(error), error, error.__traceback__),
            }
            log.warning("cart_refused", exc_info=forms[given])
            logging.getLogger("lib").warning("refused", exc_info=forms[given])

    for entry in logged.lines():
        assert reported_error(entry) == "LookupError: the cart is empty"


def test_causes_and_contexts_are_told():
    """The root cause is in the text, not only the last exception (behaviour 22)."""
    with Logged() as logged:
        try:
            try:
                fail()
            except LookupError as error:
                raise RuntimeError("no checkout") from error
        except RuntimeError:
            log.exception("checkout_failed")

    stack = logged.line()["stack_trace"]
    assert "LookupError: the cart is empty" in stack
    assert "direct cause" in stack
    assert stack.rstrip().endswith("RuntimeError: no checkout")


def test_a_group_tells_all_its_members():
    """ExceptionGroup comes out with each of its exceptions (behaviour 22)."""
    with Logged() as logged:
        try:
            raise_it(ExceptionGroup("both failed", [ValueError("left"), KeyError("right")]))
        except ExceptionGroup:
            log.exception("checkout_failed")

    stack = logged.line()["stack_trace"]
    assert "ValueError: left" in stack
    assert "KeyError: 'right'" in stack


@pytest.mark.parametrize("message", [{"cart": 12, "message": "refused"}, ["refused", 12], None])
def test_a_message_that_is_no_text_keeps_the_traceback(message):
    """A dict, a list or nothing for a message loses neither itself nor that (behaviour 22)."""
    with Logged() as logged:
        try:
            fail()
        except LookupError:
            logging.getLogger("lib").exception(message)
            log.exception(message)

    for entry in logged.lines():
        assert reported_error(entry) == "LookupError: the cart is empty"
        assert type(entry["message"]) is str


def test_a_dict_for_a_message_becomes_fields():
    """Its items can be searched for, and its text tells them (behaviour 22)."""
    with Logged() as logged:
        logging.getLogger("lib").warning({"cart": 12, "severity": "DEBUG"})

    entry = logged.line()
    assert (entry["cart"], entry["severity"], entry["field_severity"]) == (12, "WARNING", "DEBUG")
    assert entry["message"] == "cart=12, severity=DEBUG"


def test_local_variables_are_never_shown():
    """A traceback shows lines of code and no values (behaviour 30)."""
    hidden = "the-local-value"

    with Logged() as logged:
        try:
            fail(hidden[:0])
        except LookupError:
            log.exception("cart_refused")

    assert "the-local-value" not in logged.line()["stack_trace"]


def test_a_very_long_traceback_keeps_both_ends():
    """The root cause stands first, the exception last; the middle is named as missing."""
    with Logged() as logged:
        try:
            try:
                fail("the very cause")
            except LookupError as error:
                raise RuntimeError("x" * 1_000_000 + " the very end") from error
        except RuntimeError:
            log.exception("checkout_failed")

    entry = logged.line()
    assert "LookupError: the very cause" in entry["stack_trace"]
    assert entry["stack_trace"].rstrip().endswith("the very end")
    assert re.search(r"stack_trace: \d+ characters of its middle left out", str(entry["log_notes"]))


class HostileError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text for you")


def test_an_exception_without_a_text_is_told_by_its_class():
    """An exception whose own code fails costs its text, not the line (behaviour 21)."""
    with Logged() as logged:
        try:
            raise_it(HostileError())
        except HostileError as error:
            log.exception("failed", error=error)

    entry = logged.line("failed")
    assert entry["error_type"] == "HostileError"
    assert "HostileError" in entry["stack_trace"]
    assert entry["error"] == "<HostileError, could not be shown>"


def test_a_thousand_chained_exceptions_fit():
    """A retry loop that chains its failures still leaves one bounded line."""
    error: Exception | None = None
    for number in range(1000):
        after = ValueError(f"attempt {number}")
        after.__cause__ = error
        error = after

    with Logged() as logged:
        log.error("gave_up", exc_info=error)

    stack = logged.line()["stack_trace"]
    assert "attempt 0" in stack
    assert "attempt 999" in stack


@pytest.mark.parametrize("reporter", ["uvicorn.error", "gunicorn.error", "asyncio"])
def test_what_we_have_recorded_the_server_does_not_tell_again(reporter):
    """One error, one record: the server's report of the same exception is left out (D33)."""
    error = LookupError("seen")
    group = ExceptionGroup("all", [error])
    mark_recorded(error)

    with Logged() as logged:
        for one in (error, group):
            logging.getLogger(reporter).error("Exception in ASGI application", exc_info=one)
        logging.getLogger(reporter).error("Exception elsewhere", exc_info=LookupError("new"))
        logging.getLogger("shop").error("mine", exc_info=error)

    assert [entry["message"] for entry in logged.lines()] == ["Exception elsewhere", "mine"]


def test_a_group_counts_as_recorded_when_all_its_members_are():
    """One unseen member is reason enough to tell."""
    seen, unseen = ValueError("seen"), ValueError("unseen")
    mark_recorded(seen)

    assert was_recorded(ExceptionGroup("all", [seen, ExceptionGroup("inner", [seen])]))
    assert not was_recorded(ExceptionGroup("all", [seen, unseen]))
    assert not was_recorded(None)


def test_the_same_exception_object_is_news_in_another_request():
    """A shared or prepared exception that strikes twice is recorded twice (behaviour 21)."""
    error = LookupError("prepared once")

    with request_context(RequestContext("req-1")):
        mark_recorded(error)
        again_in_the_first = was_recorded(error)
    with request_context(RequestContext("req-2")):
        in_the_second = was_recorded(error)

    assert (again_in_the_first, in_the_second, was_recorded(error)) == (True, False, True)


async def test_a_task_nobody_awaited_leaves_one_line():
    """What asyncio cannot deliver comes out in our shape, traceback included (D27)."""
    with Logged() as logged:
        task = asyncio.ensure_future(asyncio.to_thread(fail))
        await asyncio.wait([task])
        del task
        await asyncio.sleep(0)

    entry = logged.line()
    assert entry["logger"] == "asyncio"
    assert reported_error(entry) == "LookupError: the cart is empty"
