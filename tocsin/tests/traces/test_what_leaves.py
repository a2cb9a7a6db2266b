"""No span leaves before it is redacted and within limits; what cannot be vetted stays here."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags
from traces.traced import SAMPLED, Service

from tocsin.clock import SystemClock
from tocsin.telemetry.delivery.carrier import Receipt
from tocsin.telemetry.settings import Environment
from tocsin.telemetry.testing import CapturedTelemetry
from tocsin.telemetry.testing.spans import CollectedSpans
from tocsin.telemetry.traces import limits, span
from tocsin.telemetry.traces.statements import without_values

SECRETS = {
    "bearer": "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLWhlcmU",
    "email": "ada.lovelace@school.example",
    "card": "4111 1111 1111 1111",
    "ip": "203.0.113.77",
    "key": "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "assigned": "password=hunter2",
}


class Kept:
    """A carrier that keeps what it was given."""

    def __init__(self):
        self.spans = []

    def carry(self, batch, *, timeout_s):
        self.spans += batch
        return Receipt(delivered=len(batch))


@pytest.fixture
def captured():
    with CapturedTelemetry(clock=SystemClock(), trace_ratio=1.0) as made:
        yield made


@pytest.fixture
def spans(captured):
    return CollectedSpans(captured.telemetry)


def _tracer(spans):
    return spans.tracing.provider.get_tracer("library", "1.0")


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_nothing_planted_in_a_span_leaves(captured, spans, secret):
    """In name, attribute, list, event, status or exception, a secret is masked (behaviour 30)."""
    with captured.telemetry.job(correlation_id="lesson-42", name="job"):
        one = _tracer(spans).start_span(f"call {secret}", attributes={"said": secret})
        one.set_attribute("several", ["fine", secret])
        one.add_event(f"event {secret}", {"told": secret})
        one.record_exception(RuntimeError(f"failed for {secret}"))
        one.set_status(Status(StatusCode.ERROR, f"RuntimeError: {secret}"))
        one.end()

    told = "".join(one.to_json() for one in spans.finished())
    assert secret.rpartition(" ")[2] not in told
    assert secret.rpartition("=")[2] not in told
    assert told.count("[redacted]") >= 5


def test_a_key_that_tells_hides_its_value(captured, spans):
    """What stands under a telling name is masked whatever its form (behaviour 30)."""
    with (
        captured.telemetry.job(correlation_id="lesson-42", name="job"),
        span("call", password="hunter2", session_count=3) as work,
    ):
        work.set(api_key="k-1", author="Verne")

    attributes = spans.named("call").attributes
    assert attributes == {
        "password": "[redacted]",
        "session_count": 3,
        "api_key": "[redacted]",
        "author": "Verne",
    }


def test_what_cannot_be_vetted_is_withheld_and_counted():
    """What breaks the vetting is refused as withheld, never sent raw (behaviour 31)."""
    captured = CapturedTelemetry(
        clock=SystemClock(), trace_ratio=1.0, environment=Environment.PRODUCTION
    )
    spans = CollectedSpans(captured.telemetry)
    kept = Kept()
    carrier = spans.tracing.carrier(kept)
    with captured, captured.telemetry.job(correlation_id="lesson-42", name="job"), span("good"):
        pass

    receipt = carrier.carry([*spans.raw, object()], timeout_s=1.0)

    assert receipt == Receipt(delivered=2, refused={"withheld": 1})
    assert [one.name for one in kept.spans] == ["good", "job"]
    assert captured.telemetry.guard.caught == {"traces.vetting": 1}


def test_a_span_by_another_hand_is_withheld():
    """Even a finished span of OpenTelemetry's own SDK does not pass unvetted (behaviour 31)."""
    captured = CapturedTelemetry(environment=Environment.PRODUCTION)
    spans = CollectedSpans(captured.telemetry)
    foreign = ReadableSpan("GET /students/ada?password=hunter2")
    kept = Kept()

    spans.tracing.carrier(kept).carry([foreign], timeout_s=1.0)

    assert kept.spans == []


def test_a_vetted_span_may_be_carried_again(captured, spans):
    """A batch that comes back for another try passes as it is, and is the same span."""
    with captured.telemetry.job(correlation_id="lesson-42", name="job"):
        pass
    kept = Kept()
    carrier = spans.tracing.carrier(kept)

    carrier.carry(spans.raw, timeout_s=1.0)
    carrier.carry(kept.spans[:1], timeout_s=1.0)

    assert kept.spans[0] is kept.spans[1]


def test_limits_hold_on_our_side(captured, spans):
    """Names, keys, values, counts: what Google would cut at chance is cut here, and counted."""
    with captured.telemetry.job(correlation_id="lesson-42", name="job"):
        one = _tracer(spans).start_span("ü" * 5000)
        for number in range(300):
            one.set_attribute(f"key.{number}", number)
            one.add_event("found")
            one.add_link(SpanContext(7, 7, is_remote=True, trace_flags=TraceFlags(1)))
        one.set_attribute("key.0", "word " * 50_000)
        one.set_attribute("key.1", ["é" * 9000] * 500)
        one.end()

    vetted = spans.finished()[0]
    assert len(vetted.name.encode()) <= limits.NAME_BYTES <= 1024
    assert len(vetted.attributes) == limits.ATTRIBUTES <= 1024
    assert len(vetted.attributes["key.0"].encode()) <= limits.VALUE_BYTES <= 65_532
    assert len(vetted.attributes["key.1"]) <= limits.ITEMS
    assert len(vetted.events) == limits.EVENTS <= 256
    assert len(vetted.links) == limits.LINKS <= 128
    assert (vetted.dropped_attributes, vetted.dropped_events) == (172, 236)


def test_long_keys_are_cut(captured, spans):
    """A key of a kilobyte is cut to 512 bytes."""
    with (
        captured.telemetry.job(correlation_id="lesson-42", name="job"),
        span("work", **{"word " * 300: 1}),
    ):
        pass

    (key,) = spans.named("work").attributes
    assert len(key.encode()) <= limits.KEY_BYTES <= 512


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.lists(st.text(), max_size=3),
    st.dictionaries(st.text(), st.text(), max_size=2),
)


@given(st.text(max_size=50), st.dictionaries(st.text(max_size=20), anything, max_size=5))
def test_whatever_is_said_of_a_span_it_can_be_sent(name, attributes):
    """Any name and any values become a span that is valid JSON (behaviour 28's sister)."""
    with CapturedTelemetry(trace_ratio=1.0) as captured:
        spans = CollectedSpans(captured.telemetry)
        with captured.telemetry.job(correlation_id="lesson-42", name="job"):
            one = _tracer(spans).start_span(name, attributes=attributes)
            one.end()

    vetted = spans.finished()[0]
    json.loads(vetted.to_json())
    for value in vetted.attributes.values():
        assert isinstance(value, str | bool | int | float | tuple)


def test_a_databases_error_is_not_repeated(captured, spans):
    """Its text names the values of the row that was refused; it is withheld (behaviour 30)."""
    with captured.telemetry.job(correlation_id="lesson-42", name="job"):
        one = _tracer(spans).start_span(
            "INSERT shop",
            kind=SpanKind.CLIENT,
            attributes={
                "db.system": "postgresql",
                "db.name": "/var/lib/shop.db",
                "db.user": "shop",
                "db.statement": "INSERT INTO pupils (name) VALUES ('Ada') RETURNING id",
            },
        )
        one.set_status(Status(StatusCode.ERROR, "Key (name)=(Ada) already exists."))
        one.end()

    vetted = spans.finished()[0]
    assert vetted.name == "INSERT"
    assert vetted.status.description == "[withheld]"
    assert dict(vetted.attributes) == {
        "db.system.name": "postgresql",
        "db.namespace": "shop.db",
        "db.query.text": "INSERT INTO pupils (name) VALUES (?) RETURNING id",
        "db.operation.name": "INSERT",
    }


@given(st.text(alphabet="ab'\"\\$-/*#\n 01eE;", max_size=60))
def test_no_literal_survives_whatever_the_quoting(noise):
    """A value in single quotes is never shown, however the statement goes on before it."""
    shown = without_values(f"SELECT 'Lovelace' {noise}")

    assert "Lovelace" not in shown


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 WHERE name = 'Lovelace'",
        "SELECT 1 WHERE name = 'O''Lovelace'",
        "SELECT 1 WHERE name = E'O\\'Lovelace'",
        "SELECT 1 WHERE name = $$Lovelace$$",
        "SELECT 1 WHERE name = $a$Lovelace$a$",
        'SELECT 1 WHERE name = "Ada Lovelace"',
        "SELECT 1 -- Lovelace",
        "SELECT 1 /* Lovelace */",
        "SELECT 1 WHERE name = N'Lovelace",
    ],
)
def test_values_written_into_a_statement_are_not_shown(statement):
    """By whatever quoting a value stands there, the span has a question mark (behaviour 30)."""
    shown = without_values(statement)

    assert "Lovelace" not in shown
    assert shown.startswith("SELECT ?")


def test_a_statement_that_begins_with_a_value_names_no_span(captured, spans):
    """What is no plain word is no operation: the span is called by its database (behaviour 30)."""
    with captured.telemetry.job(correlation_id="lesson-42", name="job"):
        _tracer(spans).start_span(
            "'Lovelace' shop", kind=SpanKind.CLIENT, attributes={"db.system": "sqlite"}
        ).end()

    vetted = spans.finished()[0]
    assert vetted.name == "sqlite"
    assert "Lovelace" not in vetted.to_json()


async def test_a_long_user_agent_outweighs_no_queue():
    """Of a header of 60 kB no more waits than is shown: 256 characters."""
    with Service([]) as service:
        await service.get("/", {**SAMPLED, "user-agent": "word " * 12_000})

        assert len(service.spans.raw[0].own[0]) == 256
        assert len(service.spans.only().attributes["user_agent.original"]) <= 256
