"""Every response carries the security headers, whoever gives it."""

import httpx
import pytest
from guarded import GuardedService, sign_in

from app.middleware.security import SecurityHeadersMiddleware
from tocsin.telemetry.testing import HandClock

EXPECTED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "content-security-policy": (
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
}


@pytest.fixture
def browser(settings):
    return GuardedService(settings, HandClock()).client()


def assert_complete(answer):
    assert EXPECTED.items() <= dict(answer.headers).items()
    assert "geolocation=()" in answer.headers["permissions-policy"]
    assert "x-xss-protection" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/content/requests/42", 200),
        ("GET", "/wp-admin", 404),
        ("PUT", "/api/v1/content/requests/42", 405),
        ("GET", "/api/v1/boom", 500),
        ("GET", "/api/v1/stream", 200),
        ("HEAD", "/api/v1/stream", 405),
        ("BREW", "/api/v1/stream", 405),
    ],
)
async def test_every_kind_of_answer_carries_them(browser, method, path, status):
    """Found, missing, not allowed, unforeseen and streamed alike (D32)."""
    answer = await browser.request(method, path)

    assert answer.status_code == status
    assert_complete(answer)


async def test_a_refusal_carries_them(settings_with):
    """A 429 is where they were missing (D32)."""
    few = settings_with(rate_limits={"content.status.per_client": "1/minute"})
    browser = GuardedService(few, HandClock()).client()
    await browser.get("/api/v1/content/requests/42")

    answer = await browser.get("/api/v1/content/requests/42")

    assert answer.status_code == 429
    assert_complete(answer)


async def test_a_preflight_carries_them(browser):
    """Although CORS answers it and no endpoint runs."""
    answer = await browser.options(
        "/api/v1/content/requests/42",
        headers={"origin": "https://vividly.example", "access-control-request-method": "GET"},
    )

    assert answer.status_code == 200
    assert_complete(answer)


async def test_only_development_is_not_told_to_insist_on_https(settings_with):
    """Elsewhere TLS ends in front of us; here a browser would lock itself out of localhost."""
    there = GuardedService(settings_with(environment="staging"), HandClock()).client()
    here = GuardedService(settings_with(environment="development"), HandClock()).client()

    answers = [await browser.get("/wp-admin") for browser in (there, here)]

    told = ["strict-transport-security" in answer.headers for answer in answers]
    assert told == [True, False]


async def test_answers_about_accounts_are_never_kept(browser):
    """Tokens and refusals of sign-in are for no cache, whatever else the endpoint says."""
    signed_in = await sign_in(browser, "ada@school.example")
    refused = await sign_in(browser, "ada@school.example", "wrong")

    assert signed_in.headers.get_list("cache-control") == ["no-store"]
    assert refused.headers.get_list("cache-control") == ["no-store"]


async def test_what_says_nothing_about_caching_is_not_kept(browser):
    """A lesson's status is a child's data: the careful answer is the default."""
    answer = await browser.get("/api/v1/content/requests/42")

    assert answer.headers["cache-control"] == "no-store"


async def test_a_response_may_state_its_own_caching(browser):
    """A stream that says `private` stays so, and says it once."""
    answer = await browser.get("/api/v1/stream")

    assert answer.headers.get_list("cache-control") == ["private"]


async def test_the_documentation_gets_a_policy_that_lets_it_work(browser):
    """Its page loads scripts; nothing else may, and nobody may frame it."""
    answer = await browser.get("/docs")

    policy = answer.headers["content-security-policy"]
    assert answer.status_code == 200
    assert "script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net" in policy
    assert "frame-ancestors 'none'" in policy


async def test_no_application_can_weaken_or_double_a_header():
    """Whatever the inner application states of these, ours stands, once."""

    async def careless(_scope, _receive, send):
        headers = [(b"x-frame-options", b"ALLOWALL"), (b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    guarded = SecurityHeadersMiddleware(careless, https=True)
    transport = httpx.ASGITransport(app=guarded)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as browser:
        answer = await browser.get("/")

    assert answer.headers.get_list("x-frame-options") == ["DENY"]
    assert answer.headers["content-type"] == "text/plain"


@pytest.mark.parametrize(
    ("path", "kept"),
    [("/api/v1/auth/login", "no-store"), ("/api/v1/content/requests", "max-age=60")],
)
async def test_nothing_below_sign_in_may_be_kept(path, kept):
    """Not even where an endpoint states otherwise: what it gives are tokens (RFC 6749, 5.1)."""

    async def careless(_scope, _receive, send):
        headers = [(b"cache-control", b"max-age=60")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    transport = httpx.ASGITransport(app=SecurityHeadersMiddleware(careless, https=True))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as browser:
        answer = await browser.get(path)

    assert answer.headers.get_list("cache-control") == [kept]


async def test_a_refused_websocket_carries_them():
    """A handshake that is answered with HTTP is an HTTP answer."""
    sent = []

    async def refusing(_scope, _receive, send):
        await send({"type": "websocket.http.response.start", "status": 403, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b""})

    async def keep(message):
        sent.append(message)

    guarded = SecurityHeadersMiddleware(refusing, https=True)
    await guarded({"type": "websocket", "path": "/ws"}, None, keep)

    assert (b"x-content-type-options", b"nosniff") in sent[0]["headers"]
