"""Every line has the shape that Cloud Logging reads (google-cloud.md, section 5)."""

import logging
import re
import sys
from datetime import UTC, datetime

import pytest
from logged import SPAN_ID, TRACE_ID, Logged

from tocsin.telemetry.context import RequestContext, bind, bind_user, request_context
from tocsin.telemetry.logs import get_logger, rfc3339
from tocsin.telemetry.settings import Environment
from tocsin.telemetry.testing import HandClock

log = get_logger("shop.cart")
TRACE = "logging.googleapis.com/trace"
LABELS = "logging.googleapis.com/labels"
SOURCE = "logging.googleapis.com/sourceLocation"
INSERT_ID = "logging.googleapis.com/insertId"


def test_a_line_carries_each_field_that_google_reads():
    """Severity, time, message, trace, span, sampling, labels and origin stand in place (D25)."""
    with (
        Logged(google_project="p-1", version="1.4.2") as logged,
        request_context(
            RequestContext(
                "req-12345678", "cor-87654321", trace_id=TRACE_ID, span_id=SPAN_ID, sampled=True
            )
        ),
    ):
        log.info("cart_filled", items=3)

    entry = logged.line()
    assert entry.pop(INSERT_ID)
    assert entry.pop(SOURCE)["file"] == __file__
    assert entry == {
        "severity": "INFO",
        "time": "2026-01-01T00:00:00.000000Z",
        "message": "cart_filled",
        "logger": "shop.cart",
        TRACE: f"projects/p-1/traces/{TRACE_ID}",
        "logging.googleapis.com/spanId": SPAN_ID,
        "logging.googleapis.com/trace_sampled": True,
        LABELS: {
            "service": "shop",
            "environment": "test",
            "version": "1.4.2",
            "instance": "i-1",
        },
        "request_id": "req-12345678",
        "correlation_id": "cor-87654321",
        "items": 3,
    }


def test_without_a_known_project_the_trace_is_the_bare_id():
    """The agent completes it; a made-up project would link to somebody else's traces."""
    with Logged() as logged, request_context(RequestContext("req-1", trace_id=TRACE_ID)):
        log.info("cart_filled")

    assert logged.line()[TRACE] == TRACE_ID


def test_who_is_served_and_what_is_bound_stand_on_every_later_line():
    """The user, the client and bound fields reach lines of both kinds of logger (D23)."""
    context = RequestContext("req-1")
    context.client = "aaaaaaaaaaaa"

    with Logged() as logged, request_context(context):
        bind_user("0123456789ab", "student")
        bind(lesson=4)
        log.info("lesson_opened")
        logging.getLogger("lib").warning("slow disk")

    for entry in logged.lines():
        assert entry["user"] == "0123456789ab"
        assert entry["user_role"] == "student"
        assert entry["client"] == "aaaaaaaaaaaa"
        assert entry["lesson"] == 4


def test_every_label_is_text():
    """One label that is not makes the agent refuse them all."""
    with Logged(version=7) as logged:
        log.info("started")

    labels = logged.line()[LABELS]
    assert {type(value) for value in labels.values()} == {str}
    assert labels["version"] == "7"


@pytest.mark.parametrize("spelling", ["prod", "production", "staging", "stage", "dev", "ci"])
def test_each_deployed_spelling_of_the_environment_writes_json(spelling):
    """The format hangs on the format's own setting, not on the environment's name (D17)."""
    environment = Environment.parse(spelling)

    with Logged(environment=environment) as logged:
        log.warning("disk_full")

    assert logged.line()[LABELS]["environment"] == environment.value


def test_time_is_the_events_own_at_microsecond_precision():
    """A line says when it happened, not when it was written (behaviour 27)."""
    clock = HandClock(wall_ns=1_790_000_000_123_456_789)
    with (
        Logged(clock=clock) as logged,
        request_context(RequestContext("req-1", ring=logged.pipeline.ring())) as context,
    ):
        log.debug("detail")
        clock.advance(5)
        logged.pipeline.keep(context.ring)

    assert logged.line()["time"] == "2026-09-21T14:13:20.123456Z"


def test_a_standard_library_record_keeps_its_own_moment():
    """A record that was made elsewhere, or long ago, is not dated anew (behaviour 27)."""
    record = logging.makeLogRecord({"name": "lib", "levelno": 30, "levelname": "WARNING"})
    record.created = 1_790_000_000.123457

    with Logged() as logged:
        logging.getLogger("lib").handle(record)

    assert logged.line()["time"] == "2026-09-21T14:13:20.123457Z"


def test_lines_of_one_microsecond_keep_their_order():
    """Equal times are ordered by insertId, which counts events as they happen (behaviour 27)."""
    with (
        Logged() as logged,
        request_context(RequestContext("req-1", ring=logged.pipeline.ring())) as context,
    ):
        for number in range(20):
            (log.debug if number % 2 else log.info)("step", number=number)
        logged.pipeline.keep(context.ring)

    entries = sorted(logged.lines(), key=lambda entry: (entry["time"], entry[INSERT_ID]))
    assert [entry["number"] for entry in entries] == list(range(20))


@pytest.mark.parametrize("wall_ns", [0, -1, 1, 10**18, 2**63, -(2**70)])
def test_any_reading_of_a_clock_has_a_time(wall_ns):
    """A clock that is far off costs the date, not the line."""
    text = rfc3339(wall_ns)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text)
    if 0 <= wall_ns < 10**18:
        moment = datetime.fromisoformat(text)
        assert moment == datetime.fromtimestamp(wall_ns // 1000 / 1e6, tz=UTC)


async def test_the_source_location_is_the_callers():
    """File, line and function are those of the call, in all styles of calling (D21)."""
    with Logged() as logged:
        here = sys._getframe().f_lineno
        log.info("plain")
        log.bind(a=1).warning("bound")
        log.log(25, "by_number")
        await log.ainfo("awaited")
        logging.getLogger("lib").warning("theirs")

    places = [entry[SOURCE] for entry in logged.lines()]
    assert [place["line"] for place in places] == [str(here + n) for n in range(1, 6)]
    assert {place["file"] for place in places} == {__file__}
    assert {place["function"] for place in places} == {"test_the_source_location_is_the_callers"}


@pytest.mark.parametrize(
    ("level", "name", "severity"),
    [
        (5, "TRACE", "DEBUG"),
        (22, "VERBOSE", "INFO"),
        (25, "NOTICE", "NOTICE"),
        (26, "SUCCESS", "NOTICE"),
        (35, "ALERT", "ALERT"),
        (45, "OUCH", "ERROR"),
        (99, "DOOM", "EMERGENCY"),
    ],
)
def test_a_level_of_ones_own_has_a_severity_that_google_knows(level, name, severity):
    """It maps to the nearest name below and is still called by its own (behaviour 22)."""
    record = logging.makeLogRecord({"name": "other", "levelno": level, "levelname": name})

    with Logged() as logged:
        logging.getLogger("other").handle(record)

    entry = logged.line()
    assert (entry["severity"], entry["level_name"]) == (severity, name)


def test_each_level_of_python_has_its_severity():
    """The five levels that everybody uses come out by their names, without a remark."""
    with Logged(log_level="DEBUG") as logged:
        for method in ("debug", "info", "warning", "error", "critical"):
            getattr(log, method)(method)

    for entry in logged.lines():
        assert entry["severity"] == entry["message"].upper()
        assert "level_name" not in entry


def test_fields_given_as_extra_appear():
    """What the standard library's `extra` carries is not lost (behaviour 22)."""
    with Logged() as logged:
        logging.getLogger("lib").warning("took %d s", 3, extra={"cart": 12, "tags": {"a"}})

    entry = logged.line("took 3 s")
    assert (entry["cart"], entry["tags"]) == (12, ["a"])


def test_a_finished_entry_is_written_as_it_stands():
    """The access line, built elsewhere, passes through unchanged (D25)."""
    entry = {
        "severity": "INFO",
        "time": rfc3339(0),
        "message": "GET /x 200",
        "httpRequest": {"requestMethod": "GET", "status": 200, "latency": "0.012s"},
    }

    with Logged() as logged:
        logged.pipeline.write(entry)

    assert logged.line() == entry
