"""Promises about what sign-in leaves in the logs: who by pseudonym, and nothing else of anybody."""

import io

import httpx
import pytest
from front_door import EMAIL, PASSWORD
from sqlalchemy import text

from app.core.config import Settings
from app.main import create_app
from tocsin.telemetry.testing import parse_lines

AUTH = "/api/v1/auth"
ADDRESS = "203.0.113.77"
WRONG = "Wr0ng-hunter2-guess"
NEW_PASSWORD = "Difference-Engine-2"
STUDENT = {
    "email": EMAIL,
    "password": PASSWORD,
    "first_name": "Adaline",
    "last_name": "Lovelace",
    "role": "student",
    "grade_level": 10,
}


class Watched:
    """The whole service with its log in memory, and one browser at a known address."""

    def __init__(self, settings: Settings) -> None:
        self._stream = io.BytesIO()
        self.app = create_app(settings, stream=self._stream)
        self.services = self.app.state.services
        transport = httpx.ASGITransport(
            app=self.app, client=(ADDRESS, 50_000), raise_app_exceptions=False
        )
        self.browser = httpx.AsyncClient(transport=transport, base_url="http://testserver")

    async def post(self, path: str, body: object = None, token: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.browser.post(f"{AUTH}/{path}", json=body, headers=headers)

    def lines(self) -> list[dict[str, object]]:
        """Every line so far, strictly parsed."""
        self.services.telemetry.logs.flush(5.0)
        return parse_lines(self._stream.getvalue())

    def text(self) -> str:
        """The whole log as it was written."""
        self.services.telemetry.logs.flush(5.0)
        return self._stream.getvalue().decode()

    def events(self, message: str) -> list[dict[str, object]]:
        return [line for line in self.lines() if line["message"] == message]

    def access_line(self, path: str) -> dict[str, object]:
        """The newest access line of this path."""
        found = [
            line
            for line in self.lines()
            if str(line.get("httpRequest", {}).get("requestUrl", "")).endswith(path)
        ]
        return found[-1]


@pytest.fixture
async def watched(settings_with, database):
    """The service at work, writing every line that it can."""
    everything = {"sqlalchemy": "DEBUG", "app": "DEBUG"}
    service = Watched(settings_with(log_level="DEBUG", logger_levels=everything))
    async with service.app.router.lifespan_context(service.app), service.browser:
        yield service


async def test_no_way_through_sign_in_leaves_a_secret_or_a_name(watched, settings):
    """Everything that can happen at this door, then a search of the whole log (D18, D19)."""
    secrets = {EMAIL, PASSWORD, WRONG, NEW_PASSWORD, ADDRESS, "Adaline", "Lovelace", "Ada.Byron"}
    await watched.post("register", STUDENT)
    await watched.post("register", STUDENT)
    await watched.post("register", STUDENT | {"password": "hunter2"})
    first = (await watched.post("login", {"email": EMAIL, "password": PASSWORD})).json()
    second = (await watched.post("refresh", {"refresh_token": first["refresh_token"]})).json()
    await watched.post("refresh", {"refresh_token": first["refresh_token"]})
    await watched.post("logout", token=second["access_token"])
    await watched.post("password-reset/request", {"email": EMAIL})
    await watched.post("password-reset/request", {"email": "Ada.Byron@school.example"})
    (letter,) = settings.mail_dir.glob("*.eml")
    code = next(word for word in letter.read_text().split() if len(word) == 43)
    confirmation = {"token": code, "new_password": NEW_PASSWORD}
    await watched.post("password-reset/confirm", confirmation)
    await watched.post("password-reset/confirm", confirmation)
    for _ in range(7):
        await watched.post("login", {"email": EMAIL, "password": WRONG})
    await watched.browser.get(f"{AUTH}/me?token={second['access_token']}&email={EMAIL}")

    log = watched.text()

    tokens = ("access_token", "refresh_token")
    secrets |= {code, *(pair[name] for pair in (first, second) for name in tokens)}
    assert {secret for secret in secrets if secret.lower() in log.lower()} == set()
    told = {str(line["message"]) for line in watched.lines()}
    assert told >= {
        "account_registered",
        "registration_refused",
        "login_succeeded",
        "login_failed",
        "brute_force_lockout",
        "token_refresh_refused",
        "refresh_token_reused",
        "session_ended",
        "access_refused",
        "password_reset_sent",
        "password_reset_not_sent",
        "password_reset_done",
    }


async def test_a_request_that_fails_keeps_its_debug_lines_and_no_childs_data(watched):
    """The database's libraries would write whole rows there; they are kept from it."""
    await watched.post("register", STUDENT)
    async with watched.services.database.transaction() as transaction:
        await transaction.execute(text("DROP TABLE refresh_tokens"))

    response = await watched.post("login", {"email": EMAIL, "password": PASSWORD})

    log = watched.text()
    assert response.status_code == 500
    assert "OperationalError" in log
    assert {word for word in (EMAIL, "Adaline", "Lovelace", "$argon2id$") if word in log} == set()


async def test_every_line_of_a_signed_in_request_says_who_by_pseudonym(watched):
    """The access line of the sign-in itself, and of what follows it (D23)."""
    user = (await watched.post("register", STUDENT)).json()
    tokens = (await watched.post("login", {"email": EMAIL, "password": PASSWORD})).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    await watched.browser.get(f"{AUTH}/me", headers=headers)

    lines = [watched.access_line(f"{AUTH}/{path}") for path in ("login", "me")]

    who = watched.services.telemetry.pseudonyms.user(user["id"])
    assert [(line["user"], line["user_role"]) for line in lines] == [(who, "student")] * 2


async def test_a_strangers_request_names_nobody(watched):
    """A token that is refused does not put its owner's pseudonym on the line."""
    await watched.post("register", STUDENT)
    tokens = (await watched.post("login", {"email": EMAIL, "password": PASSWORD})).json()
    await watched.post("logout", token=tokens["access_token"])
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    await watched.browser.get(f"{AUTH}/me", headers=headers)

    line = watched.access_line(f"{AUTH}/me")

    assert not line.get("user")
    assert [event["reason"] for event in watched.events("access_refused")] == ["session_ended"]


async def test_a_theft_is_a_warning_that_names_the_account_by_pseudonym(watched):
    """An operator can find the pupil's sessions, and nobody else can."""
    user = (await watched.post("register", STUDENT)).json()
    tokens = (await watched.post("login", {"email": EMAIL, "password": PASSWORD})).json()
    for _ in range(2):
        await watched.post("refresh", {"refresh_token": tokens["refresh_token"]})

    (event,) = watched.events("refresh_token_reused")

    assert event["severity"] == "WARNING"
    assert event["account"] == watched.services.telemetry.pseudonyms.user(user["id"])
    assert event["account_role"] == "student"


async def test_the_answer_to_a_reset_request_goes_out_before_the_account_is_looked_for(
    watched, settings
):
    """So its time cannot tell whether there is one."""
    await watched.post("register", STUDENT)
    body = b'{"email": "%s"}' % EMAIL.encode()
    letters_at_the_answer: list[int] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            letters_at_the_answer.append(len(list(settings.mail_dir.glob("*.eml"))))

    await watched.app(_scope(f"{AUTH}/password-reset/request", len(body)), receive, send)

    assert letters_at_the_answer == [0]
    assert len(list(settings.mail_dir.glob("*.eml"))) == 1


async def test_a_letter_that_cannot_be_sent_changes_no_answer_and_names_nobody(watched, settings):
    """The person sees the same 202; the log says what failed without an address."""
    await watched.post("register", STUDENT)
    settings.mail_dir.write_text("a file where the folder should be")

    response = await watched.post("password-reset/request", {"email": EMAIL})

    assert response.status_code == 202
    log = watched.text()
    assert "MailNotSentError" in log
    assert EMAIL not in log


def _scope(path: str, length: int) -> dict[str, object]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"testserver"),
            (b"content-type", b"application/json"),
            (b"content-length", str(length).encode()),
        ],
        "client": (ADDRESS, 50_000),
        "server": ("testserver", 80),
    }
