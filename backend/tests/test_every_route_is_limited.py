"""Every route of the real service has a limit, and the limit bites (D84)."""

import re
from io import BytesIO
from itertools import count

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from app.main import create_app
from app.middleware.security import NEVER_REFUSED
from app.services.protection.rules import DEFAULT_LIMITS, WRONG_PASSWORDS, routes_with_a_rule
from tocsin.telemetry.testing import parse_lines

PERSON = {"first_name": "Ada", "last_name": "L", "role": "student", "grade_level": 10}
SECRET = "Correct-Horse-7-Battery"
NAMES_AN_ACCOUNT = {
    "register": {"email": "ada@school.example", "password": SECRET, **PERSON},
    "login": {"email": "ada@school.example", "password": SECRET},
    "refresh": {"refresh_token": "x" * 43},
    "password-reset/request": {"email": "ada@school.example"},
    "password-reset/confirm": {"token": "x" * 43, "new_password": SECRET},
}
_NUMBERS = count(1)


@pytest.fixture
def few():
    """Two a minute per address; per person too, where that is asked for."""
    return {name: "2/minute" for name in DEFAULT_LIMITS if not name.startswith(WRONG_PASSWORDS)}


@pytest.fixture
def settings(settings_with, few):
    """The service under test: the real one, with small numbers."""
    return settings_with(rate_limits=few)


def routes_of(app: FastAPI) -> list[tuple[str, str]]:
    """Method and template of all that is limited, hidden routes too; probes never are."""
    return sorted(
        (method, route.path)
        for route in iter_route_contexts(app.routes)
        for method in route.methods or ("GET",)
        if route.path not in NEVER_REFUSED
    )


def browser(app: FastAPI, address: str = "") -> httpx.AsyncClient:
    """Somebody at an address of their own, or at ``address``."""
    number = next(_NUMBERS)
    here = address or f"10.9.{number >> 8}.{number & 255}"
    transport = httpx.ASGITransport(app=app, client=(here, 50_000), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


def address_of(template: str) -> str:
    return re.sub(r"\{[^}]*\}", "42", template)


async def test_every_route_refuses_a_stranger_who_asks_too_often(app):
    """Whatever the route answers otherwise, the third of two allowed is a 429 with a wait (D84)."""
    toothless = []

    for method, template in routes_of(app):
        stranger = browser(app)
        answers = [await stranger.request(method, address_of(template)) for _ in range(3)]
        found = [answer.status_code == 429 for answer in answers]
        if found != [False, False, True] or "retry-after" not in answers[-1].headers:
            toothless.append((method, template, [answer.status_code for answer in answers]))

    assert toothless == []


async def test_every_route_refuses_an_account_that_asks_too_often_from_wherever(app):
    """A verified account takes its limit along: three addresses are not three callers (D84)."""
    tokens = app.state.services.tokens
    toothless = []

    for method, template in routes_of(app):
        if template.removeprefix("/api/v1/auth/") in NAMES_AN_ACCOUNT:
            continue  # says in its body who asks: the next test
        token = tokens.access_token(user_id=f"user-{next(_NUMBERS)}", session_id="7")
        shown = {"authorization": f"Bearer {token}"}
        answers = [
            await browser(app).request(method, address_of(template), headers=shown)
            for _ in range(3)
        ]
        if [answer.status_code == 429 for answer in answers] != [False, False, True]:
            toothless.append((method, template, [answer.status_code for answer in answers]))

    assert toothless == []


class TestAnAccountThatABodyNames:
    """The second step of the limiter: once the body says who asks."""

    @pytest.fixture
    def few(self):
        """Two a minute per account; addresses as generous as ever."""
        return {
            name: "2/minute"
            for name in DEFAULT_LIMITS
            if name.startswith("auth.") and not name.endswith(".per_client")
        }

    @pytest.mark.parametrize("endpoint", NAMES_AN_ACCOUNT)
    async def test_it_is_limited_from_one_address(self, app, endpoint):
        """The third attempt for one account from one address is refused, with a wait (D84)."""
        somebody = browser(app)
        path, body = f"/api/v1/auth/{endpoint}", NAMES_AN_ACCOUNT[endpoint]

        answers = [await somebody.post(path, json=body) for _ in range(3)]

        assert [answer.status_code == 429 for answer in answers] == [False, False, True]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


async def test_no_rule_is_left_over_from_a_route_that_is_gone(app):
    """Each route that the table of limits names is one that the service has."""
    served = {(method, re.sub(r"\{[^}]*\}", "{}", path)) for method, path in routes_of(app)}

    assert set(routes_with_a_rule()) <= served


async def test_paths_that_do_not_exist_are_limited_too(app):
    """A scanner is one caller, however many paths it invents (behaviour 10)."""
    scanner = browser(app)

    answers = [await scanner.get(f"/invented-{number}.php") for number in range(3)]

    assert [answer.status_code for answer in answers] == [404, 404, 429]


async def test_a_refusal_has_an_id_log_lines_and_no_address_in_them(settings, database):
    """A 429 is found by its id: its access line, and one warning that says who and why (D31)."""
    written = BytesIO()
    service = create_app(settings, stream=written)
    async with service.router.lifespan_context(service):
        scanner = browser(service, "203.0.113.42")
        answers = [await scanner.get(f"/invented-{number}.php") for number in range(4)]

    refused = answers[2]
    lines = parse_lines(written.getvalue())
    about = [line for line in lines if line.get("request_id") == refused.headers["x-request-id"]]
    access = [line for line in about if "httpRequest" in line]
    warnings = [line for line in lines if line["message"] == "rate_limit_exceeded"]
    assert [answer.status_code for answer in answers] == [404, 404, 429, 429]
    assert refused.json()["request_id"] == refused.headers["x-request-id"]
    assert [line["httpRequest"]["status"] for line in access] == [429]
    assert len(warnings) == 1
    assert warnings[0] in about
    assert warnings[0]["offender"] == access[0]["client"]
    assert b"203.0.113.42" not in written.getvalue()
