"""What Sentry is sent has passed our redactor, whoever made the event and wherever it stands."""

import random
import string

import pytest

from tocsin.telemetry.exporters.sentry import Scrubber
from tocsin.telemetry.redaction import Redactor

TOKEN = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.sQ7bJ9b0x8PqgH1nq2Z3YxYl0rT5uVwK"
CARD = "4111 1111 1111 1111"
MAIL = "ada.lovelace@school.example"
SECRETS = (TOKEN.removeprefix("Bearer "), CARD, MAIL, "hunter2-tiger", "198.51.100.23")


def _somewhere(chance: random.Random, secret: str, depth: int = 0):
    """The secret under innocent or telling names, in lists and maps."""
    keys = ("note", "Authorization", "x-Api-KEY", "COOKIE", "email", "data", "items", "path")
    shape = chance.choice(("text", "map", "list")) if depth < 4 else "text"
    if shape == "map":
        return {chance.choice(keys): _somewhere(chance, secret, depth + 1)}
    if shape == "list":
        return ["fine", _somewhere(chance, secret, depth + 1)]
    around = "".join(chance.choices(string.ascii_lowercase + " ", k=chance.randrange(12)))
    return f"{around} {secret} {around}"


@pytest.mark.parametrize("seed", range(40))
def test_the_scrubber_lets_no_planted_secret_through(seed):
    """Secrets that have a form, anywhere an event has room for them (D70, behaviour 30)."""
    chance = random.Random(seed)  # noqa: S311 - which place, nothing secret
    scrubber = Scrubber(Redactor())
    fields = [
        "message",
        "logentry",
        "extra",
        "contexts",
        "tags",
        "breadcrumbs",
        "request",
        "user",
        "transaction",
        "exception",
        "threads",
        "spans",
        "modules",
        "fingerprint",
        "something_new",
    ]
    secrets = (TOKEN, CARD, MAIL)
    frame = {"function": "f", "lineno": 3, "vars": {"scope": {"headers": list(secrets)}}}
    event = {name: _somewhere(chance, chance.choice(secrets)) for name in fields}
    event["request"] = {
        "url": f"https://x.example/carts?token={MAIL}",
        "query_string": f"mail={MAIL}",
        "headers": {"aUTHORIZATION": TOKEN, "User-Agent": MAIL, "Host": MAIL},
        "cookies": {"session": TOKEN},
        "data": {"card": CARD, "note": MAIL},
        "env": {"REMOTE_ADDR": "198.51.100.23"},
    }
    event["exception"] = {
        "values": [{"type": "E", "value": MAIL, "stacktrace": {"frames": [frame]}}]
    }
    event["breadcrumbs"] = {"values": [{"message": MAIL, "data": _somewhere(chance, CARD)}]}
    event["user"] = {"id": MAIL, "ip_address": "198.51.100.23"}

    shown = repr(scrubber.event(event))

    planted = (TOKEN.removeprefix("Bearer "), CARD, MAIL, "198.51.100.23", "vars")
    assert [secret for secret in planted if secret in shown] == []


def test_a_transaction_is_scrubbed_like_an_event():
    """Should somebody switch Sentry's tracing on, its spans pass the same way (D70)."""
    scrubber = Scrubber(Redactor())

    shown = repr(
        scrubber.event(
            {
                "type": "transaction",
                "transaction": f"GET /{MAIL}",
                "spans": [{"description": f"select {MAIL}", "data": {"password": "hunter2-tiger"}}],
            }
        )
    )

    assert [secret for secret in SECRETS if secret in shown] == []


WAYS = ("user", "request", "exception", "threads", "stacktrace", "logentry", "tags", "contexts")


@pytest.mark.parametrize("name", [*WAYS, "breadcrumbs", "message", "extra", "fingerprint"])
@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        MAIL,
        [MAIL, 7, None, [MAIL, MAIL]],
        {MAIL: MAIL, "values": 7, "frames": MAIL, "url": "http://[", "headers": [MAIL], "id": []},
        {"values": [7, {"stacktrace": {"frames": [MAIL]}, MAIL: [MAIL]}], "headers": {1: MAIL}},
    ],
)
def test_an_event_of_any_shape_is_scrubbed_and_not_lost(name, value):
    """A hook that raises loses the event; ours meets every shape (D70, behaviour 30)."""
    scrubber = Scrubber(Redactor())

    shown = scrubber.event({"event_id": "0" * 32, name: value})

    assert shown["event_id"] == "0" * 32
    assert MAIL not in repr(shown)
