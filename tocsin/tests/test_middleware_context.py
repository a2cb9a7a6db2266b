"""What a request knows of itself reaches all of its lines (D23; behaviours 24, 26)."""

import asyncio
import logging
import threading
from typing import Annotated

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from wire import ask

from tocsin.telemetry.context import bind, bind_user, current
from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.testing.captured import CapturedTelemetry

USER = "5f2b8c1d9e04"
_log = get_logger("test.lessons")


class _Between(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        return await call_next(request)


async def _known_async() -> str:
    bind_user(USER, "student")
    return USER


def _known_sync() -> str:
    bind_user(USER, "student")
    return USER


def _app(dependency) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/mine")
    async def mine(user: Annotated[str, Depends(dependency)]) -> str:
        _log.info("lesson_opened")
        return user

    return app


@pytest.mark.parametrize("layers", [0, 2])
@pytest.mark.parametrize("dependency", [_known_async, _known_sync])
async def test_a_user_found_in_a_dependency_reaches_the_access_line(dependency, layers):
    """In a coroutine or a worker thread, with BaseHTTPMiddleware or without (behaviour 26)."""
    app = _app(dependency)
    for _ in range(layers):
        app.add_middleware(_Between)

    with CapturedTelemetry(app=app) as captured:
        await ask(app, "GET", "/mine")

    for line in captured.lines():
        assert (line["user"], line["user_role"]) == (USER, "student")
    assert len(captured.lines()) == 2


async def test_bound_fields_reach_the_access_line_redacted():
    """They are the application's words: what looks like a person or a secret is masked."""
    app = FastAPI(openapi_url=None)

    @app.get("/bound")
    async def bound() -> str:
        bind(lesson="photosynthesis", password="hunter2", route="mine", seen=float("nan"))
        return "ok"

    with CapturedTelemetry(app=app) as captured:
        await ask(app, "GET", "/bound")

    line = captured.access_line()
    assert line["lesson"] == "photosynthesis"
    assert (line["route"], line["field_route"]) == ("/bound", "mine")
    assert "hunter2" not in captured.stream.getvalue().decode()


async def test_a_long_bound_field_is_cut_without_a_trace_of_how():
    """What was cut off cannot show half a secret, nor the mark that we cut by (behaviour 30)."""
    app = FastAPI(openapi_url=None)

    @app.get("/bound")
    async def bound() -> str:
        bind(essay="word " * 20_000)
        return "ok"

    with CapturedTelemetry(app=app) as captured:
        await ask(app, "GET", "/bound")

    essay = captured.access_line()["essay"]
    assert 1_000 < len(essay) < 20_000
    assert essay.isascii() or "\ue000" not in essay


async def test_every_place_that_logs_for_a_request_has_its_ids():
    """Endpoint, thread, task, dependency, background, handler, access line (behaviour 24)."""
    app = FastAPI(openapi_url=None)
    library = logging.getLogger("some.library")

    def dependency() -> None:
        _log.info("in_dependency")

    @app.get("/everywhere", dependencies=[Depends(dependency)])
    def everywhere(tasks: BackgroundTasks) -> str:
        _log.info("in_thread")
        library.warning("in_library")
        tasks.add_task(lambda: _log.info("in_background"))
        return "ok"

    @app.get("/task")
    async def task() -> str:
        await asyncio.create_task(_log_from_task())
        raise KeyError("unforeseen")

    @app.exception_handler(Exception)
    def answer(request: Request, error: Exception) -> PlainTextResponse:
        _log.info("in_handler")
        return PlainTextResponse("sorry", status_code=500)

    with CapturedTelemetry(app=app) as captured:
        await ask(app, "GET", "/everywhere", headers={"X-Request-ID": "everywhere-1"})
        await ask(app, "GET", "/task", headers={"X-Request-ID": "everywhere-2"})

    told = {line["message"]: line["request_id"] for line in captured.lines()}
    first = ("in_dependency", "in_thread", "in_library", "in_background")
    second = ("in_task", "in_handler", "unhandled_exception")
    assert {told[name] for name in first} == {"everywhere-1"}
    assert {told[name] for name in second} == {"everywhere-2"}


async def _log_from_task() -> None:
    _log.info("in_task")


async def test_nothing_is_left_behind_for_the_next_request():
    """A request's context ends with it, in this task and in every other."""
    app = _app(_known_async)
    app.add_api_route("/anonymous", lambda: "who am I")

    with CapturedTelemetry(app=app) as captured:
        await ask(app, "GET", "/mine")
        after = current()
        await ask(app, "GET", "/anonymous")

    assert after is None
    assert "user" not in captured.access_lines()[-1]


async def test_debug_lines_of_a_failed_request_are_kept_and_of_others_dropped():
    """Whoever looks at a failure has its details; the log has no others (behaviour 28)."""
    app = FastAPI(openapi_url=None)

    @app.get("/work/{way}")
    async def work(way: str) -> str:
        _log.debug("detail", way=way)
        if way == "wrong":
            raise ValueError("failed")
        return "ok"

    with CapturedTelemetry(app=app, debug_sample_ratio=0.0) as captured:
        await ask(app, "GET", "/work/right")
        await ask(app, "GET", "/work/wrong")

    details = captured.lines("detail")
    assert [line["way"] for line in details] == ["wrong"]
    assert details[0]["severity"] == "DEBUG"


async def test_debug_lines_of_a_sampled_trace_are_kept():
    """The trace decides, so that every service keeps the same ones."""
    app = FastAPI(openapi_url=None)
    app.add_api_route("/work", lambda: _log.debug("detail"))
    traces = [f"{number:032x}" for number in range(1, 41)]

    with CapturedTelemetry(app=app, debug_sample_ratio=0.5) as captured:
        for trace in traces:
            await ask(app, "GET", "/work", headers={"traceparent": f"00-{trace}-{'1' * 16}-00"})
        sampled = [one for one in traces if captured.telemetry.logs.debug_sampled(one)]

    kept = [line["logging.googleapis.com/trace"] for line in captured.lines("detail")]
    assert kept == sampled
    assert 0 < len(kept) < len(traces)


def test_a_job_carries_the_requests_correlation_into_its_own_lines():
    """A worker's lines join those of the request that asked for the work (D24)."""
    with CapturedTelemetry() as captured:
        job = captured.telemetry.job(correlation_id="lesson-0042", trace_id="a" * 32, name="video")
        with job as context:
            _log.info("rendered")
            thread = threading.Thread(target=lambda: None)
            thread.start()
            thread.join()

    line = captured.line("rendered")
    assert (line["correlation_id"], line["job"]) == ("lesson-0042", "video")
    assert line["logging.googleapis.com/trace"] == "a" * 32
    assert line["request_id"] == context.request_id != "lesson-0042"


def test_debug_lines_of_a_failed_job_are_kept():
    """A job that raises shows its details; one that goes well does not."""
    with CapturedTelemetry(debug_sample_ratio=0.0) as captured:
        with captured.telemetry.job(correlation_id="went-well"):
            _log.debug("detail")
        with pytest.raises(ValueError, match="lost"):
            _fail(captured)

    assert [line["correlation_id"] for line in captured.lines("detail")] == ["went-wrong"]


def _fail(captured: CapturedTelemetry) -> None:
    with captured.telemetry.job(correlation_id="went-wrong"):
        _log.debug("detail")
        raise ValueError("lost the lesson")
