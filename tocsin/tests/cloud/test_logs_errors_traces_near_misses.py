"""What just keeps a rule for logs, errors and traces is taken whole: no rule is too strict."""

import pytest
from cloud.violations import errors, logs, traces
from cloud.violations.kind import Desk

from tocsin.rehearsal.cloud.logs.vetting import ENTRY_BYTES
from tocsin.rehearsal.cloud.logs.writing import REQUEST_BYTES


def whole_entry():
    """An entry of exactly the size that is taken."""
    made = logs.entry("x" * (ENTRY_BYTES - 200))
    made.text_payload += "x" * (ENTRY_BYTES - made.ByteSize())
    return made


def whole_request(desk):
    """A write of nearly as many bytes as are taken."""
    entries = [logs.entry("x" * 200_000) for _ in range(REQUEST_BYTES // 200_100)]
    return logs.write(*entries)(desk)


def nested(levels):
    """A payload of so many objects in one another."""

    def does(desk):
        made = logs.entry()
        struct = made.json_payload
        for _ in range(levels):
            struct = struct.fields["a"].struct_value
        struct.fields["a"].bool_value = True
        return logs.write(made)(desk)

    return does


LIMITS = {
    "entry size": logs.write(whole_entry()),
    "request size": whole_request,
    "log id": logs.write(logs.entry(log_name="projects/demo/logs/" + "x" * 511)),
    "log id's characters": logs.write(logs.entry(log_name="projects/demo/logs/Az09%2F_-.")),
    "a folder's log": logs.write(logs.entry(log_name="folders/7/logs/app")),
    "a log name with a slash before it": logs.write(logs.entry(log_name="/projects/p/logs/a")),
    "24 hours ahead": lambda desk: logs.write(logs.at(desk, logs.DAY_NS))(desk),
    "30 days ago": lambda desk: logs.write(logs.at(desk, -30 * logs.DAY_NS))(desk),
    "64 labels": logs.write(logs.entry(labels={f"k{number}": "v" for number in range(64)})),
    "label sizes": logs.write(logs.entry(labels={"k" * 512: "v" * (64 << 10)})),
    "1,000 projects": logs.write(
        *(logs.entry(log_name=f"projects/p{number}/logs/app") for number in range(1_000))
    ),
    "a nested payload": nested(20),
    "a filter's size": logs.listing(filter='textPayload="' + "x" * (20_000 - 14) + '"'),
    "a page's size": logs.listing(page_size=1_000),
    "100 resources": logs.listing(resource_names=[f"projects/p{n}" for n in range(100)]),
    "an empty write": logs.write(),
    "an old error": errors.report(age_s=30 * errors.DAY_S),
    "an error to come": errors.report(age_s=-errors.DAY_S),
    "an error without a trace": errors.report(
        message="out of paper", context={"reportLocation": {"functionName": "f"}}
    ),
    "a root span": traces.batch(),
    "a child span": traces.batch(parent_span_id="00000000000000ff"),
    "a span in capitals": traces.batch(
        span_name=traces.NAME.replace("cd" * 8, "CD" * 8), span_id="cd" * 8
    ),
    "14 days ago": traces.spans_from(-14 * traces.DAY_NS),
    "in 3 days": traces.spans_from(3 * traces.DAY_NS),
    "256 events": traces.kept_events([0] * 256),
    "an event of last year": traces.kept_events([365 * traces.DAY_NS]),
}


@pytest.mark.parametrize("does", LIMITS.values(), ids=LIMITS)
def test_what_just_keeps_the_rules_is_taken(does):
    """At the very limit nothing is refused, cut or left out, and no breach is counted (D05)."""
    desk = Desk()

    does(desk)

    assert desk.rules.breaches == {}
