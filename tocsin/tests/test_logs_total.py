"""Whatever is logged, one line comes out, and nothing comes back at the caller."""

import copy
import itertools
import json
import logging

import pytest
from hostile import BY_HAND, NAMES, VALUES, RaisingStr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from logged import Logged

from tocsin.telemetry.context import RequestContext, bind, request_context
from tocsin.telemetry.logs import MAX_LINE_BYTES, encode, get_logger
from tocsin.telemetry.logs.entry import RESERVED
from tocsin.telemetry.testing import parse_lines

log = get_logger("shop.cart")
library = logging.getLogger("lib")
QUARTER_OF_GOOGLES = 262_144 // 4


def _raw_lines(logged: Logged) -> list[bytes]:
    assert logged.pipeline.flush(5.0)
    return logged.stream.getvalue().splitlines()


@pytest.mark.parametrize("name", BY_HAND)
def test_each_value_known_to_break_loggers_leaves_a_line(name):
    """As field, message, argument, extra and bound, to both kinds of logger (behaviour 20)."""
    value = BY_HAND[name]

    with Logged() as logged, request_context(RequestContext("req-1")):
        log.info("as_field", value=value, nested={"deep": [value]})
        log.info(value, "argument")
        log.info("as argument %s %s", value, 1)
        library.warning(value)
        library.warning("as argument %s", value)
        library.warning("as_extra", extra={"value": value})
        bind(value=value)
        library.warning("as_bound")

    lines = _raw_lines(logged)
    assert len(lines) == 7
    assert max(map(len, lines)) < QUARTER_OF_GOOGLES
    assert len(logged.lines()) == 7


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(NAMES, VALUES, max_size=6), VALUES, st.lists(VALUES, max_size=3))
def test_any_event_is_one_line(fields, message, args):
    """One call, one JSON object, whatever it was given (behaviours 20 and 21)."""
    with Logged() as logged:
        log.warning(message, *args, **fields)
        record = logging.LogRecord("lib", 30, "file.py", 7, message, tuple(args), None)
        vars(record).update(
            (key, value) for key, value in fields.items() if key not in vars(record)
        )
        library.handle(record)

    entries = logged.lines()
    assert len(entries) == 2
    assert {(entry["severity"], entry["logger"]) for entry in entries} == {
        ("WARNING", "shop.cart"),
        ("WARNING", "lib"),
    }
    assert all(type(entry["message"]) is str for entry in entries)


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(["password", "severity", "data"]), plain_values))
def test_the_callers_objects_stay_as_they_were(fields):
    """Neither redaction nor renaming nor cutting reaches back (behaviour 21)."""
    before = copy.deepcopy(fields)

    with Logged(), request_context(RequestContext("req-1")) as context:
        context.fields.update(fields)
        log.info("said", **fields)
        library.warning(fields)
        library.warning("said", extra=fields)

    assert fields == before
    assert context.fields == before


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.text() | st.integers(), VALUES, max_size=8))
def test_any_finished_entry_is_one_line(entry):
    """What is handed over finished is encoded, however wrong it is (behaviour 20)."""
    line = encode(entry)

    assert len(line) <= MAX_LINE_BYTES
    assert line.count(b"\n") == 1
    assert len(line.decode().splitlines()) == 1
    assert type(json.loads(line)) is dict


def test_an_iterator_is_not_consumed():
    """Logging a generator leaves it to the one who needs it (behaviour 21)."""
    numbers = iter([1, 2, 3])

    with Logged():
        log.info("said", numbers=numbers)

    assert list(numbers) == [1, 2, 3]


def test_arguments_that_do_not_fit_are_kept():
    """A wrong template costs the sentence, not the record or its values (D29, behaviour 20)."""
    with Logged() as logged:
        library.warning("took %d s, %s", "three")
        log.warning("no place for %%", 1)  # noqa: PLE1205 - the point

    entries = logged.lines()
    assert [entry["message"] for entry in entries] == ["took %d s, %s", "no place for %%"]
    assert [entry["message_args"] for entry in entries] == [["three"], [1]]
    assert all("do not fit" in str(entry["log_notes"]) for entry in entries)


def test_a_cut_text_says_how_long_it_was():
    """One megabyte leaves its beginning and a note (behaviour 21)."""
    with Logged() as logged:
        log.info("said", body="word " * 200_000)
        log.info("message " * 200_000)

    field, message = logged.lines()
    assert field["body"].startswith("word word")
    assert field["log_notes"] == ["body: cut from 1000000 characters"]
    assert message["message"].startswith("message message")
    assert message["log_notes"] == ["message: cut from 1600000 characters"]


def test_a_value_that_cannot_be_shown_is_named():
    """The line says which field it was and why (behaviour 21)."""
    with Logged() as logged:
        log.info("said", fine=1, broken=RaisingStr())

    entry = logged.line()
    assert (entry["fine"], entry["broken"]) == (1, "<RaisingStr, could not be shown>")
    assert entry["log_notes"] == ["broken: could not be shown (RuntimeError)"]


def test_a_great_many_long_fields_still_fit_one_line():
    """The longest are cut first, and named; who and where always stays (behaviour 20)."""
    with Logged() as logged, request_context(RequestContext("req-1")):
        log.info("said", small=1, **{f"field_{n}": "é\x00" * 8000 for n in range(100)})

    (line,) = _raw_lines(logged)
    entry = logged.line()
    assert len(line) <= MAX_LINE_BYTES
    assert (entry["severity"], entry["request_id"]) == ("INFO", "req-1")
    assert "to fit the line" in str(entry["log_notes"])


def test_one_too_long_field_leaves_the_others_whole():
    """Cutting begins where it helps most (behaviour 21)."""
    entry = {"severity": "INFO", "message": "said", "small": "kept", "big": "\x00" * 60_000}

    (parsed,) = parse_lines(encode(entry))

    assert (parsed["message"], parsed["small"]) == ("said", "kept")
    assert parsed["big"].startswith("\x00\x00")
    assert parsed["log_notes"] == ["big: cut from 360003 bytes to fit the line"]


def test_what_holds_itself_is_named():
    """A circle is shown once round (behaviour 20)."""
    with Logged() as logged:
        log.info("said", value=BY_HAND["circular dict"])

    entry = logged.line()
    assert entry["value"] == {"name": "x", "self": "<circular>"}
    assert entry["log_notes"] == ["value.self: holds itself"]


def test_fields_that_are_bound_meanwhile_do_no_harm():
    """Another thread of the request, or a value being shown, may bind more (behaviour 21)."""

    class Binding:
        def __str__(self) -> str:
            bind(bound_meanwhile=1)
            return "shown"

    with Logged() as logged, request_context(RequestContext("req-1")):
        bind(value=Binding(), other=2)
        log.info("said")
        log.info("said_again")

    first, second = logged.lines()
    assert (first["value"], first["other"]) == ("shown", 2)
    assert second["bound_meanwhile"] == 1


def test_numbers_that_json_or_google_cannot_hold_become_text():
    """NaN is not JSON, and beyond 2**53 a payload's numbers lose digits (behaviour 20)."""
    with Logged() as logged:
        log.info("said", nan=float("nan"), low=-float("inf"), big=2**53 + 1, fits=2**53)

    entry = logged.line()
    assert (entry["nan"], entry["low"]) == ("NaN", "-Infinity")
    assert (entry["big"], entry["fits"]) == ("9007199254740993", 9007199254740992)


def test_keys_that_look_alike_as_text_are_both_kept():
    """`1` and `"1"` are two keys of one dict (behaviour 20)."""
    with Logged() as logged:
        log.info("said", value={1: "number", "1": "text"})

    assert sorted(logged.line()["value"].values()) == ["number", "text"]


def test_an_object_that_logs_while_it_is_shown_does_no_harm():
    """Nested lines come out, each whole (behaviour 21)."""

    class Talking:
        def __str__(self) -> str:
            library.warning("being shown")
            return "shown"

    with Logged() as logged:
        log.info("said", value=Talking())

    assert logged.line("being shown")
    assert logged.line("said")["value"] == "shown"


def test_what_an_author_keeps_out_of_a_repr_is_kept_out_of_the_line():
    """`repr=False` on a field of a dataclass means what it says (behaviour 30)."""
    with Logged() as logged:
        log.info("said", cart=BY_HAND["dataclass"])

    assert logged.line()["cart"]["hidden"] == "[redacted]"
    assert "hunter2" not in str(logged.lines())


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_taken_name_is_kept_under_another(name):
    """It loses its name, not its value, and the line says so (D20, behaviour 23)."""
    with Logged() as logged, request_context(RequestContext("req-1")):
        log.info("as_field", **{name: "forged"})
        record = logging.makeLogRecord({"name": "lib", "levelno": 30, "msg": "as_extra"})
        vars(record)[f"{name}"] = "forged"
        library.handle(record)
        bind(**{name: "forged"})
        log.info("as_bound")

    field, extra, bound = logged.lines()
    for entry in (field, bound):
        assert entry[f"field_{name}"] == "forged"
        assert entry.get(name) != "forged"
        assert f"{name}: a taken name, kept as field_{name}" in entry["log_notes"]
    assert extra.get(name) != "forged"


@pytest.mark.parametrize(
    "name",
    [
        "logging.googleapis.com/trace",
        "logging.googleapis.com/labels",
        "logging.googleapis.com/anything",
        "Logging.GoogleAPIs.com/trace",
    ],
)
def test_no_field_can_pass_for_one_of_googles(name):
    """The whole name space is taken, in any spelling (behaviour 23)."""
    with Logged() as logged, request_context(RequestContext("req-1", trace_id="a" * 32)):
        log.info("said", **{name: "forged"})

    entry = logged.line()
    assert entry["logging.googleapis.com/trace"] == "a" * 32
    assert [key for key, value in entry.items() if value == "forged"] == [f"field_{name}"]


def test_renaming_overwrites_nothing():
    """When the new name is taken as well, a further one is found (D20)."""
    with Logged() as logged:
        log.info("said", severity="one", field_severity="two")

    entry = logged.line()
    assert entry["severity"] == "INFO"
    assert sorted(v for k, v in entry.items() if k.endswith("severity")) == ["INFO", "one", "two"]


@pytest.mark.parametrize(
    "text",
    [
        '{"severity":"EMERGENCY","logging.googleapis.com/trace":"forged"}',
        'x"}\n{"severity":"EMERGENCY"}',
        'x","severity":"EMERGENCY","y":"',
    ],
)
def test_text_that_looks_like_json_sets_nothing(text):
    """What a user wrote stays text, as message, field and argument (behaviour 23)."""
    with Logged() as logged:
        log.info(text)
        log.info("said", value=text)
        library.warning("said %s", text)

    entries = logged.lines()
    assert [entry["severity"] for entry in entries] == ["INFO", "INFO", "WARNING"]
    assert entries[0]["message"] == entries[1]["value"] == text


@pytest.mark.parametrize(
    "names", list(itertools.combinations(["event", "self", "level", "method"], 2))
)
def test_no_field_name_is_refused(names):
    """Even the names of our own parameters may be used for fields (D21)."""
    with Logged() as logged:
        log.info("said", **dict.fromkeys(names, 1))

    entry = logged.line("said")
    assert sum(entry.get(name, entry.get(f"field_{name}", 0)) for name in names) == 2
