"""The agent: what becomes of a line of standard output."""

import json

import pytest
from cloud.violations.kind import Desk
from google.api.monitored_resource_pb2 import MonitoredResource
from google.protobuf.json_format import MessageToDict, MessageToJson
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.rehearsal.cloud.logs.messages import LogEntry

SPECIAL = [
    "severity",
    "message",
    "time",
    "timestamp",
    "timestampSeconds",
    "timestampNanos",
    "httpRequest",
    "logging.googleapis.com/labels",
    "logging.googleapis.com/trace",
    "logging.googleapis.com/spanId",
    "logging.googleapis.com/trace_sampled",
    "logging.googleapis.com/insertId",
    "logging.googleapis.com/operation",
    "logging.googleapis.com/sourceLocation",
    "stack_trace",
    "exception",
    "serviceContext",
    "context",
    "@type",
]
REQUEST_FIELDS = ["status", "latency", "requestSize", "cacheHit", "requestUrl", "other"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.sampled_from(REQUEST_FIELDS), inner, max_size=4)
    ),
    max_leaves=12,
)
RECORDS = st.dictionaries(st.sampled_from(SPECIAL) | st.text(), JSON, max_size=10)


def taken(**record):
    return Desk().logs.take_line(json.dumps(record).encode(), project="school")


def test_special_fields_leave_the_payload():
    """What Cloud Logging knows of moves to the entry's own fields, the rest stays (D17)."""
    entry = taken(
        severity="ERROR",
        message="lesson_lost",
        time="2026-01-01T00:00:00.25Z",
        lesson=7,
        httpRequest={"requestMethod": "GET", "status": 500, "latency": "1.5 s"},
        **{
            "logging.googleapis.com/labels": {"service": "api"},
            "logging.googleapis.com/trace": "projects/school/traces/" + "ab" * 16,
            "logging.googleapis.com/spanId": "cd" * 8,
            "logging.googleapis.com/trace_sampled": True,
            "logging.googleapis.com/insertId": "7",
            "logging.googleapis.com/operation": {"id": "job", "first": True},
            "logging.googleapis.com/sourceLocation": {"file": "a.py", "line": "9"},
        },
    )

    assert MessageToDict(entry.json_payload) == {"message": "lesson_lost", "lesson": 7.0}
    assert (entry.severity, entry.timestamp.nanos, entry.labels["service"]) == (
        500,
        250_000_000,
        "api",
    )
    assert (entry.trace, entry.span_id) == ("projects/school/traces/" + "ab" * 16, "cd" * 8)
    assert (entry.trace_sampled, entry.insert_id, entry.operation.id) == (True, "7", "job")
    assert (entry.source_location.file, entry.source_location.line) == ("a.py", 9)
    assert entry.http_request.latency.ToNanoseconds() == 1_500_000_000
    assert (entry.log_name, entry.resource.type) == (
        "projects/school/logs/stdout",
        "cloud_run_revision",
    )


def test_a_bare_trace_id_becomes_a_name():
    """Standard output may hold the bare id of a trace, and the agent names the project."""
    entry = taken(message="x", **{"logging.googleapis.com/trace": "ab" * 16})

    assert entry.trace == "projects/school/traces/" + "ab" * 16


@pytest.mark.parametrize(
    ("said", "meant"),
    [("warn", 400), ("Fatal", 600), ("trace", 100), ("E", 500), (450, 400), ("9999", 800), ("", 0)],
)
def test_severities_have_many_names(said, meant):
    """Names of other libraries' severities are understood as Google's agent does."""
    entry = taken(message="x", severity=said)

    assert entry.severity == meant


@pytest.mark.parametrize(
    "told",
    [
        {"timestamp": {"seconds": 5, "nanos": 7}},
        {"timestampSeconds": "5", "timestampNanos": 7},
        {"time": "1970-01-01T01:00:05.000000007+01:00"},
    ],
)
def test_times_have_three_forms(told):
    """A time is read from an object, from a pair of fields, or from RFC 3339 text."""
    desk = Desk(without="logs.entry.retention")

    entry = desk.logs.take_line(json.dumps({"message": "x", **told}).encode(), project="school")

    assert entry.timestamp.ToNanoseconds() == 5_000_000_007
    assert entry.text_payload == "x"


def test_a_line_that_is_no_object_is_text():
    """Whatever is no JSON object is kept as it stands."""
    logs = Desk().logs
    lines = [
        b"Traceback (most recent call last):",
        b'["a"]',
        b'{"a": NaN}',
        b"\xff\xfe",
        b"[" * 9_999,
    ]

    entries = [logs.take_line(line + b"\n", project="school") for line in lines]

    assert [entry.text_payload for entry in entries[:4]] == [
        "Traceback (most recent call last):",
        '["a"]',
        '{"a": NaN}',
        "\ufffd\ufffd",
    ]
    assert entries[4].text_payload == "[" * 9_999


def test_an_empty_line_is_no_entry():
    """Blank lines leave nothing behind."""
    logs = Desk().logs

    taken_lines = [logs.take_line(line, project="school") for line in (b"", b"\n", b"  \r\n")]

    assert taken_lines == [None, None, None]
    assert logs.entries() == []


def test_a_line_that_is_too_long_is_refused_and_counted():
    """A line of more than an entry's size is lost, and the loss is on record."""
    desk = Desk()

    entry = desk.logs.take_line(b"x" * (256 << 10), project="school")

    assert entry is None
    assert desk.logs.refused_lines == 1
    assert desk.rules.breaches == {"logs.entry.size": 1}


def test_a_resource_and_a_log_can_be_told():
    """Whoever runs the agent says which log and which resource its lines belong to."""
    logs = Desk().logs
    resource = MonitoredResource(type="generic_task", labels={"job": "api"})

    logs.take_line(b"x", project="school", log_id="run.googleapis.com/stderr", resource=resource)

    [entry] = logs.entries("run.googleapis.com/stderr")
    assert (entry.log_name, entry.resource.labels["job"]) == (
        "projects/school/logs/run.googleapis.com%2Fstderr",
        "api",
    )


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read(line):
    """The agent takes any bytes, and what it makes of them can be sent and shown."""
    desk = Desk()

    entry = desk.logs.take_line(line, project="school")

    assert entry is None or LogEntry.FromString(entry.SerializeToString()) == entry
    assert len(desk.logs.entries()) == (entry is not None)


@settings(deadline=None)
@given(RECORDS)
def test_any_json_is_read(record):
    """The agent takes any JSON object, whatever its special fields hold."""
    desk = Desk(without="logs.entry.retention")

    entry = desk.logs.take_line(json.dumps(record).encode(), project="school")

    refused = desk.rules.breaches["logs.entry.future"]
    assert (entry is None) == bool(refused)
    assert entry is None or MessageToJson(entry)


def test_deep_json_can_be_sent_on():
    """JSON nested a thousand deep becomes an entry that any reader of protobuf can parse."""
    line = b'{"a":' * 900 + b"1" + b"}" * 900

    entry = Desk().logs.take_line(line, project="school")

    assert LogEntry.FromString(entry.SerializeToString()) == entry
