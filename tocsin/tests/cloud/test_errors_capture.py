"""What of a log entry is an error, and which errors are one."""

import json
import traceback

import pytest
from cloud.violations.kind import Desk
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.rehearsal.cloud.errors.capture import REPORTED_TYPE
from tocsin.rehearsal.cloud.errors.stacks import stacks
from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.testing import CapturedTelemetry


def missing_lesson(title="fractions"):
    return {}[title]


def missing_page():
    raise LookupError("page 7")


def chained():
    try:
        missing_lesson()
    except KeyError as error:
        raise RuntimeError("the lesson could not be told") from error


def grouped():
    failures = []
    for call in (missing_lesson, missing_page):
        try:
            call()
        except LookupError as error:
            failures.append(error)
    raise ExceptionGroup("two of them", [*failures, ValueError("never raised")])


def deep(levels):
    return deep(levels - 1) if levels else missing_lesson()


def trace_of(call, *given_to_it):
    try:
        call(*given_to_it)
    except Exception:  # noqa: BLE001 - whatever is raised here was meant to be
        return traceback.format_exc()
    raise AssertionError("nothing failed")


def groups_of(*records, **fields):
    desk = Desk()
    for record in records:
        desk.logs.take_line(json.dumps(record).encode(), project="school", **fields)
    return desk.errors.groups()


def test_a_line_of_our_pipeline_is_one_error_group():
    """An error line that the log pipeline wrote is one group to Error Reporting's parser (D26)."""
    desk = Desk()
    with CapturedTelemetry() as captured:
        for title in ("fractions", "decimals"):
            try:
                missing_lesson(title)
            except KeyError:
                get_logger("app.lessons").exception("lesson_lost")
        captured.lines()
        written = captured.stream.getvalue()

    for line in written.splitlines():
        desk.logs.take_line(line, project="school")

    [group] = desk.errors.groups("school")
    assert (group.kind, group.count, group.services) == ("KeyError", 2, ("test",))
    assert "missing_lesson" in group.events[0].message
    assert desk.rules.breaches == {}


@pytest.mark.parametrize(
    "record",
    [
        {"stack_trace": "", "exception": "", "message": "TRACE"},
        {"stack_trace": "TRACE", "message": "lesson_lost"},
        {"exception": "TRACE", "message": "lesson_lost"},
        {"message": "TRACE", "lesson": 7},
        {"message": "TRACE"},
        {"message": "lesson_lost", "details": {"what": ["TRACE"]}},
        {"@type": REPORTED_TYPE, "message": "KeyError in the lesson"},
    ],
)
def test_an_error_is_found_where_google_looks_for_it(record):
    """A stack trace counts in the fields that Google reads, and a marked payload without one."""
    told = json.loads(json.dumps(record).replace('"TRACE"', json.dumps(trace_of(missing_lesson))))

    found = groups_of(told)

    assert [group.count for group in found] == [1]


@pytest.mark.parametrize(
    "record",
    [
        {"severity": "ERROR", "message": "lesson_lost"},
        {"severity": "ERROR", "message": "Traceback (most recent call last):"},
        {"severity": "ERROR", "message": "lesson_lost", "error_type": "KeyError"},
        {"@type": REPORTED_TYPE, "message": ""},
    ],
)
def test_what_holds_no_stack_trace_is_no_error(record):
    """An error line without a stack trace, or with the beginning of one, makes no group."""
    found = groups_of(record)

    assert found == []


def test_the_fields_are_read_in_googles_order():
    """Of several stack traces in one entry that of `stack_trace` counts, then `exception`."""
    first, second = trace_of(missing_page), trace_of(missing_lesson)

    found = groups_of({"message": second, "exception": second, "stack_trace": first})

    assert [group.kind for group in found] == ["LookupError"]


def test_of_a_chain_the_innermost_exception_counts():
    """A cause and what it led to are one error, of the cause's type."""
    text = trace_of(chained)

    found = groups_of({"stack_trace": text})

    assert [stack.kind for stack in stacks(text)] == ["KeyError", "RuntimeError"]
    assert [(group.kind, group.message) for group in found] == [
        ("KeyError", "KeyError: 'fractions'")
    ]


def test_an_exception_group_is_read_with_its_members():
    """Of an exception group its own frames and the types in it are known."""
    text = trace_of(grouped)

    [stack] = stacks(text)

    assert (stack.kind, stack.members) == (
        "ExceptionGroup",
        ("KeyError", "LookupError", "ValueError"),
    )
    assert [frame.function for frame in stack.frames] == ["trace_of", "grouped"]


def test_an_exception_group_can_stand_in_a_chain():
    """A chain that begins or ends with an exception group keeps both its parts."""

    def both():
        try:
            missing_page()
        except LookupError:
            grouped()

    def under():
        try:
            grouped()
        except ExceptionGroup:
            missing_page()

    read = [[stack.kind for stack in stacks(trace_of(call))] for call in (both, under)]

    assert read == [["LookupError", "ExceptionGroup"], ["ExceptionGroup", "LookupError"]]


def test_how_deep_a_recursion_went_makes_no_new_group():
    """Frames that repeat count once, so that a recursion is one error however deep it went."""
    found = groups_of({"stack_trace": trace_of(deep, 3)}, {"stack_trace": trace_of(deep, 9)})

    assert [group.count for group in found] == [2]


def test_frames_of_libraries_do_not_count():
    """The same failure seen through another version of a library is the same error."""
    text = trace_of(missing_lesson)
    head, rest = text.split("\n", 1)
    library = '  File "/venv/lib/python3.11/site-packages/starlette/{0}.py", line 1, in {0}\n'

    found = groups_of(
        *({"stack_trace": f"{head}\n{library.format(name)}{rest}"} for name in ("old", "new"))
    )

    assert [group.count for group in found] == [2]


def test_different_failures_are_different_groups():
    """Type and place tell errors apart, their words do not."""
    found = groups_of(
        {"stack_trace": trace_of(missing_lesson, "one")},
        {"stack_trace": trace_of(missing_lesson, "two")},
        {"stack_trace": trace_of(missing_page)},
        {"stack_trace": trace_of(deep, 1)},
    )

    assert [(group.kind, group.count) for group in found] == [
        ("KeyError", 2),
        ("LookupError", 1),
        ("KeyError", 1),
    ]


def test_a_trace_without_its_middle_is_still_read():
    """A stack trace whose middle was left out is one error, with the frames that remain."""
    lines = trace_of(deep, 9).splitlines()
    text = "\n".join([*lines[:5], "… 900 characters left out …", "e 12, in de", *lines[-6:]])

    [stack] = stacks(text)

    assert stack.kind == "KeyError"
    assert stack.frames[-1].function == "missing_lesson"


def test_who_was_hit_is_told():
    """Service, version, user and request of an error come from its entry."""
    record = {
        "stack_trace": trace_of(missing_lesson),
        "serviceContext": {"service": "api", "version": "3"},
        "context": {
            "user": "u-7",
            "httpRequest": {"method": "GET", "url": "/lessons/{id}", "responseStatusCode": 500},
        },
    }

    [group] = groups_of(record, record)

    assert (group.services, group.users, group.count) == (("api",), ("u-7",), 2)
    assert (group.events[0].version, group.events[0].http["method"]) == ("3", "GET")
    assert group.first_ns == group.last_ns == group.events[1].time_ns


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "Traceback (most recent call last):",
                "  + Exception Group Traceback (most recent call last):",
                '  File "a.py", line 1, in f',
                '  |   File "a.py", line 1, in f',
                "  | ExceptionGroup: two (2 sub-exceptions)",
                "  +-+---------------- 1 ----------------",
                "    | ValueError: 1",
                "    +---------------- 2 ----------------",
                "    +------------------------------------",
                "KeyError: 1",
                "… 9 characters left out …",
                "",
            ]
        )
        | st.text(max_size=20)
    )
)
def test_any_text_can_be_searched_for_stacks(lines):
    """Reading stack traces ends well on any text, and each that is read has a type."""
    read = stacks("\n".join(lines))

    assert all(stack.kind and stack.told for stack in read)
