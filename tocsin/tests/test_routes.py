"""A request is named after its route, before routing and after it, and never after its path."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.telemetry.routes import RouteTable


class _Witness:
    """Asks the table before the application runs and again after it."""

    def __init__(self, app: ASGIApp, table: RouteTable) -> None:
        self.app = app
        self.table = table
        self.before = ""
        self.after = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.before = self.table.template(scope)
        await self.app(scope, receive, send)
        self.after = self.table.template(scope)


async def _ask(app, method: str, url: str, root_path: str = "") -> tuple[str, str, int]:
    witness = _Witness(app, RouteTable(app))
    transport = httpx.ASGITransport(witness, raise_app_exceptions=False, root_path=root_path)
    async with httpx.AsyncClient(transport=transport, base_url="http://school.test") as client:
        response = await client.request(method, url)
    return witness.before, witness.after, response.status_code


def _ok(*_: object, **__: object) -> PlainTextResponse:
    return PlainTextResponse("ok")


def _fastapi() -> FastAPI:
    app = FastAPI(openapi_url=None)
    lessons = APIRouter(prefix="/lessons")
    lessons.add_api_route("/latest", lambda: "latest")
    lessons.add_api_route("/{lesson_id}", lambda lesson_id: lesson_id)
    lessons.add_api_route("/{lesson_id}", lambda lesson_id: lesson_id, methods=["DELETE"])
    lessons.add_route("/plain/{name}", _ok)
    lessons.mount("/files", Router([Route("/{name}", _ok)]))
    api = APIRouter(prefix="/api/{version}")
    api.include_router(lessons)
    app.include_router(api)
    app.add_api_route("/pupils/{pupil_id:int}", lambda pupil_id: pupil_id)
    app.add_api_route("/numbers/{number}", _number)
    app.mount("/tenants/{tenant}", _tenant())
    app.mount("/static", _ok())
    return app


def _number(number: int) -> int:
    return number


def _tenant() -> FastAPI:
    inner = FastAPI(openapi_url=None)
    router = APIRouter(prefix="/rooms")
    router.add_api_route("/{room}", lambda room: room)
    inner.include_router(router)
    return inner


@pytest.mark.parametrize(
    ("method", "url", "template", "status"),
    [
        ("GET", "/api/v1/lessons/latest", "/api/{version}/lessons/latest", 200),
        ("GET", "/api/v1/lessons/42", "/api/{version}/lessons/{lesson_id}", 200),
        ("DELETE", "/api/v1/lessons/42", "/api/{version}/lessons/{lesson_id}", 200),
        ("PUT", "/api/v1/lessons/42", "/api/{version}/lessons/{lesson_id}", 405),
        ("OPTIONS", "/api/v1/lessons/latest", "/api/{version}/lessons/latest", 405),
        ("GET", "/api/v1/plain/ada", "/api/{version}/plain/{name}", 200),
        ("HEAD", "/api/v1/plain/ada", "/api/{version}/plain/{name}", 200),
        ("GET", "/api/v1/files/a.txt", "/api/{version}/files/{name}", 200),
        ("GET", "/pupils/7", "/pupils/{pupil_id}", 200),
        ("GET", "/numbers/seven", "/numbers/{number}", 422),
        ("GET", "/pupils/7/", "/pupils/{pupil_id}", 307),
        ("GET", "/tenants/acme/rooms/9", "/tenants/{tenant}/rooms/{room}", 200),
        ("POST", "/tenants/acme/rooms/9", "/tenants/{tenant}/rooms/{room}", 405),
        ("GET", "/tenants/acme/wp-admin", "<unmatched>", 404),
        ("GET", "/static/css/site.css", "/static/{path}", 200),
        ("GET", "/wp-login.php", "<unmatched>", 404),
        ("GET", "/api/v1/lessons", "<unmatched>", 404),
    ],
)
async def test_a_request_has_its_full_template_before_and_after_routing(
    method, url, template, status
):
    """Included routers, mounts with parameters, HEAD, OPTIONS, 405, 422 and redirects keep it."""
    app = _fastapi()

    before, after, answered = await _ask(app, method, url)

    assert (before, after, answered) == (template, template, status)


async def test_ten_thousand_invented_paths_are_one_template():
    """Whoever scans the service moves one series and fills no memory."""
    app = _fastapi()
    table = RouteTable(app)
    scopes = _invented_paths(10_000)

    templates = {table.template(scope) for scope in scopes}

    assert templates == {"<unmatched>"}


async def test_a_root_path_is_no_part_of_the_template():
    """Behind a proxy that keeps its prefix the route is called as it was declared."""
    app = FastAPI(openapi_url=None)
    app.add_api_route("/lessons/{lesson_id}", lambda lesson_id: lesson_id)
    app.mount("/inner", _tenant())

    kept = await _ask(app, "GET", "/school/lessons/42", root_path="/school")
    cut_off = await _ask(app, "GET", "/lessons/42", root_path="/school")
    mounted = await _ask(app, "GET", "/school/inner/rooms/9", root_path="/school")

    assert kept == ("/lessons/{lesson_id}", "/lessons/{lesson_id}", 200)
    assert cut_off == ("/lessons/{lesson_id}", "/lessons/{lesson_id}", 200)
    assert mounted == ("/inner/rooms/{room}", "/inner/rooms/{room}", 200)


async def test_the_first_route_that_fits_wins_as_in_starlette():
    """A parameter declared before a fixed path takes it, and so does the table."""
    app = Starlette(
        routes=[
            Route("/lessons/{lesson_id}", _ok, methods=["POST"]),
            Route("/lessons/{lesson}", _ok),
            Route("/lessons/latest", _ok),
        ]
    )

    before, after, _ = await _ask(app, "GET", "/lessons/latest")

    assert (before, after) == ("/lessons/{lesson}", "/lessons/{lesson}")


async def test_a_route_under_a_host_name_has_its_template():
    """Host routing chooses the application; the template is that application's."""
    app = Starlette(routes=[Host("school.test", Router([Route("/rooms/{room}", _ok)]))])

    before, after, status = await _ask(app, "GET", "/rooms/9")

    assert (before, after, status) == ("/rooms/{room}", "/rooms/{room}", 200)


async def test_a_route_class_with_rules_of_its_own_is_asked():
    """A route that refuses what its pattern allows does not lend its name."""

    class Never(Route):
        def matches(self, scope):
            match, child = super().matches({**scope, "method": "NEVER"})
            return type(match).NONE, child

    app = Starlette(routes=[Never("/lessons/{a}", _ok), Mount("/", _tenant_of_plain_routes())])

    before, after, _ = await _ask(app, "GET", "/lessons/42")

    assert (before, after) == ("/lessons/{b}", "/lessons/{b}")


def _tenant_of_plain_routes() -> Router:
    return Router([Route("/lessons/{b}", _ok)])


def test_routes_added_later_are_seen():
    """Also those that are added to a router which was included before."""
    app = FastAPI(openapi_url=None)
    router = APIRouter()
    app.include_router(router, prefix="/api")
    table = RouteTable(app)
    scope = {"type": "http", "method": "GET", "path": "/api/late/1", "headers": []}
    early = table.template(scope)

    router.add_api_route("/late/{item}", lambda item: item)

    assert (early, table.template(scope)) == ("<unmatched>", "/api/late/{item}")


def test_a_websocket_has_the_template_of_its_own_route():
    """The same path may be an HTTP route and a socket; each is called by its own name."""
    app = FastAPI(openapi_url=None)
    app.add_api_route("/rooms/{room}", lambda room: room)

    @app.websocket("/rooms/{socket}")
    async def talk(websocket: WebSocket, socket: str) -> None:
        await websocket.close()

    table = RouteTable(app)
    scope = {"path": "/rooms/9", "headers": []}

    assert table.template({**scope, "type": "websocket"}) == "/rooms/{socket}"
    assert table.template({**scope, "type": "http", "method": "GET"}) == "/rooms/{room}"


async def test_a_served_frontend_is_one_template(tmp_path):
    """FastAPI's `frontend` serves files of any name under one place."""
    (tmp_path / "index.html").write_text("<p>hello</p>")
    app = FastAPI(openapi_url=None)
    app.frontend("/play", directory=tmp_path)

    _, after, status = await _ask(app, "GET", "/play/index.html")

    assert (after, status) == ("/play/{path}", 200)


def _invented_paths(count: int) -> Iterator[Scope]:
    for number in range(count):
        yield {"type": "http", "method": "GET", "path": f"/scan/{number}.php", "headers": []}
