"""Latency is what the user felt; sizes are what went by (behaviours 12, 14; D34)."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import BackgroundTasks, FastAPI
from moved import requests_counted, total
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from wire import Wire, ask

from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.testing.captured import CapturedTelemetry
from tocsin.telemetry.testing.clock import HandClock


def _captured(app: FastAPI) -> CapturedTelemetry:
    return CapturedTelemetry(app=app, clock=HandClock())


async def test_first_and_last_byte_are_told_apart():
    """A stream that begins after 2 s and ends after 5 s says both (D34)."""
    app = FastAPI(openapi_url=None)
    clock = HandClock()

    async def chunks() -> AsyncIterator[bytes]:
        clock.advance(3.0)
        yield b"all"

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        clock.advance(2.0)
        return StreamingResponse(chunks())

    with CapturedTelemetry(app=app, clock=clock) as captured:
        await ask(app, "GET", "/stream")

    line = captured.access_line()
    assert (line["first_byte_s"], line["httpRequest"]["latency"]) == (2.0, "5.000000s")
    assert total(captured, "http_request_duration_seconds_sum") == 5.0


async def test_background_time_is_no_latency():
    """The response was over before the task began, and so was the request (behaviour 12)."""
    app = FastAPI(openapi_url=None)
    clock = HandClock()
    during: dict[str, float] = {}

    @app.get("/later")
    async def later(tasks: BackgroundTasks) -> str:
        clock.advance(0.25)
        tasks.add_task(work)
        return "soon"

    def work() -> None:
        clock.advance(600.0)
        during["in flight"] = total(captured, "http_requests_in_flight")
        during["lines"] = len(captured.access_lines())

    with CapturedTelemetry(app=app, clock=clock) as captured:
        await ask(app, "GET", "/later")

    assert captured.access_line()["httpRequest"]["latency"] == "0.250000s"
    assert total(captured, "http_request_duration_seconds_sum") == 0.25
    assert during == {"in flight": 0.0, "lines": 1}


async def test_an_event_stream_leaves_the_durations_alone():
    """An hour of listening is no slow request; its first byte counts as ever (behaviour 12)."""
    app = FastAPI(openapi_url=None)
    clock = HandClock()

    async def events() -> AsyncIterator[bytes]:
        yield b"data: hello\n\n"
        clock.advance(3600.0)
        yield b"data: bye\n\n"

    @app.get("/events")
    async def stream() -> StreamingResponse:
        clock.advance(0.5)
        return StreamingResponse(events(), media_type="text/event-stream")

    with CapturedTelemetry(app=app, clock=clock) as captured:
        await ask(app, "GET", "/events")

    assert total(captured, "http_request_duration_seconds_sum") == 0.5
    assert total(captured, "http_request_total") == 1
    assert total(captured, "http_response_first_byte_seconds_sum") == 0.5
    assert captured.access_line()["httpRequest"]["latency"] == "3600.500000s"


async def test_sizes_are_counted_and_not_believed():
    """A Content-Length that lies about the request changes no measured size."""
    app = FastAPI(openapi_url=None)

    @app.post("/upload")
    async def upload(request: Request) -> Response:
        body = await request.body()
        return Response(b"x" * (2 * len(body)))

    with _captured(app) as captured:
        headers = {"Content-Length": "999999"}
        await ask(app, "POST", "/upload", headers=headers, chunks=[b"abc", b"defg"])

    request = captured.access_line()["httpRequest"]
    assert (request["requestSize"], request["responseSize"]) == ("7", "14")


async def test_views_and_files_have_their_size(tmp_path):
    """A body may be a memory view, or a file that the server sends by its path."""
    app = FastAPI(openapi_url=None)
    file = tmp_path / "lesson.mp4"
    file.write_bytes(b"v" * 4321)

    async def view() -> AsyncIterator[memoryview]:
        yield memoryview(b"twelve bytes")

    app.add_api_route("/view", lambda: StreamingResponse(view()))
    app.add_api_route("/file", lambda: FileResponse(file))
    by_path = Wire("GET", "/file")
    by_path.scope["extensions"] = {"http.response.pathsend": {}}

    with _captured(app) as captured:
        await ask(app, "GET", "/view")
        await by_path.ask(app)

    sizes = [line["httpRequest"]["responseSize"] for line in captured.access_lines()]
    outcomes = [line["outcome"] for line in captured.access_lines()]
    assert (sizes, outcomes) == (["12", "4321"], ["ok", "ok"])


async def test_a_head_request_has_no_response_size():
    """The server sends the head alone, whatever the application hands it."""
    app = FastAPI(openapi_url=None)
    app.add_route("/plain", lambda _: Response(b"body"))

    with _captured(app) as captured:
        await ask(app, "HEAD", "/plain")

    assert captured.access_line()["httpRequest"]["responseSize"] == "0"


async def test_a_thousand_concurrent_requests_exchange_nothing():
    """Each line has its own route, sizes, ids and user, whatever the order (behaviour 14)."""
    app = FastAPI(openapi_url=None)

    @app.post("/sizes/{number}")
    async def echo(number: int, request: Request) -> Response:
        body = await request.body()
        await asyncio.sleep((number * 7919 % 13) / 1000)
        return Response(body)

    def one(number: int) -> Wire:
        ids = {"X-Request-ID": f"request-{number:05}", "X-Correlation-ID": f"lesson-{number:05}"}
        return Wire("POST", f"/sizes/{number}", headers=ids, chunks=[b"x" * number])

    with _captured(app) as captured:
        wires = await asyncio.gather(*(one(number).ask(app) for number in range(1000)))

    lines = {line["httpRequest"]["requestUrl"]: line for line in captured.access_lines()}
    assert len(lines) == 1000
    for number, wire in enumerate(wires):
        line = lines[f"/sizes/{number}"]
        assert line["request_id"] == wire.headers["x-request-id"] == f"request-{number:05}"
        assert line["correlation_id"] == wire.headers["x-correlation-id"] == f"lesson-{number:05}"
        assert line["httpRequest"]["requestSize"] == str(number)
        assert line["httpRequest"]["responseSize"] == str(number) == str(len(wire.body))


@pytest.mark.parametrize("seconds", [0.0, 1.999, 2.0, 30.0])
async def test_debug_lines_of_a_slow_request_are_kept(seconds):
    """Slow is what the settings call slow; a fast request's details are dropped."""
    app = FastAPI(openapi_url=None)
    clock = HandClock()

    @app.get("/work")
    async def work() -> str:
        get_logger("test.work").debug("detail")
        clock.advance(seconds)
        return "done"

    with CapturedTelemetry(app=app, clock=clock, debug_sample_ratio=0.0) as captured:
        await ask(app, "GET", "/work")

    assert len(captured.lines("detail")) == (1 if seconds >= 2.0 else 0)


async def test_probes_have_their_own_series_and_no_other():
    """Whole paths only: `/healthcare` is traffic, no probe (D35, behaviour 17)."""
    app = FastAPI(openapi_url=None)
    app.add_api_route("/health", lambda: "alive")
    app.add_api_route("/healthcare", lambda: "traffic")
    app.add_api_route("/health/ready", lambda: Response(status_code=503))

    with CapturedTelemetry(app=app, debug_sample_ratio=0.0) as captured:
        for path in ("/health", "/healthcare", "/health/ready"):
            await ask(app, "GET", path)

    assert requests_counted(captured) == {("GET", "/healthcare", "200"): 1}
    assert total(captured, "http_probe_requests_total") == 2
    assert [(line["route"], line["severity"]) for line in captured.access_lines()] == [
        ("/healthcare", "INFO"),
        ("/health/ready", "WARNING"),
    ]


async def test_a_probe_of_a_sampled_trace_leaves_a_debug_line():
    """Probes are DEBUG: as rare in the log as any other detail of a request that went well."""
    app = FastAPI(openapi_url=None)
    app.add_api_route("/health", lambda: "alive")

    with CapturedTelemetry(app=app, debug_sample_ratio=1.0) as captured:
        await ask(app, "GET", "/health")

    assert captured.access_line()["severity"] == "DEBUG"
