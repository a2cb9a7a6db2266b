"""Violations of Cloud Logging's rules."""

import json
from contextlib import suppress

from cloud.violations.kind import Gives, Refused, Violation

from tocsin.rehearsal.cloud.logs.messages import (
    ListLogEntriesRequest,
    LogEntry,
    WriteLogEntriesRequest,
)
from tocsin.rehearsal.cloud.refusals import Refusal

INVALID = "INVALID_ARGUMENT"
DAY_NS = 86_400 * 10**9


def entry(text="a line", *, resource="global", **fields):
    """A plain entry; ``fields`` as the message's own."""
    made = LogEntry(**{"log_name": "projects/demo/logs/app", "text_payload": text, **fields})
    if resource:
        made.resource.type = resource
    return made


def at(desk, offset_ns, text="a line"):
    made = entry(text)
    made.timestamp.FromNanoseconds(desk.clock.wall_ns() + offset_ns)
    return made


def write(*entries, **fields):
    return lambda desk: desk.call(
        "WriteLogEntries", WriteLogEntriesRequest(entries=entries, **fields)
    )


def stored(desk, *entries, **fields):
    """How many entries lie there after a write, refused or not."""
    with suppress(Refusal):
        write(*entries, **fields)(desk)
    return len(desk.logs.entries())


def details(desk):
    """How many errors by entry a failed write of one bad entry carries."""
    try:
        write(entry(resource=""), partial_success=True)(desk)
    except Refusal as refusal:
        return sum(len(detail.log_entry_errors) for detail in refusal.details)
    return None


def labels(given):
    """The labels that are kept."""

    def does(desk):
        write(entry(labels=given))(desk)
        return dict(desk.logs.entries()[0].labels)

    return does


def infinite(desk):
    made = entry()
    made.json_payload.fields["ratio"].number_value = float("inf")
    return write(made)(desk)


def foreign(desk):
    made = entry()
    made.proto_payload.type_url = "type.googleapis.com/google.protobuf.Empty"
    return write(made)(desk)


def many_resources(desk):
    names = (f"projects/p{number}/logs/app" for number in range(1_001))
    return write(*(entry(log_name=name) for name in names))(desk)


def twice(desk):
    """An entry and its retry."""
    made = at(desk, 0)
    made.insert_id = "one"
    return stored(desk, made, made)


def listing(**fields):
    asked = {"resource_names": ["projects/demo"], **fields}
    return lambda desk: desk.call("ListLogEntries", ListLogEntriesRequest(**asked))


def line(**fields):
    """What the agent makes of a line: its entry."""

    def does(desk):
        return desk.logs.take_line(json.dumps(fields).encode(), project="demo")

    return does


def labels_of_line(desk):
    made = line(message="x", **{"logging.googleapis.com/labels": {"a": "b", "n": 1}})(desk)
    return dict(made.labels)


def told_time(desk):
    return line(message="x", time="yesterday")(desk).timestamp.ToNanoseconds() == (
        desk.clock.wall_ns()
    )


def told_latency(desk):
    made = line(message="x", httpRequest={"status": 200, "latency": "quick"})(desk)
    return made.http_request.HasField("latency")


LOG_ID = "projects/demo/logs/" + "x" * 512

VIOLATIONS = [
    Violation(
        "logs.request.size",
        write(*(entry("x" * 200_000) for _ in range(51))),
        Refused(INVALID, "10 MB"),
    ),
    Violation("logs.request.resources", many_resources, Refused(INVALID, "1,000 projects")),
    Violation("logs.request.whole", lambda d: stored(d, entry(), entry(resource="")), Gives(0)),
    Violation("logs.request.no_details", details, Gives(0)),
    Violation("logs.entry.log_name", write(entry(log_name="app")), Refused(INVALID, "log_name")),
    Violation("logs.entry.log_name", write(entry(log_name="")), Refused(INVALID, "log_name")),
    Violation("logs.entry.log_id", write(entry(log_name=LOG_ID)), Refused(INVALID, "512")),
    Violation(
        "logs.entry.log_id",
        write(entry(log_name="projects/demo/logs/a b")),
        Refused(INVALID, "log id"),
    ),
    Violation("logs.entry.resource", write(entry(resource="")), Refused(INVALID, "resource")),
    Violation("logs.entry.size", write(entry("x" * (256 << 10))), Refused(INVALID, "256 KiB")),
    Violation("logs.entry.proto_payload", foreign, Refused(INVALID, "AuditLog")),
    Violation("logs.entry.number", infinite, Refused(INVALID, "JSON cannot write")),
    Violation(
        "logs.entry.future",
        lambda d: write(at(d, DAY_NS + 10**9))(d),
        Refused(INVALID, "24 hours"),
    ),
    Violation("logs.entry.retention", lambda d: stored(d, at(d, -31 * DAY_NS)), Gives(0)),
    Violation(
        "logs.entry.label_count",
        labels({f"k{number:03}": "v" for number in range(65)}),
        Gives({f"k{number:03}": "v" for number in range(64)}),
    ),
    Violation("logs.entry.label_key", labels({"k" * 513: "v"}), Gives({"k" * 509 + "…": "v"})),
    Violation(
        "logs.entry.label_value",
        labels({"k": "é" * 32_769}),
        Gives({"k": "é" * 32_766 + "…"}),
    ),
    Violation("logs.entry.duplicate", twice, Gives(1)),
    Violation("logs.list.resources", listing(resource_names=[]), Refused(INVALID, "at least one")),
    Violation(
        "logs.list.resources",
        listing(resource_names=[f"projects/p{number}" for number in range(101)]),
        Refused(INVALID, "at most 100"),
    ),
    Violation(
        "logs.list.filter_size",
        listing(filter='textPayload="' + "x" * 20_000 + '"'),
        Refused(INVALID, "20,000"),
    ),
    Violation("logs.list.filter", listing(filter="severity >="), Refused(INVALID, "no value")),
    Violation("logs.list.order", listing(order_by="severity"), Refused(INVALID, "timestamp")),
    Violation("logs.list.page_size", listing(page_size=1_001), Refused(INVALID, "1,000")),
    Violation("logs.list.page_size", listing(page_size=-1), Refused(INVALID, "negative")),
    Violation("logs.list.page_token", listing(page_token="made.up"), Refused(INVALID, "token")),
    Violation("logs.line.labels", labels_of_line, Gives({})),
    Violation("logs.line.latency", told_latency, Gives(value=False)),
    Violation(
        "logs.line.severity", lambda d: line(severity="loud", message="x")(d).severity, Gives(0)
    ),
    Violation("logs.line.time", told_time, Gives(value=True)),
]
