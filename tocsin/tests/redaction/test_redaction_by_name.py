"""A name hides its value when one of its words says so, and not when it looks alike."""

import pytest

from tocsin.telemetry.redaction import MASK, Redactor, is_secret_key

redactor = Redactor()

TELLING_WORDS = """
    password passwd pwd new_password userPassWord PGPASSWORD dbpassword passphrase
    secret client_secret token access_token refreshToken id-token csrf_token X-CSRF-Token
    authorization Proxy-Authorization Cookie Set-Cookie cookies api_key apiKey X-API-Key
    APIKey access.key privateKey SECRET_KEY credential credentials session_id sessionId
    email user.email emailAddress e_mail phone phone_number address home_address address_line_1
    first_name lastName full-name birth_date date_of_birth ssn ip client_ip ip_address
    remote_addr X-Forwarded-For X-Real-IP contraseña otp pin cvv
"""
HARMLESS_WORDS = """
    author authors secretary authenticated auth_types authorize session_count sessions csrf_enabled
    token_count token_type tokenizer passage passenger cookie_name email_verified email_count
    address_family bind_address ip_version shipping recipe pipeline description keyboard key
    cache_key primary_key public_key idempotency_key name lesson stage status request_id trace_id
    password_attempts password_length secret_version phone_verified zip spin pinned
"""


@pytest.mark.parametrize("name", TELLING_WORDS.split())
def test_a_telling_name_hides_its_value_however_it_is_spelt(name):
    """Snake, camel, kebab and dotted names are one name (behaviour 30)."""
    shown = redactor.event({name: "swordfish"})

    assert shown == {name: MASK}
    assert is_secret_key(name)


@pytest.mark.parametrize("name", HARMLESS_WORDS.split())
def test_a_name_that_only_looks_telling_shows_its_value(name):
    """Whole words are compared, so `author` is not `auth` (behaviour 30, D20)."""
    shown = redactor.event({name: "swordfish"})

    assert shown == {name: "swordfish"}
    assert not is_secret_key(name)


@pytest.mark.parametrize("value", [True, False, None, "", [], {}])
def test_a_flag_or_an_absence_is_shown_under_any_name(value):
    """That a password is missing is worth knowing and tells nothing."""
    shown = redactor.event({"password": value})

    assert shown == {"password": value}


def test_a_number_of_tokens_is_a_count_and_one_token_is_a_secret():
    """Language models count in tokens; a login's token may be a number too."""
    fields = {"max_tokens": 512, "tokens": 345, "token": 493817, "tokens_of_ada": "a1b2"}

    shown = redactor.event(fields)

    assert shown == {"max_tokens": 512, "tokens": 345, "token": MASK, "tokens_of_ada": MASK}


def test_a_pseudonym_is_shown_where_an_address_would_stand():
    """The labels `ip_address` and `email` carry keyed pseudonyms (decision D-6)."""
    fields = {"ip_address": "0123456789ab", "email": "9f8e7d6c5b4a", "client_ip": "0123456789AB"}

    shown = redactor.event(fields)

    assert shown == {**fields, "client_ip": MASK}


@pytest.mark.parametrize("name", ["token", "password", "phone", "first_name", "session_id"])
def test_a_secret_that_looks_like_a_pseudonym_is_hidden(name):
    """Twelve hex digits pass only where pseudonyms are put."""
    shown = redactor.event({name: "447700900123"})

    assert shown == {name: MASK}


@pytest.mark.parametrize(
    "spelling", ["student_query", "studentQuery", "Student-Query", "student.query"]
)
def test_a_service_adds_names_of_its_own(spelling):
    """One spelling covers the others."""
    own = Redactor(extra_keys=["studentQuery"])

    shown = own.event({spelling: "why is the sky blue?", "query_count": 3})

    assert shown == {spelling: MASK, "query_count": 3}
    assert not is_secret_key(spelling)


def test_counts_by_role_are_shown_and_a_student_is_not():
    """A number or a pseudonym under a role is no name."""
    counts = {"student": 12, "teacher": 3}
    people = {"student": "Ada", "teacher": "0123456789ab"}

    shown = (redactor.event(counts), redactor.event(people))

    assert shown == (counts, {"student": MASK, "teacher": "0123456789ab"})


def test_a_name_is_judged_where_it_names_a_value_in_a_text_too():
    """One vocabulary serves fields and messages."""
    own = Redactor(extra_keys=["nickname_at_school"])

    shown = own.text("nickname_at_school='Bee', token_count=3, password=swordfish")

    assert shown == f"nickname_at_school='{MASK}', token_count=3, password={MASK}"


def test_a_name_of_a_megabyte_costs_no_more_than_a_look():
    """Names come from the wire too; the end of one decides."""
    name = "a" * 1_000_000 + "_password"

    shown = redactor.event({name: "swordfish"})

    assert list(shown.values()) == [MASK]
    assert len(next(iter(shown))) < 70_000
