"""Whoever answers, the answer has its id, its headers, its line and its count (D31 to D33)."""

import io
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.core.metrics import metrics_client
from app.main import create_app
from tocsin.telemetry.testing import parse_lines

ORIGIN = "https://app.vividly.example"
LOGIN = "/api/v1/auth/login"
PREFLIGHT = {"access-control-request-method": "POST"}
# Outermost first. FastAPI puts two of its own beside Starlette's handler of errors.
LAYERS = [
    "TelemetryMiddleware",
    "SecurityHeadersMiddleware",
    "ServerErrorMiddleware",
    "Cors",
    "RateLimitMiddleware",
    "BodyLimitMiddleware",
    "ExceptionMiddleware",
    "APIRouter",
]


@dataclass
class Watched:
    """The service with an eye on what it says of itself."""

    app: FastAPI
    client: httpx.AsyncClient
    stream: io.BytesIO

    def access_lines(self) -> list[dict[str, Any]]:
        """The access lines so far."""
        self.app.state.services.telemetry.logs.flush(5.0)
        lines = parse_lines(self.stream.getvalue())
        return [line for line in lines if line["logger"] == "tocsin.access"]


@pytest.fixture
async def watched(settings_with, database) -> AsyncIterator[Watched]:
    """A service with one origin, one sign-in a minute, and no users' table any more."""
    limits = {"auth.login.per_client": "1/minute"}
    settings = settings_with(cors_origins=(ORIGIN,), rate_limits=limits)
    stream = io.BytesIO()
    app = create_app(settings, stream=stream)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://testserver") as client,
    ):
        yield Watched(app, client, stream)


async def break_the_database(watched: Watched) -> None:
    """Make the next question about an account fail unforeseen."""
    async with watched.app.state.services.database.transaction() as session:
        await session.execute(text("ALTER TABLE users RENAME TO pupils"))


def layers_of(app: FastAPI) -> list[str]:
    """The classes of the stack that a request goes through, outermost first."""
    found, layer = [], app.build_middleware_stack()
    while layer is not None:
        found.append(type(layer).__name__)
        layer = getattr(layer, "app", None) or getattr(layer, "_app", None)
    return found


async def test_the_layers_stand_in_the_order_that_is_written_down(watched: Watched):
    """Who is outermost sees everything; an earlier system had it the wrong way (D31)."""
    found = layers_of(watched.app)

    assert [name for name in found if name in LAYERS] == LAYERS
    assert found[:2] == LAYERS[:2]


Act = Callable[[Watched], Any]
ANSWERS: dict[str, tuple[int, str, Act]] = {
    "an endpoint's": (200, "/health", lambda w: w.client.get("/health")),
    "the router's": (404, "<unmatched>", lambda w: w.client.get("/nothing")),
    "the method check's": (405, LOGIN, lambda w: w.client.delete(LOGIN)),
    "the validator's": (422, LOGIN, lambda w: w.client.post(LOGIN, json={})),
    "the gate's": (401, "/api/v1/auth/me", lambda w: w.client.get("/api/v1/auth/me")),
    "the body limit's": (413, LOGIN, lambda w: w.client.post(LOGIN, content=b" " * 70_000)),
    "a preflight's": (
        200,
        LOGIN,
        lambda w: w.client.options(LOGIN, headers={"origin": ORIGIN} | PREFLIGHT),
    ),
    "a refused preflight's": (
        400,
        LOGIN,
        lambda w: w.client.options(LOGIN, headers={"origin": "https://evil.example"} | PREFLIGHT),
    ),
}


@pytest.mark.parametrize("whose", ANSWERS)
async def test_every_answer_is_whole_whoever_gives_it(watched: Watched, whose: str):
    """Id, headers, one line, one count under the route's template (behaviour 25)."""
    status, route, act = ANSWERS[whose]
    before = counted(route, status)

    response = await act(watched)

    assert response.status_code == status
    assert_whole(watched, response, route)
    assert counted(route, status) == before + 1


async def test_a_refused_request_is_as_whole_as_a_served_one(watched: Watched):
    """The limiter's 429 is seen by all that stands outside of it (D31, D32)."""
    body = {"email": "a@b.example", "password": "wrong"}
    await watched.client.post(LOGIN, json=body)
    before = counted(LOGIN, 429)

    response = await watched.client.post(LOGIN, json=body)

    assert response.status_code == 429
    assert_whole(watched, response, LOGIN)
    assert int(response.headers["retry-after"]) >= 1
    assert counted(LOGIN, 429) == before + 1


async def test_an_unforeseen_error_is_one_record_with_its_id(watched: Watched):
    """The 500 of Starlette's outermost handler is inside of ours; told once (D33)."""
    await break_the_database(watched)
    before = counted(LOGIN, 500)

    body = {"email": "a@b.example", "password": "wrong"}
    response = await watched.client.post(LOGIN, json=body)

    assert response.status_code == 500
    assert_whole(watched, response, LOGIN)
    assert counted(LOGIN, 500) == before + 1
    lines = parse_lines(watched.stream.getvalue())
    told = [line for line in lines if "OperationalError" in str(line)]
    assert len(told) == 1
    assert told[0]["request_id"] == response.headers["x-request-id"]
    assert "a@b.example" not in str(lines)


async def test_another_origins_page_reads_no_answer(watched: Watched):
    """Only the configured origins are named to the browser."""
    ours = await watched.client.get("/health", headers={"origin": ORIGIN})
    theirs = await watched.client.get("/health", headers={"origin": "https://evil.example"})

    assert ours.headers["access-control-allow-origin"] == ORIGIN
    assert "x-request-id" in ours.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in theirs.headers
    assert "access-control-allow-credentials" not in ours.headers


def assert_whole(watched: Watched, response: httpx.Response, route: str) -> None:
    """The answer and what is said of it belong together."""
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" in response.headers
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["request_id"] == response.headers["x-request-id"]
    if route == "/health":  # probes leave a line at DEBUG for sampled traces alone (D35)
        assert {line["severity"] for line in watched.access_lines()} <= {"DEBUG"}
        return
    line = watched.access_lines()[-1]
    assert line["request_id"] == response.headers["x-request-id"]
    assert line["route"] == route
    assert line["httpRequest"]["status"] == response.status_code


def counted(route: str, status: int) -> float:
    """How often the page of numbers has seen this."""
    name = "http_probe_requests_total" if route == "/health" else "http_request_total"
    page = metrics_client.exposition()[0].decode()
    wanted = (f'endpoint="{route}"', f'status_code="{status}"')
    return sum(
        float(line.rpartition(" ")[2])
        for line in page.splitlines()
        if line.startswith(f"vividly_{name}{{") and all(part in line for part in wanted)
    )
