"""Every kind of line bears the trace, the request's span and its decision (behaviour 24)."""

import asyncio
import logging
import threading
from contextlib import contextmanager

import httpx
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from traces.traced import PARENT, SAMPLED, TRACE, UNSAMPLED, hex_id

from tocsin.clock import SystemClock
from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.testing import CapturedTelemetry
from tocsin.telemetry.testing.spans import CollectedSpans
from tocsin.telemetry.traces import current_traceparent, span

_log = get_logger("shop")
_standard = logging.getLogger("shop.standard")

KINDS = {
    "said_endpoint",
    "said_sync_endpoint",
    "said_dependency",
    "said_sync_dependency",
    "said_background",
    "said_exception_handler",
    "said_middleware",
    "said_thread",
    "said_task",
    "said_standard_library",
    "said_in_work",
}


def _dependency():
    _log.info("said_sync_dependency")


async def _async_dependency():
    _log.info("said_dependency")


class Outside:
    """A middleware of the application's own."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["path"] == "/all":
            _log.info("said_middleware")
        await self.app(scope, receive, send)


def _application():
    app = FastAPI(openapi_url=None)
    app.add_middleware(Outside)

    @app.exception_handler(Exception)
    async def _met(request: Request, error: Exception):
        _log.info("said_exception_handler")
        return JSONResponse({}, status_code=500)

    @app.get("/all", dependencies=[Depends(_dependency), Depends(_async_dependency)])
    async def everything(later: BackgroundTasks):
        _log.info("said_endpoint")
        _standard.warning("said_standard_library")
        with span("work"):
            _log.info("said_in_work")
        await asyncio.create_task(_say("said_task"))
        await run_in_threadpool(_log.info, "said_thread")
        later.add_task(_say, "said_background")
        return {}

    @app.get("/sync")
    def sync():
        _log.info("said_sync_endpoint")
        return {}

    @app.get("/broken")
    async def broken():
        raise RuntimeError("broken")

    return app


async def _say(word):
    _log.info(word)


@contextmanager
def _served(headers):
    captured = CapturedTelemetry(clock=SystemClock())
    spans = CollectedSpans(captured.telemetry)
    app = _application()
    captured.telemetry.wrap(app)
    with captured:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)
        yield captured, spans, client


async def _lines(captured, client):
    for path in ("/all", "/sync", "/broken"):
        await client.get(path)
    lines = captured.lines()
    said = {line["message"] for line in lines}
    assert KINDS | {"unhandled_exception"} <= said, KINDS - said
    return [line for line in lines if "logging.googleapis.com/trace" in line]


async def test_lines_of_every_kind_bear_the_span_that_is_recorded():
    """From endpoint to thread and server, trace, span and flag are those of the request's span."""
    with _served(SAMPLED) as (captured, spans, client):
        lines = await _lines(captured, client)

    servers = {
        one.attributes["tocsin.request_id"]: hex_id(one.context.span_id, 16)
        for one in spans.finished()
        if "tocsin.request_id" in one.attributes
    }
    assert len(servers) == 3
    assert len(lines) >= len(KINDS) + 4
    for line in lines:
        assert line["logging.googleapis.com/trace"] == TRACE
        assert line["logging.googleapis.com/trace_sampled"] is True
        assert line["logging.googleapis.com/spanId"] == servers[line["request_id"]]


async def test_lines_of_an_unsampled_request_say_so():
    """The trace is told all the same, that the caller's logs and ours are found together."""
    with _served(UNSAMPLED) as (captured, spans, client):
        lines = await _lines(captured, client)

    assert spans.raw == []
    assert {line["logging.googleapis.com/trace_sampled"] for line in lines} == {False}
    assert {line["logging.googleapis.com/trace"] for line in lines} == {TRACE}


async def test_lines_of_a_worker_bear_the_jobs_span():
    """A job's lines bear the trace of the request that asked for it and the job's own span."""
    captured = CapturedTelemetry(clock=SystemClock())
    spans = CollectedSpans(captured.telemetry)
    with (
        captured,
        captured.telemetry.job(
            correlation_id="lesson-42", name="render", parent=f"00-{TRACE}-{PARENT}-01"
        ),
    ):
        _log.info("rendered")

    line = captured.line("rendered")
    job = spans.only()
    assert line["logging.googleapis.com/trace"] == TRACE
    assert line["logging.googleapis.com/spanId"] == hex_id(job.context.span_id, 16)
    assert line["logging.googleapis.com/trace_sampled"] is True


@pytest.mark.parametrize("sampled", [True, False])
def test_a_plain_thread_knows_of_no_request(sampled):
    """A thread that nobody gave the context to has no traceparent and leaves no span."""
    captured = CapturedTelemetry(clock=SystemClock(), trace_ratio=float(sampled))
    spans = CollectedSpans(captured.telemetry)
    heard = []

    def work():
        with span("lost"):
            heard.append(current_traceparent())

    with captured, captured.telemetry.job(correlation_id="lesson-42", name="render"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert heard == [""]
    assert [one.name for one in spans.finished()] == ["render"] * sampled
