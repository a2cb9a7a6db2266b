"""One span for one sampled request, named by its route, told as the access line tells it."""

import asyncio

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode, get_current_span
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from traces.traced import PARENT, SAMPLED, TRACE, UNSAMPLED, Service, hex_id
from wire import Wire

from tocsin.telemetry.settings import Environment
from tocsin.telemetry.testing import CapturedTelemetry
from tocsin.telemetry.testing.spans import CollectedSpans
from tocsin.telemetry.traces import span


async def lesson(request):
    return JSONResponse({"id": request.path_params["lesson_id"]})


async def broken(request):
    raise RuntimeError("the engine of ada@school.example is broken")


async def streamed(request):
    async def chunks():
        for number in range(4):
            yield b"chunk %d" % number

    return StreamingResponse(chunks())


async def cut(request):
    async def chunks():
        yield b"the first"
        raise ValueError("no more")

    return StreamingResponse(chunks())


async def unavailable(request):
    raise HTTPException(503)


async def afterwards(request):
    async def work():
        with span("mail.send"):
            pass

    return PlainTextResponse("ok", background=BackgroundTask(work))


async def afterwards_broken(request):
    async def work():
        raise LookupError("nobody at home")

    return PlainTextResponse("ok", background=BackgroundTask(work))


async def talkative(request):
    current = get_current_span()
    current.set_attribute("lesson.words", 250)
    current.set_attribute("password", "hunter2")
    current.add_event("found", {"where": "in the library"})
    return PlainTextResponse("ok")


async def conversation(websocket):
    await websocket.accept()
    for _ in range(3):
        await websocket.send_text(await websocket.receive_text())
    await websocket.close()


ROUTES = [
    Route("/lessons/{lesson_id}", lesson, methods=["GET", "POST"]),
    Route("/broken", broken),
    Route("/streamed", streamed),
    Route("/cut", cut),
    Route("/unavailable", unavailable),
    Route("/afterwards", afterwards),
    Route("/afterwards-broken", afterwards_broken),
    Route("/talkative", talkative),
    Route("/health", lambda request: PlainTextResponse("ok")),
    WebSocketRoute("/conversation/{room}", conversation),
]


@pytest.fixture
def service():
    with Service(ROUTES, trace_ratio=0.0) as made:
        yield made


async def test_a_sampled_request_is_one_span_however_many_messages_it_has(service):
    """A streamed answer of four chunks leaves one span, not one per message."""
    await service.get("/streamed", SAMPLED)

    only = service.spans.only()
    assert only.name == "GET /streamed"
    assert only.kind is SpanKind.SERVER
    assert only.attributes["http.response.body.size"] == 4 * len("chunk 0")


async def test_a_span_says_what_stable_conventions_ask_for_and_no_more(service):
    """Method, route and status are there; address, path and query are not (behaviour 30)."""
    await service.get("/lessons/ada-lovelace?name=lovelace", {**SAMPLED, "user-agent": "curl/8.5"})

    only = service.spans.only()
    line = service.captured.access_line()
    assert only.name == "GET /lessons/{lesson_id}"
    assert dict(only.attributes) == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "http.route": "/lessons/{lesson_id}",
        "http.response.status_code": 200,
        "http.request.body.size": 0,
        "http.response.body.size": len('{"id":"ada-lovelace"}'),
        "network.protocol.version": "1.1",
        "user_agent.original": "curl/8.5",
        "tocsin.outcome": "ok",
        "tocsin.client": line["client"],
        "tocsin.request_id": line["request_id"],
        "tocsin.correlation_id": line["correlation_id"],
    }
    assert only.status.status_code is StatusCode.UNSET
    assert "lovelace" not in only.to_json()
    assert "127.0.0.1" not in only.to_json()


async def test_a_span_continues_its_callers_trace(service):
    """The caller's span is the parent; the access line bears our span's id (behaviour 24)."""
    await service.get("/streamed", SAMPLED)

    only = service.spans.only()
    line = service.captured.access_line()
    assert hex_id(only.context.trace_id, 32) == TRACE
    assert hex_id(only.parent.span_id, 16) == PARENT
    assert only.parent.is_remote
    assert line["logging.googleapis.com/spanId"] == hex_id(only.context.span_id, 16)


async def test_googles_older_header_is_read_where_the_standard_one_is_missing(service):
    """``X-Cloud-Trace-Context`` with ``o=1`` makes it sampled; its span id is decimal."""
    await service.get("/streamed", {"x-cloud-trace-context": f"{TRACE}/{int(PARENT, 16)};o=1"})

    only = service.spans.only()
    assert hex_id(only.context.trace_id, 32) == TRACE
    assert hex_id(only.parent.span_id, 16) == PARENT


async def test_an_unsampled_request_leaves_no_span(service):
    """What the caller did not sample is not recorded, nor is a new trace at ratio 0."""
    await service.get("/streamed", UNSAMPLED)
    await service.get("/streamed")

    assert service.spans.raw == []
    lines = service.captured.access_lines()
    assert [line["logging.googleapis.com/trace_sampled"] for line in lines] == [False, False]


async def test_a_probe_leaves_no_span_even_when_sampled(service):
    """A health check is no traffic, and its lines do not claim a span."""
    await service.get("/health", SAMPLED)

    assert service.spans.raw == []


@pytest.mark.parametrize(
    ("path", "outcome", "status", "failure"),
    [
        ("/broken", "exception", 500, "RuntimeError"),
        ("/cut", "stream_failed", 500, "ValueError"),
        ("/unavailable", "server_error", 503, "503"),
    ],
)
async def test_a_failed_request_is_an_error(service, path, outcome, status, failure):
    """A 5xx and a stream that broke have status ERROR, an outcome, and the kind of error."""
    await service.get(path, SAMPLED)

    only = service.spans.only()
    assert only.status.status_code is StatusCode.ERROR
    assert only.attributes["tocsin.outcome"] == outcome
    assert only.attributes["http.response.status_code"] == status
    assert only.attributes["error.type"] == failure


@pytest.mark.parametrize(("path", "status"), [("/lessons/1", 405), ("/nowhere/lovelace", 404)])
async def test_a_clients_error_is_none_of_ours(service, path, status):
    """A 4xx leaves the status unset, and an unknown path leaves no trace of itself."""
    await service.client.request("DELETE", path, headers=SAMPLED)

    only = service.spans.only()
    assert only.status.status_code is StatusCode.UNSET
    assert only.attributes["http.response.status_code"] == status
    assert "error.type" not in only.attributes
    assert "lovelace" not in only.to_json()


async def test_an_invented_method_is_no_name(service):
    """A method that strangers make up is ``_OTHER``, and the span is called HTTP."""
    await service.client.request("XYZZY", "/nowhere", headers=SAMPLED)

    only = service.spans.only()
    assert only.name == "HTTP"
    assert only.attributes["http.request.method"] == "_OTHER"


async def test_an_exception_is_one_event_and_redacted(service):
    """The exception is there once, with its stack, without the address (behaviour 30)."""
    await service.get("/broken", SAMPLED)

    (event,) = service.spans.only().events
    assert event.name == "exception"
    assert event.attributes["exception.type"] == "RuntimeError"
    assert event.attributes["exception.message"] == "the engine of [redacted] is broken"
    assert "in broken" in event.attributes["exception.stacktrace"]
    assert "ada@" not in event.attributes["exception.stacktrace"]


async def test_a_stream_that_breaks_tells_its_exception_once(service):
    """A failure after the first byte is one event, where the peers write two."""
    await service.get("/cut", SAMPLED)

    assert [event.name for event in service.spans.only().events] == ["exception"]


async def test_background_work_belongs_to_the_requests_trace(service):
    """Work after the answer is a child of the request's span, which ended before it."""
    await service.get("/afterwards", SAMPLED)

    work = service.spans.named("mail.send")
    request = service.spans.named("GET /afterwards")
    assert work.parent.span_id == request.context.span_id
    assert work.context.trace_id == request.context.trace_id
    assert request.end_time <= work.start_time


async def test_background_work_that_fails_is_a_span_of_its_own(service):
    """The request keeps its good end; the failure afterwards is told beside it."""
    await service.get("/afterwards-broken", SAMPLED)

    request = service.spans.named("GET /afterwards-broken")
    failed = service.spans.named("background")
    assert request.status.status_code is StatusCode.UNSET
    assert failed.status.status_code is StatusCode.ERROR
    assert failed.parent.span_id == request.context.span_id
    assert [event.name for event in failed.events] == ["exception"]


async def test_an_endpoint_may_say_more_by_opentelemetrys_own_hand(service):
    """The current span is the request's; what is said of it is kept, redacted (behaviour 30)."""
    await service.get("/talkative", SAMPLED)

    only = service.spans.only()
    assert only.attributes["lesson.words"] == 250
    assert only.attributes["password"] == "[redacted]"
    assert [event.name for event in only.events] == ["found"]


async def test_a_websocket_is_one_span(service):
    """Three messages each way are numbers on one span, from handshake to close."""
    says = [{"type": "websocket.receive", "text": str(number)} for number in range(3)]
    given = [{"type": "websocket.connect"}, *says]
    scope = {
        **Wire(path="/conversation/lovelace", headers=SAMPLED).scope,
        "type": "websocket",
        "scheme": "ws",
        "subprotocols": [],
    }

    async def receive():
        return given.pop(0)

    async def send(message):
        pass

    await service.app(scope, receive, send)

    only = service.spans.only()
    assert only.name == "WEBSOCKET /conversation/{room}"
    assert only.attributes["tocsin.messages_received"] == 3
    assert only.attributes["tocsin.messages_sent"] == 3
    assert only.attributes["http.response.status_code"] == 101
    assert only.attributes["tocsin.close_code"] == 1000
    assert "lovelace" not in only.to_json()


async def test_requests_at_the_same_time_keep_their_spans_apart(service):
    """Fifty requests at once leave fifty spans, each with the id of its own line (behaviour 14)."""
    await asyncio.gather(*(service.get(f"/lessons/{number}", SAMPLED) for number in range(50)))

    spans = {
        span.attributes["tocsin.request_id"]: hex_id(span.context.span_id, 16)
        for span in service.spans.finished()
    }
    lines = {
        line["request_id"]: line["logging.googleapis.com/spanId"]
        for line in service.captured.access_lines()
    }
    assert len(spans) == 50
    assert spans == lines


async def test_the_context_of_opentelemetry_is_given_back(service):
    """After a request nothing of it is current, so the next one on the task begins clean."""
    await service.get("/talkative", SAMPLED)

    assert not get_current_span().get_span_context().is_valid


async def test_a_sink_that_fails_costs_the_span_and_not_the_request():
    """The answer goes out, and the guard has counted one failure."""

    class Broken:
        def put(self, item, size):
            raise OSError("full")

    captured = CapturedTelemetry(environment=Environment.PRODUCTION)
    captured.telemetry.trace_to(Broken())
    app = Starlette(routes=ROUTES)
    captured.telemetry.wrap(app)

    with captured:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://test"
        ) as client:
            answer = await client.get("/streamed", headers=SAMPLED)

    assert answer.status_code == 200
    assert captured.telemetry.guard.caught == {"recording.span": 1}


async def test_what_waits_is_not_what_leaves(service):
    """The sink holds raw spans that no exporter understands: vetting makes them fit."""
    await service.get("/talkative", SAMPLED)

    (raw,) = service.spans.raw
    assert not isinstance(raw, ReadableSpan)
    assert isinstance(service.spans.tracing.vetted(raw), ReadableSpan)


async def test_tracing_is_turned_on_before_the_first_request(service):
    """For an application that serves already it is refused, with the place where it belongs."""
    await service.get("/streamed")

    with pytest.raises(TypeError, match="where the application is made"):
        CollectedSpans(service.captured.telemetry)
