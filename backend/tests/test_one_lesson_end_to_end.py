"""One pupil's lesson on the real service over HTTP, and the exact mark that it leaves.

The plan's thirteen metrics (R069 to R081) are read from the metrics page before and after.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
from scraped import Scrape

from app.core.vocabulary import Stage

API = "/api/v1"
PUPIL = {
    "email": "lena@school.example",
    "password": "Photosynthesis1",
    "first_name": "Lena",
    "last_name": "Example",
    "role": "student",
    "grade_level": 10,
}
LOGIN = {"email": PUPIL["email"], "password": PUPIL["password"]}
QUESTION = {
    "student_query": "How does photosynthesis turn sunlight into sugar inside a leaf?",
    "interest": "basketball",
}
WITHIN_S = 30.0


@dataclass
class Pupil:
    """Somebody with a browser; ``requests`` counts what was sent."""

    http: httpx.Client
    requests: int = 0

    def send(self, method: str, path: str, status: int, json: object = None) -> httpx.Response:
        self.requests += 1
        response = self.http.request(method, path, json=json)
        assert response.status_code == status, response.text
        return response

    def sign_in(self) -> dict[str, str]:
        tokens = self.send("POST", f"{API}/auth/login", 200, LOGIN).json()
        self.http.headers["authorization"] = f"Bearer {tokens['access_token']}"
        return tokens

    def ask_and_wait(self, question: dict[str, str]) -> dict:
        place = self.send("POST", f"{API}/content/generate", 202, question).headers["location"]
        end = time.monotonic() + WITHIN_S
        while (body := self.send("GET", place, 200).json())["outcome"] is None:
            assert time.monotonic() < end, body
            time.sleep(1.1)  # the limit of status reads is one a second
        return body


@contextmanager
def pupil_of(service) -> Iterator[Pupil]:
    with httpx.Client(base_url=service.base_url, timeout=15.0) as http:
        yield Pupil(http)


def wait_for_gauge(service, name: str, wanted: float, **labels: str) -> float:
    """The gauge, as soon as it shows what is wanted or the samplers have had their time."""
    end = time.monotonic() + WITHIN_S
    while (value := Scrape.of(service.base_url).total(name, **labels)) != wanted:
        if time.monotonic() > end:
            break
        time.sleep(0.5)
    return value


@pytest.fixture
def service(running_service):
    """The real service with a worker of its own, whose refresh endpoint bites soon."""
    return running_service(env={"RATE_LIMITS": '{"auth.refresh.per_client": "2/minute"}'})


def test_one_lesson_moves_each_of_the_plans_metrics_by_the_right_amount(service):
    """From registering to signing out, each metric says exactly what happened (D14, D89)."""
    before = Scrape.of(service.base_url)
    with pupil_of(service) as pupil:
        pupil.send("POST", f"{API}/auth/register", 201, PUPIL)
        pupil.send("POST", f"{API}/auth/login", 401, LOGIN | {"password": "Photosynthesis2"})
        tokens = pupil.sign_in()
        renewal = {"refresh_token": tokens["refresh_token"]}
        renewed = pupil.send("POST", f"{API}/auth/refresh", 200, renewal).json()
        pupil.http.headers["authorization"] = f"Bearer {renewed['access_token']}"
        pupil.send("POST", f"{API}/auth/refresh", 401, {"refresh_token": "x" * 43})
        pupil.send("POST", f"{API}/auth/refresh", 429, {"refresh_token": "y" * 43})
        lesson = pupil.ask_and_wait(QUESTION)
        film = pupil.send("GET", lesson["artefact"], 200)
        sessions = wait_for_gauge(service, "auth_active_sessions", 1.0, user_role="student")
        pupil.send("POST", f"{API}/auth/logout", 204)

    rise = Scrape.of(service.base_url).since(before)

    assert film.content[4:8] == b"ftyp"
    assert lesson["status"] == "completed"
    assert rise.total("auth_login_attempts_total", status="success", user_role="student") == 1
    assert rise.total("auth_login_attempts_total", status="failure", user_role="student") == 1
    assert rise.total("auth_login_attempts_total") == 2
    assert rise.total("auth_login_failures_total", reason="invalid_password") == 1
    assert rise.total("auth_login_failures_total") == 1
    assert rise.total("auth_token_refresh_total", status="success") == 1
    assert rise.total("auth_token_refresh_total", status="failure") == 1
    assert sessions == 1
    assert rise.total("auth_session_duration_seconds_count") == 1
    assert rise.total("content_generation_requests_total", status="pending") == 1
    assert rise.total("content_generation_requests_total", status="completed") == 1
    assert rise.total("content_generation_requests_total", status="failed") == 0
    for stage in (*Stage, "total"):
        assert rise.total("content_generation_duration_seconds_count", stage=stage) == 1
    assert rise.total("http_request_total") == pupil.requests
    assert rise.total("http_request_duration_seconds_count") == pupil.requests
    assert rise.total("rate_limit_exceeded_total", endpoint=f"{API}/auth/refresh") == 1
    assert rise.total("rate_limit_exceeded_total") == 1
    assert rise.total("brute_force_lockouts_total") == 0


def test_every_request_passes_the_limiter_once(service):
    """Checks performed and the limiter's time are counted once for each request (R069, R072)."""
    before = Scrape.of(service.base_url)
    with pupil_of(service) as stranger:
        for _ in range(3):
            stranger.send("GET", f"{API}/auth/me", 401)
        stranger.send("GET", "/no/such/page", 404)

    rise = Scrape.of(service.base_url).since(before)

    assert rise.total("rate_limit_hits_total", endpoint=f"{API}/auth/me") == 3
    assert rise.total("rate_limit_hits_total", endpoint="<unmatched>") == 1
    assert rise.total("rate_limit_middleware_latency_ms_count", endpoint=f"{API}/auth/me") == 3


def test_the_fifth_wrong_password_is_one_lockout(service):
    """Five failures begin one lockout; the sixth attempt is refused and counted as locked."""
    before = Scrape.of(service.base_url)
    with pupil_of(service) as pupil:
        pupil.send("POST", f"{API}/auth/register", 201, PUPIL)
        for _ in range(4):
            pupil.send("POST", f"{API}/auth/login", 401, LOGIN | {"password": "Wrong-guess1"})
        fifth = pupil.http.post(f"{API}/auth/login", json=LOGIN | {"password": "Wrong-guess1"})
        sixth = pupil.http.post(f"{API}/auth/login", json=LOGIN)

    rise = Scrape.of(service.base_url).since(before)

    assert fifth.status_code in {401, 429}
    assert sixth.status_code == 429
    assert 290 <= int(sixth.headers["retry-after"]) <= 300
    assert rise.total("brute_force_lockouts_total") == 1
    assert rise.total("brute_force_attempts_total") == 5
    assert rise.total("auth_login_failures_total", reason="invalid_password") == 5
    assert rise.total("auth_login_failures_total", reason="account_locked") == 1
    assert not [key for key in rise.samples if "@" in str(key) or "127.0.0.1" in str(key)]
