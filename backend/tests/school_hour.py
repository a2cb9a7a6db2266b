"""A short school day on the real service, and what its callers know of it: their own counts."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

API = "/api/v1"
_PASSWORD = "Photosynthesis1" + "of-a-made-up-pupil"
_QUESTION = "How does photosynthesis turn sunlight into sugar inside a leaf?"
_PAUSE_S = 0.1


@dataclass
class Day:
    """What was asked and answered; nothing here comes from the service's telemetry."""

    base_url: str
    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    """by method, route and status"""
    events: Counter[str] = field(default_factory=Counter)

    def pupil(self, number: int) -> Iterator[None]:
        """Register, mistype, sign in, ask for a lesson and look after it; a step at a time."""
        email = f"pupil-{number}@school.example"
        with httpx.Client(base_url=self.base_url, timeout=30.0) as http:
            account = {"first_name": "Sam", "last_name": "Example", "role": "student"}
            login = {"email": email, "password": _PASSWORD}
            body = {**login, **account, "grade_level": 10}
            self._send(http, "POST", "/auth/register", "account", json=body)
            yield
            wrong = {**login, "password": "mistyped-" + _PASSWORD}
            self._send(http, "POST", "/auth/login", "refused_sign_in", json=wrong)
            yield
            told = self._send(http, "POST", "/auth/login", "sign_in", json=login).json()
            http.headers["authorization"] = f"Bearer {told['access_token']}"
            asked = {"student_query": _QUESTION}
            lesson = self._send(http, "POST", "/content/generate", "lesson", json=asked)
            place = lesson.headers["location"].rpartition("/")[2]
            while True:
                yield
                self._of_pupil(http, "/auth/me")
                self._of_pupil(http, "/content/requests")
                self._of_pupil(http, "/content/requests/{request_id}", request_id=place)

    def _of_pupil(self, http: httpx.Client, route: str, **parts: str) -> None:
        self._send(http, "GET", route, "request_of_a_pupil", **parts)

    def _send(
        self,
        http: httpx.Client,
        method: str,
        route: str,
        event: str,
        json: Any = None,
        **parts: str,
    ) -> httpx.Response:
        answer = http.request(method, API + route.format(**parts), json=json)
        self.answers[method, API + route, answer.status_code] += 1
        self.events.update(["request", event])
        time.sleep(_PAUSE_S)
        return answer


def lived(day: Day, pupils: int, seconds: float) -> None:
    """Let so many pupils live through the day in turn."""
    classes = [day.pupil(number) for number in range(pupils)]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for one in classes:
            next(one)
