"""Who decides whether a trace is recorded: the caller, else the trace's id."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from traces.traced import PARENT, SAMPLED, TRACE, UNSAMPLED, Service

from tocsin.errors import DeclarationError
from tocsin.telemetry.testing import CapturedTelemetry
from tocsin.telemetry.testing.spans import CollectedSpans
from tocsin.telemetry.traces.sampling import LOWER_HALF, below

ROUTES = [Route("/", lambda request: PlainTextResponse("ok"))]


@given(st.integers(1, (1 << 128) - 1), st.floats(0.0, 1.0))
def test_a_trace_is_kept_exactly_where_opentelemetry_would_keep_it(trace_id, ratio):
    """For every id and ratio our comparison of texts is their comparison of numbers."""
    theirs = TraceIdRatioBased(ratio)

    ours = f"{trace_id:032x}"[LOWER_HALF] < below(ratio)

    assert ours == theirs.should_sample(None, trace_id, "").decision.is_sampled()


@pytest.mark.parametrize("ratio", [-0.1, 1.1, float("nan")])
def test_a_ratio_that_is_none_is_refused(ratio):
    """What lies outside of 0 to 1 does not start, and the error says what would."""
    captured = CapturedTelemetry(trace_ratio=ratio)

    with pytest.raises(DeclarationError, match="between 0 and 1"):
        CollectedSpans(captured.telemetry)


async def test_about_the_stated_share_of_new_traces_is_recorded():
    """Of 2,000 requests without a caller's trace at 25 %, between 20 and 30 % leave a span."""
    with Service(ROUTES, trace_ratio=0.25) as service:
        for _ in range(2000):
            await service.get("/")

        assert 400 < len(service.spans.raw) < 600


@pytest.mark.parametrize(("headers", "spans"), [(SAMPLED, 1), (UNSAMPLED, 0)])
@pytest.mark.parametrize("ratio", [0.0, 1.0])
async def test_a_callers_decision_stands_over_our_ratio(headers, spans, ratio):
    """A trace is whole or not at all: we follow whoever began it."""
    with Service(ROUTES, trace_ratio=ratio) as service:
        await service.get("/", headers)

        assert len(service.spans.raw) == spans


@pytest.mark.parametrize("kept", [True, False])
async def test_a_front_end_that_samples_next_to_nothing_may_be_overruled(kept):
    """Behind Cloud Run's front end our own share of its unsampled traces is taken, by their id."""
    trace_id = "0" * 16 + ("0" if kept else "f") * 15 + "1"
    headers = {"traceparent": f"00-{trace_id}-{PARENT}-00"}

    with Service(ROUTES, trace_ratio=0.5, trace_unsampled_parents=True) as service:
        await service.get("/", headers)

        assert len(service.spans.raw) == kept
        line = service.captured.access_line()
        assert line["logging.googleapis.com/trace_sampled"] is kept


@pytest.mark.parametrize(
    "header",
    [
        f"00-{TRACE}-{PARENT}-01x",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        "00-<script>-alert-01",
        "9" * 5000,
    ],
)
async def test_a_hostile_header_begins_a_trace_of_our_own(header):
    """What is no traceparent has no say, and nothing of it is in the span."""
    with Service(ROUTES, trace_ratio=1.0) as service:
        await service.get("/", {"traceparent": header})

        only = service.spans.only()
        assert only.parent is None
        assert only.context.is_valid
        assert TRACE not in only.to_json()
        assert "script" not in only.to_json()


async def test_ids_come_from_the_randomness_that_was_given():
    """Trace and span ids of a new trace are drawn once each, never zero, and never twice."""
    with Service(ROUTES, trace_ratio=1.0, random_bytes=os.urandom) as service:
        for _ in range(600):
            await service.get("/")

        contexts = [span.context for span in service.spans.finished()]
        assert len({context.trace_id for context in contexts}) == 600
        assert len({context.span_id for context in contexts}) == 600
        assert all(context.is_valid for context in contexts)
