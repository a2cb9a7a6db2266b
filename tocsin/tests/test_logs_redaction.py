"""Every way into a log line leads past the redactor, which fails closed."""

import logging
import warnings

import pytest
from logged import Logged

from tocsin.telemetry.context import RequestContext, bind, request_context
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.redaction import Redactor

log = get_logger("shop.cart")
library = logging.getLogger("lib")

EMAIL = "ada.lovelace@school.example"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
LONELY = "grace.brewster.murray.hopper@navy.example"
"""Half of it has no form that could be known: once cut in two, it has left."""
SECRETS = [EMAIL, TOKEN, "4111 1111 1111 1111", "192.0.2.77", "hunter2hunter2"]


def _say_in_every_way(secret: str) -> None:
    password = {"password": secret}
    log.info("as_field", password=secret)
    log.info("as_nested", value=[password, {"Authorization": f"Bearer {secret}"}])
    library.warning("as extra", extra=password)
    library.warning(password)
    log.bind(api_key=secret).info("as_bound_to_the_logger")
    bind(token=secret)
    log.info("as_bound_to_the_request")


def raise_it(error: Exception) -> None:
    raise error


def _say_by_value(secret: str) -> None:
    log.info("as_message password=" + secret)  # noqa: G003 - what people do
    log.info("as_argument %s", f"password={secret}")
    library.warning("as argument password=%s", secret)
    library.warning("does not fit %d", f"password={secret}")
    library.warning("as extra", extra={"note": f"password={secret}"})
    warnings.warn(f"password={secret}", stacklevel=1)
    try:
        raise_it(ValueError(f"password={secret}"))
    except ValueError as error:
        error.add_note(f"token: {secret}")
        log.exception("as_exception", error=error)
        library.exception("as exception")


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_leaves_by_no_way_into_a_line(secret):
    """Fields, messages, extras, bound values, exceptions, warnings (D18, D28, behaviour 30)."""
    with Logged() as logged, request_context(RequestContext("req-1")):
        _say_in_every_way(secret)
        _say_by_value(secret)

    assert len(logged.lines()) == 14
    assert secret not in logged.stream.getvalue().decode()


@pytest.mark.parametrize("secret", SECRETS[:4])
def test_a_secret_is_known_by_its_form_as_well(secret):
    """Without any telling name beside it (D19, behaviour 30)."""
    with Logged() as logged:
        log.info("said", note=f"it was {secret}, they said", keys={secret: 1})
        library.warning("it was %s", secret)

    assert secret not in logged.stream.getvalue().decode()


@pytest.mark.parametrize("offset", range(-80, 20, 7))
def test_a_secret_on_the_edge_of_a_cut_does_not_leave_by_half(offset):
    """Where a long text is cut, no part of a secret stays behind (behaviour 30)."""
    for limit in (16_384, 16_384 + 4_096):
        text = "x " * ((limit + offset) // 2) + LONELY + " y" * 20_000

        with Logged() as logged:
            log.info("said", note=text)
            log.info(text)

        assert LONELY[:8] not in logged.stream.getvalue().decode()


@pytest.mark.parametrize("offset", range(-80, 0, 7))
def test_nor_does_it_where_redaction_made_the_text_shorter(offset):
    """What is masked before it moves the cut half of a secret forward (behaviour 30)."""
    many = f"{EMAIL} " * 2_000
    text = many[: (16_384 + 4_096 + offset)].rpartition(" ")[0] + " " + LONELY + " y" * 20_000
    error = ValueError(many[: (8_192 + 4_096 - 120 + offset)] + " " + LONELY + " y" * 200_000)

    with Logged() as logged:
        log.info("said", note=text)
        log.info(text)
        log.error("failed", exc_info=error)

    assert LONELY[:8] not in logged.stream.getvalue().decode()


def test_a_secret_in_the_middle_of_a_long_traceback_does_not_leave_by_half():
    """Both edges of the gap are vetted with a margin (behaviour 30)."""
    for length in range(8_100, 12_400, 61):
        error = ValueError("x " * (length // 2) + LONELY + " y" * 200_000)

        with Logged() as logged:
            log.error("failed", exc_info=error)

        assert LONELY[:8] not in logged.stream.getvalue().decode()


@pytest.mark.parametrize("offset", range(-40, 60, 7))
def test_the_tail_of_a_long_traceback_does_not_begin_with_half_a_secret(offset):
    """Without its telling beginning it has no form that could be known (behaviour 30)."""
    after = (f"{EMAIL} " * 2_000)[: 20_480 + 4_096 - offset]
    error = ValueError("x " * 100_000 + "password=" + "swordfish" * 5 + " " + after)

    with Logged() as logged:
        log.error("failed", exc_info=error)

    assert "swordfish" not in logged.stream.getvalue().decode()


class BrokenRedactor(Redactor):
    """A redactor that fails as one of ours would not: by raising."""

    def text(self, text):
        raise RuntimeError(text)

    def event(self, event):
        raise RuntimeError(str(event))


def test_what_cannot_be_redacted_is_withheld():
    """The line still says when, where and how bad; the guard hears of it (behaviour 31)."""
    guard = Guard()

    with Logged(redactor=BrokenRedactor(), guard=guard) as logged:
        try:
            raise_it(ValueError(EMAIL))
        except ValueError:
            log.exception("failed " + EMAIL, note=EMAIL)  # noqa: G003 - what people do

    entry = logged.lines()[0]
    assert (entry["severity"], entry["logger"]) == ("ERROR", "shop.cart")
    assert entry["message"] == entry["stack_trace"] == "[withheld]"
    assert "note" not in entry
    assert EMAIL not in logged.stream.getvalue().decode()
    assert guard.caught["logs.redaction"] >= 3


def test_under_test_a_failing_redactor_is_heard():
    """The line is written, and then the failure raised, so that no fault hides (D-8)."""
    with (
        Logged(redactor=BrokenRedactor(), guard=Guard(strict=True)) as logged,
        pytest.raises(RuntimeError, match="said"),
    ):
        log.info("said")

    assert logged.line()["message"] == "[withheld]"


def test_fields_of_a_stranger_are_looked_at_by_their_own_names():
    """Renaming happens after redaction, so a telling name has done its work."""
    with Logged() as logged:
        log.info("said", user=EMAIL, client="192.0.2.77")

    entry = logged.line()
    assert "user" not in entry
    assert (entry["field_user"], entry["field_client"]) == ("[redacted]", "[redacted]")
