"""Who may call what: every route of the real service, asked as everybody (D72, D73)."""

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from people import signed_in

from app.core.vocabulary import Role

ANYBODY = ("anonymous", *Role)
SIGNED_IN = tuple(Role)
STAFF = (Role.TEACHER, Role.ADMIN, Role.SUPER_ADMIN)
ADMINS = (Role.ADMIN, Role.SUPER_ADMIN)
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"

# A route that is missing here fails the test: access is decided, not left over.
MAY_CALL = {
    "GET /health": ANYBODY,
    "HEAD /health": ANYBODY,
    "GET /health/ready": ANYBODY,
    "HEAD /health/ready": ANYBODY,
    "GET /health/detailed": ADMINS,  # and whoever shows the operators' token: test_health
    "HEAD /health/detailed": ADMINS,
    "POST /api/v1/auth/register": ANYBODY,
    "POST /api/v1/auth/login": ANYBODY,
    "POST /api/v1/auth/refresh": ANYBODY,  # shows a refresh token of its own
    "POST /api/v1/auth/password-reset/request": ANYBODY,
    "POST /api/v1/auth/password-reset/confirm": ANYBODY,  # shows the token from the letter
    "POST /api/v1/auth/logout": SIGNED_IN,
    "POST /api/v1/auth/logout-all": SIGNED_IN,
    "GET /api/v1/auth/me": SIGNED_IN,
    "POST /api/v1/content/generate": SIGNED_IN,
    "GET /api/v1/content/requests/{}": SIGNED_IN,
    "POST /api/v1/content/requests/{}/cancel": SIGNED_IN,
    "GET /api/v1/content/requests": SIGNED_IN,
    "GET /api/v1/content/requests/{}/artefact": SIGNED_IN,
    "GET /api/v1/content/notifications": SIGNED_IN,
    "POST /api/v1/content/notifications/{}/read": SIGNED_IN,
    "GET /api/v1/monitoring/requests": STAFF,
    "GET /api/v1/monitoring/requests/{}": STAFF,
    "POST /api/v1/monitoring/search": STAFF,
    "GET /api/v1/monitoring/metrics": STAFF,
    "GET /metrics": ANYBODY,  # of this machine or with the token: test_metrics_page
}


def routes_of(app: FastAPI) -> Iterator[str]:
    """Every method and path that the service answers to, hidden ones too."""
    for route in iter_route_contexts(app.routes):
        path = re.sub(r"\{[^}]*\}", "{}", route.path)
        for method in route.methods or ("ANY",):  # a mount answers to all
            yield f"{method} {path}"


async def ask(client: httpx.AsyncClient, route: str, headers: dict[str, str]) -> int:
    """Call a route with as little as possible and return the status."""
    method, _, path = route.partition(" ")
    body = {"json": {}} if method in {"POST", "PUT", "PATCH"} else {}
    address = path.replace("{}", UNKNOWN_ID)
    response = await client.request(method, address, headers=headers, **body)
    return response.status_code


async def test_no_route_is_without_a_decision(app: FastAPI):
    """A new endpoint fails this test until somebody says who may call it (D73)."""
    declared = set(routes_of(app))

    undecided, vanished = declared - MAY_CALL.keys(), MAY_CALL.keys() - declared

    assert not undecided
    assert not vanished


@pytest.mark.parametrize("caller", ANYBODY)
async def test_each_route_is_open_to_those_it_is_meant_for(
    app: FastAPI, client: httpx.AsyncClient, caller: str
):
    """Everybody asks everything: 401 for strangers, 403 for the wrong role (D72, D73)."""
    found = {}
    for route in MAY_CALL:
        # Somebody new each time: a sign-out must not close the doors that follow.
        person = (
            None if caller == "anonymous" else await signed_in(app.state.services, Role(caller))
        )
        found[route] = await ask(client, route, person.headers if person else {})

    refusal = 401 if caller == "anonymous" else 403
    for route, who in MAY_CALL.items():
        if caller in who:
            assert found[route] not in (401, 403), (route, found[route])
            assert found[route] < 500, (route, found[route])
        else:
            assert found[route] == refusal, route


@pytest.mark.parametrize("environment", ["staging", "test"])
async def test_the_api_explains_itself_in_development_only(
    settings_with, database, environment: str
):
    """Elsewhere there is no page and no schema to read."""
    from app.main import create_app  # noqa: PLC0415 - as in conftest

    places = ("/docs", "/redoc", "/openapi.json")
    closed = create_app(settings_with(environment=environment))
    opened = create_app(settings_with(environment="development"))

    answers = {
        name: [await _status(app, place) for place in places]
        for name, app in {"closed": closed, "opened": opened}.items()
    }

    assert answers == {"closed": [404, 404, 404], "opened": [200, 404, 200]}


async def _status(app: FastAPI, path: str) -> int:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return (await client.get(path)).status_code
