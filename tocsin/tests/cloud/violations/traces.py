"""Violations of Cloud Trace's rules."""

from cloud.violations.kind import Gives, Refused, Violation
from google.cloud.trace_v2.types import BatchWriteSpansRequest, Span

from tocsin.rehearsal.cloud.traces import SpanEvent, SpanLink, StoredSpan

INVALID = "INVALID_ARGUMENT"
DAY_NS = 86_400 * 10**9
TRACE_ID, SPAN_ID = "ab" * 16, "cd" * 8
NAME = f"projects/demo/traces/{TRACE_ID}/spans/{SPAN_ID}"
TIMES = ("start_time", "end_time")


def raw_span(desk, *, span_name=NAME, without=(), **changes):
    """A right span but for ``changes``, and ``without`` these fields."""
    fields = {"name": span_name, "span_id": SPAN_ID, **changes}
    span = Span.pb()(**fields)
    span.display_name.value = "GET /lessons"
    for field in TIMES:
        getattr(span, field).FromNanoseconds(desk.clock.wall_ns())
    for field in without:
        span.ClearField(field)
    return span


def batch(name="projects/demo", **changes):
    return lambda desk: desk.call(
        "BatchWriteSpans",
        BatchWriteSpansRequest.pb()(name=name, spans=[raw_span(desk, **changes)]),
    )


def kept(read, **fields):
    """What ``read`` sees of a span that was kept with these fields."""

    def does(desk):
        now_ns = desk.clock.wall_ns()
        given = {"name": "GET /", "start_ns": now_ns, "end_ns": now_ns, **fields}
        desk.traces.keep_span(StoredSpan(TRACE_ID, SPAN_ID, **given))
        return read(desk.traces.spans()[0])

    return does


def spans_from(offset_ns):
    """How many spans are kept of one that began so long after now."""

    def does(desk):
        start_ns = desk.clock.wall_ns() + offset_ns
        desk.traces.keep_span(StoredSpan(TRACE_ID, SPAN_ID, start_ns=start_ns, end_ns=start_ns))
        return len(desk.traces.spans())

    return does


def kept_events(ages_ns):
    def does(desk):
        now_ns = desk.clock.wall_ns()
        events = tuple(SpanEvent(now_ns - age_ns, "paused") for age_ns in ages_ns)
        return kept(lambda span: len(span.events), events=events)(desk)

    return does


def named_twice(desk):
    """The names that are kept of two spans with one id."""
    now_ns = desk.clock.wall_ns()
    for name in ("first", "second"):
        span = StoredSpan(TRACE_ID, SPAN_ID, name=name, start_ns=now_ns, end_ns=now_ns)
        desk.traces.keep_span(span)
    return [span.name for span in desk.traces.spans()]


def zeros(name):
    return name.replace(TRACE_ID, "0" * 32)


VIOLATIONS = [
    Violation("traces.request.project", batch(name="demo"), Refused(INVALID, "projects/ID")),
    Violation("traces.span.name", batch(span_name="x"), Refused(INVALID, "spans[0].name")),
    Violation("traces.span.zero_trace", batch(span_name=zeros(NAME)), Refused(INVALID, "zeros")),
    Violation(
        "traces.span.zero_span",
        batch(span_name=NAME.replace(SPAN_ID, "0" * 16), span_id="0" * 16),
        Refused(INVALID, "zeros"),
    ),
    Violation("traces.span.span_id", batch(span_id="ee" * 8), Refused(INVALID, "span_id")),
    Violation("traces.span.span_id", batch(span_id=""), Refused(INVALID, "span_id")),
    Violation("traces.span.parent_id", batch(parent_span_id="7"), Refused(INVALID, "parent")),
    Violation(
        "traces.span.display_name", batch(without=["display_name"]), Refused(INVALID, "required")
    ),
    Violation(
        "traces.span.start_time", batch(without=["start_time"]), Refused(INVALID, "start_time")
    ),
    Violation("traces.span.end_time", batch(without=["end_time"]), Refused(INVALID, "end_time")),
    Violation(
        "traces.span.long_name", kept(lambda span: span.name, name="n" * 1_025), Gives("n" * 1_024)
    ),
    Violation(
        "traces.span.attributes",
        kept(lambda span: len(span.attributes), attributes={f"k{n}": n for n in range(1_025)}),
        Gives(1_024),
    ),
    Violation(
        "traces.attribute.key",
        kept(lambda span: [*span.attributes], attributes={"k" * 513: 1}),
        Gives(["k" * 512]),
    ),
    Violation(
        "traces.attribute.value",
        kept(lambda span: span.attributes["k"], attributes={"k": "é" * 32_767}),
        Gives("é" * 32_766),
    ),
    Violation("traces.span.events", kept_events([0] * 257), Gives(256)),
    Violation(
        "traces.span.links",
        kept(lambda span: len(span.links), links=(SpanLink(TRACE_ID, SPAN_ID),) * 129),
        Gives(128),
    ),
    Violation("traces.span.too_old", spans_from(-14 * DAY_NS - 1), Gives(0)),
    Violation("traces.span.too_early", spans_from(3 * DAY_NS + 1), Gives(0)),
    Violation("traces.event.age", kept_events([0, 365 * DAY_NS + 1]), Gives(1)),
    Violation("traces.span.duplicate", named_twice, Gives(["first"])),
]
