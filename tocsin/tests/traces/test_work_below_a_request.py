"""Pieces of work and jobs are spans of the request's trace, and nothing when it is unsampled."""

import asyncio
import os

import pytest
from opentelemetry.trace import SpanKind, StatusCode, get_current_span
from traces.traced import PARENT, TRACE, hex_id

from tocsin.clock import SystemClock
from tocsin.telemetry.testing import CapturedTelemetry
from tocsin.telemetry.testing.spans import CollectedSpans
from tocsin.telemetry.traces import NOTHING, current_traceparent, span


@pytest.fixture
def captured():
    with CapturedTelemetry(clock=SystemClock(), trace_ratio=0.0) as made:
        yield made


@pytest.fixture
def spans(captured):
    return CollectedSpans(captured.telemetry)


def _job(captured, flag="01", **more):
    return captured.telemetry.job(
        correlation_id="lesson-42", name="lesson", parent=f"00-{TRACE}-{PARENT}-{flag}", **more
    )


def test_a_job_is_a_span_in_the_trace_of_the_request_that_asked_for_it(captured, spans):
    """Across a queue the parent is the span that was current when the work was stored."""
    with _job(captured):
        pass

    job = spans.only()
    assert (job.name, job.kind) == ("lesson", SpanKind.CONSUMER)
    assert hex_id(job.context.trace_id, 32) == TRACE
    assert hex_id(job.parent.span_id, 16) == PARENT
    assert job.attributes["tocsin.correlation_id"] == "lesson-42"


def test_stages_nest_as_they_were_done(captured, spans):
    """A span's parent is the span around it, and times lie within those of the parent."""
    with _job(captured), span("pipeline"), span("pipeline.script", attempt=2):
        pass

    script, pipeline, job = spans.finished()
    assert script.parent.span_id == pipeline.context.span_id
    assert pipeline.parent.span_id == job.context.span_id
    assert script.attributes["attempt"] == 2
    assert job.start_time <= pipeline.start_time <= script.start_time
    assert script.end_time <= pipeline.end_time <= job.end_time


async def test_stages_at_the_same_time_do_not_adopt_each_other(captured, spans):
    """Two tasks of one job are children of the job, not of whichever began before."""

    async def stage(name):
        with span(name):
            await asyncio.sleep(0)

    with _job(captured):
        await asyncio.gather(stage("audio"), stage("video"))

    job = spans.named("lesson")
    assert {spans.named(name).parent.span_id for name in ("audio", "video")} == {
        job.context.span_id
    }


def test_what_is_stored_with_work_names_the_innermost_span(captured, spans):
    """``current_traceparent`` within a stage leads back to that stage."""
    with _job(captured), span("enqueue"):
        stored = current_traceparent()
    with captured.telemetry.job(correlation_id="lesson-43", name="later", parent=stored):
        pass

    enqueue, later = spans.named("enqueue"), spans.named("later")
    assert stored == f"00-{TRACE}-{hex_id(enqueue.context.span_id, 16)}-01"
    assert later.parent.span_id == enqueue.context.span_id


def test_work_of_an_unsampled_job_costs_one_object_for_all(captured, spans):
    """Nothing is made, recorded or attached, and the job's own callees hear flag 00."""
    with _job(captured, flag="00"):
        first, second = span("script", model="small"), span("audio")
        stored = current_traceparent()

    assert first is second is NOTHING
    assert stored.endswith("-00")
    assert spans.raw == []


def test_outside_of_requests_and_jobs_nothing_is_recorded(captured, spans):
    """A span at start-up belongs to nobody and is none."""
    with span("warm.up") as work:
        work.set(seconds=3)

    assert spans.raw == []
    assert current_traceparent() == ""


def test_an_exception_is_told_once_where_it_was_raised(captured, spans):
    """The innermost span has the event; those around it are marked as failed (behaviour 30)."""
    with pytest.raises(ValueError, match="bad"), _job(captured), span("outer"), span("inner"):
        raise ValueError("bad answer for ada@school.example")

    inner, outer, job = spans.finished()
    assert [len(one.events) for one in (inner, outer, job)] == [1, 0, 0]
    assert inner.events[0].attributes["exception.message"] == "bad answer for [redacted]"
    assert "ada@" not in inner.to_json()
    for one in (inner, outer, job):
        assert one.status.status_code is StatusCode.ERROR
        assert one.attributes["error.type"] == "ValueError"


def test_a_cancelled_stage_is_no_failure(captured, spans):
    """A deploy that stops a worker paints no trace red."""
    with pytest.raises(asyncio.CancelledError), _job(captured), span("audio"):
        raise asyncio.CancelledError

    for one in spans.finished():
        assert one.status.status_code is StatusCode.UNSET
        assert one.attributes["tocsin.outcome"] == "cancelled"
        assert one.events == ()


@pytest.mark.parametrize("parent", ["", "nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
def test_a_job_without_a_parent_begins_a_trace_of_its_own(parent):
    """At ratio 1 it is recorded, as a root, whatever was stored in the row."""
    with CapturedTelemetry(clock=SystemClock(), trace_ratio=1.0) as captured:
        spans = CollectedSpans(captured.telemetry)
        with captured.telemetry.job(correlation_id="lesson-42", name="lesson", parent=parent):
            pass

    assert spans.only().parent is None


def test_after_a_job_nothing_of_it_is_current(captured, spans):
    """The next job of the same task begins clean, even after a failure."""
    with pytest.raises(ValueError, match="bad"), _job(captured), span("stage"):
        raise ValueError("bad")

    assert spans.raw
    assert not get_current_span().get_span_context().is_valid


@pytest.mark.fresh_process
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is nothing to fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_worker_makes_span_ids_of_its_own(captured, spans):
    """Parent and child draw from the same randomness and never make the same id (behaviour 2)."""
    with _job(captured):
        pass
    reading, writing = os.pipe()

    child = os.fork()
    if child == 0:
        with _job(captured):
            pass
        os.write(writing, f"{spans.finished()[-1].context.span_id:016x}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    with _job(captured):
        pass

    theirs = os.read(reading, 16).decode()
    assert len(theirs) == 16
    assert theirs not in {hex_id(one.context.span_id, 16) for one in spans.finished()}
