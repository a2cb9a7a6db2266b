"""The Logging query language, as far as it is held."""

import pytest
from cloud.violations.kind import Desk
from google.logging.type.http_request_pb2 import HttpRequest
from google.protobuf.duration_pb2 import Duration
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.rehearsal.cloud.logs import Logs
from tocsin.rehearsal.cloud.logs.messages import DeleteLogRequest, LogEntry
from tocsin.rehearsal.cloud.logs.query import Query, QueryError
from tocsin.rehearsal.cloud.logs.shelf import Shelf
from tocsin.rehearsal.cloud.world import World

ENTRY = LogEntry(
    log_name="projects/school/logs/run.googleapis.com%2Fstdout",
    severity=400,
    insert_id="ABC-1",
    trace="projects/school/traces/" + "ab" * 16,
    labels={"service": "API", "k8s-pod/app.name": "web"},
    http_request=HttpRequest(
        status=503, response_size=5_000_000_000, latency=Duration(seconds=1, nanos=500_000_000)
    ),
)
ENTRY.resource.type = "cloud_run_revision"
ENTRY.resource.labels["service_name"] = "api"
ENTRY.timestamp.FromJsonString("2026-03-01T12:00:00.5Z")
ENTRY.json_payload.update(
    {
        "message": "Lesson not found",
        "ms": 900,
        "ok": False,
        "nothing": None,
        "steps": [{"name": "script"}, {"name": "audio"}],
        "snake_case": "kept",
    }
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  -- all of them\n",
        "severity=WARNING",
        'severity >= "info"',
        "severity<500",
        'timestamp>="2026-03-01T12:00:00Z" AND timestamp<"2026-03-02"',
        'timestamp="2026-03-01T13:00:00.500+01:00"',
        'logName="projects/school/logs/run.googleapis.com%2Fstdout"',
        'log_id("run.googleapis.com/stdout")',
        "resource.type=CLOUD_RUN_REVISION",
        "resource.labels.service_name = api",
        'labels.service="api"',
        'labels."k8s-pod/app.name"=web',
        "labels:service",
        "labels.service:*",
        "jsonPayload.message:LESSON",
        'jsonPayload.message="lesson not found"',
        'jsonPayload.message=~"^Lesson (not|never) found$"',
        "jsonPayload.message!~lesson",
        "jsonPayload.ms>=900 jsonPayload.ms<1e3",
        "jsonPayload.ok=false",
        "jsonPayload.nothing=NULL_VALUE",
        "jsonPayload.steps.name=audio",
        "jsonPayload.snake_case=kept",
        "json_payload.snake_case=kept",
        "httpRequest.status=503",
        "httpRequest.responseSize>4999999999",
        'httpRequest.latency>"1s"',
        "httpRequest.latency>1.2s",
        'insertId=("abc-0" OR "abc-1")',
        "insertId:(abc AND NOT xyz)",
        'trace="projects/school/traces/' + "ab" * 16 + '"',
        "traceSampled=false",
        '"not found"',
        "lesson AND found",
        "NOT severity=ERROR",
        "-severity=ERROR",
        "severity=ERROR OR severity=WARNING",
        "severity=WARNING OR severity=ERROR AND jsonPayload.ms=900",
        "(severity=ERROR AND labels.service=api) OR jsonPayload.ms>1",
        "NOT jsonPayload.missing=1",
    ],
)
def test_a_filter_that_fits_lets_the_entry_through(text):
    """Filters in the forms of Google's page match what they mean."""
    query = Query(text)

    assert query.matches(ENTRY)


@pytest.mark.parametrize(
    "text",
    [
        "severity=ERROR",
        "severity>WARNING",
        'timestamp<"2026-03-01T12:00:00Z"',
        'log_id("stdout")',
        "labels.service=web",
        "labels:missing",
        "labels.missing:*",
        "jsonPayload.missing=1",
        "jsonPayload.missing!=1",
        "jsonPayload.missing<1",
        'jsonPayload.message=~"lesson"',
        "jsonPayload.steps.name=video",
        "jsonPayload.message=lesson",
        "httpRequest.latency>2s",
        'insertId=("abc-2" OR "abc-3")',
        'trace=""',
        "textPayload:lesson",
        'spanId:*  AND spanId!=""',
        "severity=WARNING AND NOT jsonPayload.ms=900",
        "severity=WARNING AND (severity=ERROR OR severity=INFO)",
        "absent",
    ],
)
def test_a_filter_that_does_not_fit_holds_it_back(text):
    """What is missing or different does not match, and `!=` does not match what is missing."""
    query = Query(text)

    assert not query.matches(ENTRY)


@pytest.mark.parametrize(
    "text",
    [
        "severity=",
        "severity=LOUD",
        "(severity=ERROR",
        "severity=ERROR)",
        "AND severity=ERROR",
        "colour=red",
        'timestamp>"noon"',
        'textPayload=~"("',
        "insertId=abc:def",
        'textPayload="open',
        "SEARCH(lesson)",
        "NOT",
        "(" * 20_000,
        "NOT " * 500 + "severity=ERROR",
    ],
)
def test_what_is_no_filter_is_refused(text):
    """A filter that is not written in the language is an error, not an empty result."""
    with pytest.raises(QueryError):
        Query(text)


@settings(deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="aA=<>!:~()\"'\\ .-,*1", max_size=40))
def test_any_text_is_a_filter_or_an_error(text):
    """Reading a filter ends in a question or in a refusal, whatever was typed."""
    try:
        answer = Query(text).matches(ENTRY)
    except QueryError as error:
        answer = str(error)

    assert answer in (True, False) or answer


def test_the_shelf_is_bounded_by_number_and_by_size():
    """When the shelf is full the oldest entries leave, and their number is told."""
    by_number = Logs(World(), shelf=Shelf(max_entries=3))
    by_size = Logs(World(), shelf=Shelf(max_bytes=10_000))

    for logs in (by_number, by_size):
        for number in range(20):
            logs.take_line(b"%03d" % number + b"x" * 1_000, project="school")

    assert [one.text_payload[:3] for one in by_number.entries()] == ["017", "018", "019"]
    assert by_number.dropped == 17
    assert 0 < len(by_size.entries()) < 10
    assert len(by_size.entries()) + by_size.dropped == 20


def test_a_journal_brings_the_entries_back():
    """What was kept, and what was deleted, is the same after a restart."""
    journal = []
    before, after = Desk(), Desk()
    before.world.keep = lambda *noted: journal.append(noted)
    for line in (b"first", b"second"):
        before.logs.take_line(line, project="school", log_id=line.decode())
    before.call("DeleteLog", DeleteLogRequest(log_name="projects/school/logs/first"))

    for noted in journal:
        after.logs.recall(*noted)

    assert [one.text_payload for one in after.logs.entries()] == ["second"]
    assert after.logs.entries() == before.logs.entries()
