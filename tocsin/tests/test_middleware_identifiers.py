"""Who asks, in which trace, from where: on every response and every line (D24, D25, D32)."""

import re

import pytest
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse, StreamingResponse
from wire import ask

from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.settings import Environment, TelemetrySettings
from tocsin.telemetry.testing.captured import CapturedTelemetry

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER_SPAN = "b7ad6b7169203331"
_log = get_logger("test.lessons")


class _TooMany:
    """A limiter that refuses all, as one that stands before routing does."""

    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        if scope["path"] != "/limited":
            await self.app(scope, receive, send)
            return
        await PlainTextResponse("slow down", status_code=429)(scope, receive, send)


async def _chunks():
    yield b"one"
    yield b"two"


def _raises() -> None:
    raise ValueError("unforeseen")


def _logs() -> str:
    _log.info("lesson_opened")
    return "ok"


def _app() -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.add_api_route("/fine", _logs)
    app.add_api_route("/raises", _raises)
    app.add_api_route("/limited", _logs)
    app.add_api_route("/stream", lambda: StreamingResponse(_chunks()))
    app.add_middleware(_TooMany)
    app.add_middleware(CORSMiddleware, allow_origins=["https://school.example"])
    return app


_PREFLIGHT = {"Origin": "https://school.example", "Access-Control-Request-Method": "GET"}


@pytest.mark.parametrize(
    ("method", "path", "status", "headers"),
    [
        ("GET", "/fine", 200, {}),
        ("GET", "/missing", 404, {}),
        ("POST", "/fine", 405, {}),
        ("GET", "/limited", 429, {}),
        ("GET", "/raises", 500, {}),
        ("GET", "/stream", 200, {}),
        ("OPTIONS", "/fine", 200, _PREFLIGHT),
    ],
)
async def test_every_response_carries_the_callers_ids(method, path, status, headers):
    """Refused, preflight, streamed or unforeseen: the id is on it and in its line."""
    app = _app()
    sent = {"X-Request-ID": "order.2026-10-01_7", "X-Correlation-ID": "lesson-0042"}

    with CapturedTelemetry(app=app) as captured:
        wire = await ask(app, method, path, headers={**headers, **sent})

    line = captured.access_line()
    assert wire.status == status
    assert wire.headers["x-request-id"] == line["request_id"] == "order.2026-10-01_7"
    assert wire.headers["x-correlation-id"] == line["correlation_id"] == "lesson-0042"


@pytest.mark.parametrize(
    ("method", "path", "status", "headers", "endpoint"),
    [
        ("GET", "/limited", 429, {}, "/limited"),
        ("OPTIONS", "/fine", 200, _PREFLIGHT, "/fine"),
        ("POST", "/fine", 405, {}, "/fine"),
    ],
)
async def test_what_is_answered_before_routing_has_its_route(
    method, path, status, headers, endpoint
):
    """A limiter's 429 and a CORS preflight are counted under their own route (D31)."""
    app = _app()

    with CapturedTelemetry(app=app) as captured:
        await ask(app, method, path, headers=headers)

    line = captured.access_line()
    assert (line["route"], line["httpRequest"]["status"]) == (endpoint, status)


@pytest.mark.parametrize(
    "hostile",
    [
        "abcdefgh\r\nSet-Cookie: admin=1",
        "<script>alert(1)</script>",
        '","severity":"EMERGENCY',
        "a" * 10_240,
        "short",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJlMTIzNDU2Nzg5",
        "",
    ],
)
async def test_a_hostile_id_is_replaced(hostile):
    """Nothing of it comes back, nothing of it is logged; the request has a fresh id."""
    app = _app()
    headers = {"X-Request-ID": hostile, "X-Correlation-ID": hostile}

    with CapturedTelemetry(app=app) as captured:
        wire = await ask(app, "GET", "/fine", headers=headers)

    written = captured.stream.getvalue().decode()
    assert re.fullmatch("[0-9a-f]{32}", wire.headers["x-request-id"])
    assert wire.headers["x-correlation-id"] == wire.headers["x-request-id"]
    assert not hostile or hostile not in written


async def test_an_application_that_sets_the_header_itself_is_overruled():
    """Two ids on one response would be none."""
    app = FastAPI(openapi_url=None)
    app.add_api_route(
        "/proxied", lambda: PlainTextResponse("ok", headers={"x-request-id": "upstream-1234"})
    )

    with CapturedTelemetry(app=app) as captured:
        wire = await ask(app, "GET", "/proxied")

    assert wire.headers["x-request-id"] == captured.access_line()["request_id"]


async def test_one_response_object_sent_twice_gathers_no_ids():
    """The headers of a response that a service keeps and sends again stay its own."""
    app = FastAPI(openapi_url=None)
    kept = PlainTextResponse("the same for all")
    app.add_api_route("/kept", lambda: kept)

    with CapturedTelemetry(app=app):
        first = await ask(app, "GET", "/kept")
        second = await ask(app, "GET", "/kept")

    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_the_callers_trace_goes_on():
    """Every line of the request has the caller's trace and one span id of our own."""
    app = _app()
    headers = {"traceparent": f"00-{TRACE}-{CALLER_SPAN}-01"}
    settings = TelemetrySettings(
        service="test", environment=Environment.TEST, google_project="school-1"
    )

    with CapturedTelemetry(settings, app=app) as captured:
        await ask(app, "GET", "/fine", headers=headers)

    lines = captured.lines()
    assert len(lines) == 2
    for line in lines:
        assert line["logging.googleapis.com/trace"] == f"projects/school-1/traces/{TRACE}"
        assert line["logging.googleapis.com/trace_sampled"] is True
        assert re.fullmatch("[0-9a-f]{16}", line["logging.googleapis.com/spanId"])
    spans = {line["logging.googleapis.com/spanId"] for line in lines}
    assert len(spans) == 1
    assert CALLER_SPAN not in spans


@pytest.mark.parametrize(
    ("headers", "trace", "sampled"),
    [
        ({"X-Cloud-Trace-Context": f"{TRACE}/1;o=1"}, TRACE, True),
        (
            {
                "traceparent": f"00-{TRACE}-{CALLER_SPAN}-00",
                "X-Cloud-Trace-Context": f"{'a' * 32}/1;o=1",
            },
            TRACE,
            False,
        ),
        (
            {"traceparent": "00-nonsense", "X-Cloud-Trace-Context": f"{TRACE}/1;o=1"},
            TRACE,
            True,
        ),
    ],
)
async def test_traceparent_comes_first_and_googles_header_second(headers, trace, sampled):
    """A malformed traceparent leaves the word to the older header."""
    app = _app()

    with CapturedTelemetry(app=app) as captured:
        await ask(app, "GET", "/fine", headers=headers)

    line = captured.access_line()
    assert line["logging.googleapis.com/trace"] == trace
    assert line["logging.googleapis.com/trace_sampled"] is sampled


async def test_without_trace_context_a_trace_begins():
    """Lines of one request belong together even when nobody upstream traces."""
    app = _app()

    with CapturedTelemetry(app=app) as captured:
        await ask(app, "GET", "/fine", headers={"traceparent": f"00-{'0' * 32}-{CALLER_SPAN}-01"})
        await ask(app, "GET", "/fine")

    traces = [line["logging.googleapis.com/trace"] for line in captured.access_lines()]
    assert len(set(traces)) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", trace) for trace in traces)


async def test_the_client_is_a_pseudonym_and_never_an_address():
    """Users are minors: the same client is known again, and its address is nowhere (D-6)."""
    app = _app()
    forwarded = {"X-Forwarded-For": "6.6.6.6, 198.51.100.77"}

    with CapturedTelemetry(app=app, trusted_proxies=1) as captured:
        await ask(app, "GET", "/fine", headers=forwarded)
        await ask(app, "GET", "/fine", headers={"X-Forwarded-For": "198.51.100.77"})

    lines = captured.access_lines()
    written = captured.stream.getvalue().decode()
    expected = captured.telemetry.pseudonyms.client("198.51.100.77")
    assert [line["client"] for line in lines] == [expected, expected]
    for address in ("6.6.6.6", "198.51.100.77", "192.0.2.7"):
        assert address not in written


async def test_injected_randomness_decides_the_ids():
    """Chance is a parameter: a test that gives the bytes knows the id."""
    app = _app()
    captured = CapturedTelemetry(random_bytes=lambda count: bytes([0xAB]) * count, app=app)

    with captured:
        wire = await ask(app, "GET", "/fine")

    assert wire.headers["x-request-id"] == "ab" * 16
