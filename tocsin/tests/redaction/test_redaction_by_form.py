"""What gives itself away by its form is hidden wherever it stands (behaviour 30)."""

import json

import pytest

from tocsin.telemetry.redaction import MASK, Redactor

redactor = Redactor()

# Made-up keys are put together here, so that no scanner takes them for real ones.
SECRETS = {
    "bearer": ("Bearer abc.def-123_xyz", "abc.def-123_xyz"),
    "basic": ("Basic YWRhOmh1bnRlcjI=", "YWRhOmh1bnRlcjI"),
    "jwt": ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl", "c2lnbmF0dXJl"),
    "google key": ("AI" + "zaSyMadeUpMadeUpMadeUpMadeUpMade012345", "MadeUp"),
    "github token": ("gh" + "p_madeUpMadeUpMadeUpMadeUpMadeUp0123", "madeUp"),
    "model key": ("sk" + "-proj-madeup0123456789madeup", "madeup"),
    "slack token": ("xo" + "xb-123456789012-madeupmadeup", "madeup"),
    "amazon key": ("AK" + "IAMADEUP0123456789", "MADEUP"),
    "password": ("password=swordfish", "swordfish"),
    "quoted password": ('"password": "sword fish"', "rd fish"),
    "cookie": ("Cookie: sid=swordfish; theme=dark", "swordfish"),
    "card": ("4242 4242 4242 4242", "4242 4242"),
    "card in one": ("5555555555554444", "5555"),
    "e-mail": ("ada@school.example", "ada"),
    "encoded e-mail": ("ada%40school.example", "ada"),
    "phone": ("+44 20 7946 0958", "7946"),
    "national phone": ("(202) 555-0143", "0143"),
    "IPv4": ("192.0.2.7", "192.0"),
    "IPv6": ("2001:db8::17", "db8"),
    "userinfo": ("redis://:swordfish@cache.example:6379/0", "swordfish"),
    "query": ("/login?user=swordfish&next=1", "swordfish"),
}
PLACES = {
    "alone": "{}",
    "in a sentence": "it failed for {} after 3 tries",
    "in brackets": "failed ({}), again",
    "in an exception": "ValueError: cannot use {}\nDuring handling of the above",
    "in a source line": '  File "/srv/app/login.py", line 12, in login\n    check("{}")',
    "in a list": "values: [{}, 1]",
    "after a line": "first\n{}\nlast",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_hidden_wherever_a_text_holds_it(kind, place):
    """Messages, exception texts and source lines alike (behaviour 30)."""
    secret, needle = SECRETS[kind]
    text = PLACES[place].replace("{}", secret.replace('"', "'"))

    shown = redactor.text(text)

    assert needle not in shown
    assert MASK in shown


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_hidden_in_every_part_of_a_field(kind):
    """Values, nested values, keys, bytes and members of a set (behaviour 30)."""
    secret, needle = SECRETS[kind]
    fields = {
        "note": secret,
        "nested": [{"deep": (secret, {secret})}],
        secret: 1,
        "raw": secret.encode(),
        "failure": ValueError(secret),
    }

    shown = redactor.event(fields)

    assert needle not in json.dumps(shown)


@pytest.mark.parametrize(
    "text",
    [
        "6b1f0c9e-7f0a-4f57-9a3e-0d6f6d1c2b3a",
        "req-0123456789abcdef",
        "0af7651916cd43dd8448eb211c80319c",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "order 4242424242424241 of 2026-11-23",
        "2026-11-23T18:10:00.123456Z",
        "1700000000123456789",
        "wrote 1234567890 bytes in 0.123456 s",
        "version 1.2.3.4 after v1.2.3.3 and grpcio==1.62.0.1",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0",
        "running on http://127.0.0.1:8000",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "GET /api/v1/content/requests/6b1f0c9e-7f0a-4f57-9a3e-0d6f6d1c2b3a HTTP/1.1",
        "Basic English for beginners; Bearer authentication is required",
        "author=Byron secretary=Bob session_count=3 authenticated=yes csrf_enabled=true",
    ],
)
def test_what_people_look_for_in_a_log_stays_readable(text):
    """Ids, orders, moments, sizes, hashes and versions are no secrets (behaviour 30)."""
    shown = redactor.text(text)

    assert shown == text


def test_a_query_keeps_its_keys_and_loses_its_values():
    """Which filters were used is shown; what was looked for is not (D76, D78)."""
    text = "GET /students?name=Ada+Lovelace&email=ada%40school.example&page=2 HTTP/1.1"

    shown = redactor.text(text)

    assert shown == f"GET /students?name={MASK}&email={MASK}&page={MASK} HTTP/1.1"


def test_a_refused_value_in_a_validation_error_is_hidden():
    """Once a password that was too short went to the log in clear (D18)."""
    text = (
        "1 validation error for Login\npassword\n  String should have at least 12 characters "
        "[type=string_too_short, input_value='hunter2', input_type=str]"
    )

    shown = redactor.text(text)

    assert shown == text.replace("hunter2", MASK)


def test_records_that_a_database_error_quotes_are_hidden():
    """SQL parameters and failing rows hold names, which have no form (D28)."""
    text = (
        "duplicate key\nDETAIL:  Key (last_name)=(Lovelace) already exists.\n"
        "[SQL: INSERT INTO users VALUES (?, ?)]\n[parameters: ('Ada', 'Lovelace')]"
    )

    shown = redactor.text(text)

    assert "Ada" not in shown
    assert "Lovelace" not in shown
    assert "[SQL: INSERT INTO users VALUES (?, ?)]" in shown


def test_a_private_key_is_hidden_with_all_its_lines():
    """Also when its end was cut off."""
    whole = "-----BEGIN PRIVATE KEY-----\nMIIEmadeup\n-----END PRIVATE KEY-----\nafter"
    torn = "-----BEGIN RSA PRIVATE KEY-----\nMIIEmadeup\nMIIE"

    shown = (redactor.text(whole), redactor.text(torn))

    assert shown == (f"{MASK}\nafter", MASK)


def test_asgi_headers_are_hidden_by_their_names():
    """A scope in a field, and its repr in a message (behaviour 30)."""
    headers = [(b"host", b"school.example"), (b"cookie", b"sid=swordfish"), (b"x-api-key", b"cod")]

    fields = redactor.value("headers", headers)
    text = redactor.text(f"frame locals: headers={headers!r}")

    assert fields == [("host", "school.example"), ("cookie", MASK), ("x-api-key", MASK)]
    assert text == (
        "frame locals: headers=[(b'host', b'school.example'), "
        f"(b'cookie', b'{MASK}'), (b'x-api-key', b'{MASK}')]"
    )


def test_a_name_and_its_value_may_stand_in_two_fields():
    """Header objects and form fields are often written so."""
    fields = [{"name": "Authorization", "value": "swordfish"}, {"name": "lesson", "value": "light"}]

    shown = redactor.value("sent", fields)

    assert [field["value"] for field in shown] == [MASK, "light"]
