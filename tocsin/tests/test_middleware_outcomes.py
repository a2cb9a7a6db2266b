"""Every way a request can end has one outcome, and counts once (behaviours 11 and 13)."""

import asyncio
import logging

import pytest
from fastapi import BackgroundTasks, FastAPI, HTTPException
from moved import requests_counted, series, total
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from wire import Wire, ask

from tocsin.telemetry.testing.captured import CapturedTelemetry


class _RefusedError(Exception):
    """An error of the service's own, which it has a handler for."""


async def _broken_stream():
    yield b"first "
    raise RuntimeError("the stream broke")


async def _endless_stream():
    while True:
        yield b"tick "
        await asyncio.sleep(0)


def _app() -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.add_api_route("/fine", lambda: {"fine": True})
    app.add_api_route("/numbers/{number}", _number)
    app.add_api_route("/raises", _raises)
    app.add_api_route("/refuses", _refuses)
    app.add_api_route("/unavailable", _unavailable)
    app.add_api_route("/handled", _handled)
    app.add_api_route("/doubly", _doubly)
    app.add_api_route("/breaks", lambda: StreamingResponse(_broken_stream()))
    app.add_api_route("/endless", lambda: StreamingResponse(_endless_stream()))
    app.add_api_route("/reads", _reads, methods=["POST"])
    app.add_api_route("/waits", _waits)
    app.add_api_route("/background", _background)
    app.add_route("/silent", _silent)

    @app.exception_handler(_RefusedError)
    def answer(request: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("busy", status_code=503)

    @app.exception_handler(KeyError)
    def fails(request: Request, error: Exception) -> PlainTextResponse:
        raise LookupError("the handler failed as well")

    return app


def _number(number: int) -> int:
    return number


def _raises():
    raise ValueError("nobody handles this")


def _refuses():
    raise HTTPException(status_code=403)


def _unavailable():
    raise StarletteHTTPException(status_code=503)


def _handled():
    raise _RefusedError


def _doubly():
    raise KeyError("handled by a handler that fails")


async def _reads(request: Request) -> int:
    return len(await request.body())


async def _waits() -> None:
    await asyncio.sleep(60)


def _fails_in_background() -> None:
    raise RuntimeError("after the response")


def _background(tasks: BackgroundTasks) -> str:
    tasks.add_task(_fails_in_background)
    return "done"


class _SilentResponse:
    async def __call__(self, scope, receive, send) -> None:
        return


async def _silent(request: Request) -> _SilentResponse:
    return _SilentResponse()


def _captured(app: FastAPI) -> CapturedTelemetry:
    return CapturedTelemetry(app=app)


@pytest.mark.parametrize(
    ("path", "endpoint", "sent", "outcome", "status", "severity"),
    [
        ("/fine", "/fine", 200, "ok", 200, "INFO"),
        ("/missing", "<unmatched>", 404, "client_error", 404, "WARNING"),
        ("/refuses", "/refuses", 403, "client_error", 403, "WARNING"),
        ("/numbers/seven", "/numbers/{number}", 422, "client_error", 422, "WARNING"),
        ("/unavailable", "/unavailable", 503, "server_error", 503, "ERROR"),
        ("/handled", "/handled", 503, "server_error", 503, "ERROR"),
        ("/raises", "/raises", 500, "exception", 500, "ERROR"),
        ("/doubly", "/doubly", 500, "exception", 500, "ERROR"),
        ("/breaks", "/breaks", 200, "stream_failed", 500, "ERROR"),
        ("/silent", "/silent", 500, "incomplete", 500, "ERROR"),
    ],
)
async def test_each_way_to_end_has_one_outcome_and_counts_once(  # noqa: PLR0917 - a table
    path, endpoint, sent, outcome, status, severity
):
    """One series moved by one, a line that agrees, nothing in flight (behaviours 11 and 13)."""
    app = _app()

    with _captured(app) as captured:
        wire = await ask(app, "GET", path)

    line = captured.access_line()
    assert requests_counted(captured) == {("GET", endpoint, str(status)): 1}
    assert (wire.status, line["outcome"], line["severity"]) == (sent, outcome, severity)
    assert (line["httpRequest"]["status"], line["route"]) == (status, endpoint)
    assert line.get("status_sent", status) == sent
    assert total(captured, "http_requests_in_flight") == 0


@pytest.mark.parametrize("path", ["/raises", "/doubly", "/breaks"])
async def test_an_unhandled_exception_leaves_one_record_and_goes_on_to_the_server(path):
    """The server gets the exception, and its own report of it is no second record (D33)."""
    app = _app()

    with _captured(app) as captured:
        wire = await ask(app, "GET", path)
        _report_as_uvicorn_does(wire)

    records = [line for line in captured.lines() if "stack_trace" in line]
    assert isinstance(wire.error, Exception)
    assert [record["message"] for record in records] == ["unhandled_exception"]
    assert records[0]["request_id"] == captured.access_line()["request_id"]
    assert records[0]["request_id"] == wire.headers["x-request-id"]


def _report_as_uvicorn_does(wire: Wire) -> None:
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=wire.error)


@pytest.mark.parametrize("path", ["/refuses", "/unavailable", "/handled", "/numbers/seven"])
async def test_a_handled_exception_is_no_error_record(path):
    """What the service answers on purpose leaves its access line and no stack trace."""
    app = _app()

    with _captured(app) as captured:
        await ask(app, "GET", path)

    assert [line["logger"] for line in captured.lines()] == ["tocsin.access"]


async def test_an_exception_in_an_exception_handler_still_answers_with_the_id():
    """Starlette sends nothing in that case; the caller has a whole 500 with its id all the same."""
    app = FastAPI(openapi_url=None)
    app.add_api_route("/raises", _raises)

    @app.exception_handler(Exception)
    def fails(request: Request, error: Exception) -> PlainTextResponse:
        raise LookupError("the last handler failed")

    with _captured(app) as captured:
        wire = await ask(app, "GET", "/raises")

    assert (wire.status, wire.whole) == (500, True)
    assert wire.headers["x-request-id"] in wire.body.decode()
    assert captured.access_line()["outcome"] == "exception"
    assert isinstance(wire.error, LookupError)


async def test_a_client_that_leaves_mid_stream_is_no_failure_of_ours():
    """499, no stack trace, counted once; what was sent stays known (behaviour 11)."""
    app = _app()

    with _captured(app) as captured:
        wire = await ask(app, "GET", "/endless", leaves_after=3)

    line = captured.access_line()
    assert requests_counted(captured) == {("GET", "/endless", "499"): 1}
    assert (line["outcome"], line["status_sent"]) == ("client_gone", 200)
    assert len(captured.lines()) == 1
    assert wire.error is None
    assert total(captured, "http_requests_in_flight") == 0


async def test_a_server_that_raises_for_a_gone_client_tells_the_same():
    """Servers of ASGI 2.4 raise OSError from send; that is a departure, not our failure."""
    app = _app()

    with _captured(app) as captured:
        await ask(app, "GET", "/endless", leaves_after=3, raises_when_gone=True)

    assert requests_counted(captured) == {("GET", "/endless", "499"): 1}
    assert [line["logger"] for line in captured.lines()] == ["tocsin.access"]


async def test_a_client_that_leaves_while_sending_is_no_failure_of_ours():
    """Starlette raises ClientDisconnect from the half-read body; it leaves no error record."""
    app = _app()
    wire = Wire("POST", "/reads", chunks=[b"half"])
    wire._chunks = [b"half"]
    wire.receive = _half_a_body(wire)

    with _captured(app) as captured:
        await wire.ask(app)

    assert requests_counted(captured) == {("POST", "/reads", "499"): 1}
    assert [line["logger"] for line in captured.lines()] == ["tocsin.access"]
    assert captured.access_line()["httpRequest"]["requestSize"] == "4"


def _half_a_body(wire: Wire):
    given = False

    async def receive():
        nonlocal given
        if given:
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": b"half", "more_body": True}

    return receive


async def test_a_cancelled_request_counts_as_unavailable_and_is_no_error_record():
    """A server that shuts down cancels what takes too long: 503 for whoever waited."""
    app = _app()

    with _captured(app) as captured:
        task = asyncio.create_task(Wire("GET", "/waits").ask(app))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert requests_counted(captured) == {("GET", "/waits", "503"): 1}
    assert [line["outcome"] for line in captured.lines()] == ["cancelled"]
    assert total(captured, "http_requests_in_flight") == 0


async def test_a_failing_background_task_is_a_background_failure_and_no_5xx():
    """The client got its 200; the failure has a count and a record (behaviours 11 and 12)."""
    app = _app()

    with _captured(app) as captured:
        wire = await ask(app, "GET", "/background")

    failures = [line for line in captured.lines() if "stack_trace" in line]
    assert requests_counted(captured) == {("GET", "/background", "200"): 1}
    assert captured.access_line()["outcome"] == "ok"
    assert series(captured, "http_background_task_failures_total") == {("/background",): 1}
    assert [line["message"] for line in failures] == ["background_task_failed"]
    assert failures[0]["request_id"] == wire.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/raises", "/breaks", "/background", "/refuses", "/endless"])
async def test_base_http_middleware_in_between_changes_no_count(path):
    """One request, one count, nothing in flight, whatever others' layers do (behaviour 13)."""
    app = _app()

    class Between(BaseHTTPMiddleware):
        async def dispatch(self, request, call_next):
            return await call_next(request)

    app.add_middleware(Between)

    with _captured(app) as captured:
        await ask(app, "GET", path, leaves_after=3 if path == "/endless" else None)

    assert sum(requests_counted(captured).values()) == 1
    assert len(captured.access_lines()) == 1
    assert total(captured, "http_requests_in_flight") == 0


async def test_a_mounted_application_that_is_wrapped_too_counts_once():
    """Two layers of telemetry around one request are one record."""
    inner = _app()
    outer = FastAPI(openapi_url=None)
    outer.mount("/inner", inner)

    with _captured(outer) as captured:
        captured.telemetry.wrap(inner)
        await ask(outer, "GET", "/inner/fine")

    assert requests_counted(captured) == {("GET", "/inner/fine", "200"): 1}
    assert len(captured.lines()) == 1
