"""Databases, HTTP clients and Redis are children of the sampled request that uses them."""

import asyncio

import httpx
import pytest
import redis.asyncio
from opentelemetry.trace import SpanKind, StatusCode
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from traces.traced import PARENT, SAMPLED, TRACE, UNSAMPLED, Service, hex_id

from tocsin.telemetry.traces import span


class Callee:
    """Another service, which keeps the headers that it was sent."""

    def __init__(self):
        self.headers = []
        self.client = httpx.AsyncClient(
            transport=httpx.MockTransport(self._answer), base_url="https://callee.example"
        )

    def _answer(self, request):
        self.headers.append(request.headers)
        return httpx.Response(503 if "broken" in request.url.path else 200)


@pytest.fixture
def callee():
    return Callee()


@pytest.fixture
async def engine():
    made = create_async_engine("sqlite+aiosqlite://")
    yield made
    await made.dispose()


@pytest.fixture
def service(callee, engine):
    async def call(request):
        await callee.client.get("/pupils/ada-lovelace?token=hunter2")
        return PlainTextResponse("ok")

    async def call_broken(request):
        await callee.client.get("/broken")
        return PlainTextResponse("ok")

    async def query(request):
        with span("look.up"):
            async with engine.connect() as connection:
                await connection.execute(
                    text("SELECT :name WHERE 'Lovelace' = :name"), {"name": "hunter2"}
                )
        return PlainTextResponse("ok")

    async def query_badly(request):
        async with engine.connect() as connection:
            with pytest.raises(OperationalError):
                await connection.execute(text("SELECT hunter2 FROM nowhere"))
        return PlainTextResponse("ok")

    routes = [
        Route("/call", call),
        Route("/call-broken", call_broken),
        Route("/query", query),
        Route("/query-badly", query_badly),
    ]
    with Service(routes, trace_ratio=0.0) as made:
        made.spans.tracing.instrument(engines=[engine], http_clients=[callee.client])
        yield made


async def test_an_outgoing_call_is_a_child_and_carries_our_place(service, callee):
    """The callee continues at the call's own span, whose URL shows no query and no name."""
    await service.get("/call", SAMPLED)

    call, request = service.spans.finished()
    assert call.kind is SpanKind.CLIENT
    assert call.parent.span_id == request.context.span_id
    assert call.attributes["http.request.method"] == "GET"
    assert call.attributes["http.response.status_code"] == 200
    assert call.attributes["url.full"].startswith("https://callee.example/pupils/")
    assert callee.headers[0]["traceparent"] == (f"00-{TRACE}-{hex_id(call.context.span_id, 16)}-01")
    assert "hunter2" not in call.to_json()
    assert "lovelace" not in call.to_json()


async def test_an_outgoing_call_of_an_unsampled_request_says_so(service, callee):
    """There is no span, and the callee hears our trace and span with flag 00."""
    await service.get("/call", UNSAMPLED)

    line = service.captured.access_line()
    span_id = line["logging.googleapis.com/spanId"]
    assert service.spans.raw == []
    assert callee.headers[0]["traceparent"] == f"00-{TRACE}-{span_id}-00"


async def test_a_call_outside_of_any_request_leaves_nothing(service, callee):
    """A call at start-up is no span and names no trace."""
    await callee.client.get("/warm-up")

    assert service.spans.raw == []
    assert "traceparent" not in callee.headers[0]


async def test_a_callee_that_fails_is_an_error_of_the_call_alone(service):
    """Its 503 marks the call; the request, which was answered, is unset."""
    await service.get("/call-broken", SAMPLED)

    call, request = service.spans.finished()
    assert call.status.status_code is StatusCode.ERROR
    assert request.status.status_code is StatusCode.UNSET


async def test_a_statement_is_a_child_without_values(service):
    """Below the work that asked for it, with neither parameters nor literals (behaviour 30)."""
    await service.get("/query", SAMPLED)

    statement = service.spans.named("SELECT")
    assert statement.parent.span_id == service.spans.named("look.up").context.span_id
    assert statement.attributes["db.query.text"] == "SELECT ? WHERE ? = ?"
    assert statement.attributes["db.system.name"] == "sqlite"
    assert "hunter2" not in statement.to_json()
    assert "Lovelace" not in statement.to_json()


async def test_a_statement_that_fails_is_an_error_without_its_text(service):
    """The database's own words may repeat values and are withheld (behaviour 30)."""
    await service.get("/query-badly", SAMPLED)

    statement = service.spans.named("SELECT")
    assert statement.status.status_code is StatusCode.ERROR
    assert statement.status.description == "[withheld]"


async def test_statements_of_an_unsampled_request_leave_no_span(service, engine):
    """Nor do those outside of any request, as a migration's."""
    await service.get("/query", UNSAMPLED)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))

    assert service.spans.raw == []


async def _answer_ok(reader, writer):
    while line := await reader.readline():
        for _ in range(int(line[1:])):
            await reader.readexactly(int((await reader.readline())[1:]) + 2)
        writer.write(b"+OK\r\n")
    writer.close()


async def test_a_command_of_redis_is_a_child_without_values():
    """The command's name is there, its arguments are question marks (behaviour 30)."""
    server = await asyncio.start_server(_answer_ok, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = redis.asyncio.Redis(port=port, protocol=2)

    async def remember(request):
        await client.set("pupil:lovelace", "hunter2")
        return PlainTextResponse("ok")

    with Service([Route("/", remember)], trace_ratio=0.0) as service:
        service.spans.tracing.instrument(redis_clients=[client])
        await service.get("/", SAMPLED)
        await service.get("/", UNSAMPLED)
        await client.aclose()
        server.close()

        command, request = service.spans.finished()
        assert command.name == "SET"
        assert command.parent.span_id == request.context.span_id
        assert command.attributes["db.system.name"] == "redis"
        assert command.attributes["db.query.text"] == "SET ? ?"
        assert hex_id(request.parent.span_id, 16) == PARENT


async def test_an_engine_is_named_once_even_if_it_is_given_twice(engine):
    """A second call for the same engine or client doubles no span."""

    async def query(request):
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
        return PlainTextResponse("ok")

    with Service([Route("/", query)], trace_ratio=0.0) as service:
        service.spans.tracing.instrument(engines=[engine])
        service.spans.tracing.instrument(engines=[engine])
        await service.get("/", SAMPLED)

        assert service.spans.named("SELECT").attributes["db.query.text"] == "SELECT ?"
