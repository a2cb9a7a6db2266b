"""Promises about tokens: what passes for an access token, and what never does."""

import base64
import json
import random

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.protection.bearer import presented
from app.services.tokens import CLOCK_SKEW_S, InvalidTokenError, TokenMint, digest
from tocsin.telemetry.testing import HandClock

KEY = "the key of these tests, 32 characters or more"
LIFE_S = 900


@pytest.fixture
def clock() -> HandClock:
    """A clock that stands until it is moved."""
    return HandClock()


@pytest.fixture
def mint(clock) -> TokenMint:
    """A mint whose chance repeats itself."""
    chance = random.Random(7)  # noqa: S311 - chance that repeats itself is the point
    return TokenMint(KEY, clock=clock, access_token_s=LIFE_S, entropy=chance.randbytes)


def claims_of(token: str) -> dict[str, object]:
    return jwt.decode(token, options={"verify_signature": False})


def signed(claims: dict[str, object], key: str = KEY, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, key, algorithm=algorithm)


def refusal(mint: TokenMint, token: str) -> str:
    with pytest.raises(InvalidTokenError) as refused:
        mint.read(token)
    return refused.value.reason


def test_a_token_states_who_and_for_how_long_and_no_more(mint, clock):
    """Account, session, times and origin: no name, no address, no role."""
    token = mint.access_token(user_id="42", session_id="7")

    claims = claims_of(token)
    now_s = clock.wall_ns() // 1_000_000_000
    assert claims.pop("jti")
    assert claims == {
        "iss": "vividly",
        "aud": "vividly-api",
        "sub": "42",
        "sid": "7",
        "iat": now_s,
        "exp": now_s + LIFE_S,
        "typ": "access",
    }


def test_a_token_is_good_until_its_end_and_not_a_second_longer(mint, clock):
    """The end is the first moment at which it is refused."""
    token = mint.access_token(user_id="42", session_id="7")

    clock.advance(LIFE_S - 1)
    read = mint.read(token)
    clock.advance(1)

    assert (read.user_id, read.session_id) == ("42", "7")
    assert refusal(mint, token) == "expired"


def test_a_token_may_come_from_a_machine_whose_clock_is_a_little_ahead(mint, clock):
    """A few seconds are forgiven, more are not."""
    token = mint.access_token(user_id="42", session_id="7")
    issued_ns = clock.wall_ns()

    clock.set_wall(issued_ns - CLOCK_SKEW_S * 1_000_000_000)
    read = mint.read(token)
    clock.set_wall(issued_ns - (CLOCK_SKEW_S + 1) * 1_000_000_000)

    assert read.user_id == "42"
    assert refusal(mint, token) == "not_yet_valid"


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "somebody-else"},
        {"aud": "another-service"},
        {"typ": "refresh"},
        {"typ": None},
        {"sub": 42},
        {"sid": ["7"]},
        {"iat": "yesterday"},
        {"exp": True},
        {"exp": 1e300},
    ],
    ids=str,
)
def test_a_well_signed_token_of_another_kind_is_refused(mint, change):
    """The signature alone opens nothing: origin, audience, type and forms must fit (D74)."""
    claims = claims_of(mint.access_token(user_id="42", session_id="7"))

    token = signed(claims | change)

    assert refusal(mint, token) == "malformed"


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "typ"])
def test_a_token_that_leaves_something_unsaid_is_refused(mint, missing):
    """No claim is optional: one without an end would never end."""
    claims = claims_of(mint.access_token(user_id="42", session_id="7"))
    del claims[missing]

    token = signed(claims)

    assert refusal(mint, token) == "malformed"


def test_another_key_or_algorithm_signs_nothing_here(mint):
    """Neither a stranger's key, nor `none`, nor a stronger hash than ours is taken."""
    claims = claims_of(mint.access_token(user_id="42", session_id="7"))
    forged = [
        signed(claims, key="the key of somebody else, also 32 characters"),
        signed(claims, key="", algorithm="none"),
        signed(claims, key=KEY * 2, algorithm="HS512"),
    ]

    reasons = {refusal(mint, token) for token in forged}

    assert reasons == {"malformed"}


def test_a_token_whose_statement_was_changed_is_refused(mint):
    """Whoever edits the account in the middle breaks the seal."""
    head, middle, seal = mint.access_token(user_id="42", session_id="7").split(".")
    claims = json.loads(base64.urlsafe_b64decode(middle + "=="))
    claims["sub"] = "43"
    edited = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()

    assert refusal(mint, f"{head}.{edited}.{seal}") == "malformed"


@given(st.text(max_size=200))
def test_no_text_whatever_breaks_the_reader(text):
    """Whatever is sent as a token is read or refused, never an error of ours."""
    mint = TokenMint(KEY, clock=HandClock(), access_token_s=LIFE_S)

    assert refusal(mint, text) == "malformed"


def test_a_refresh_token_is_no_access_token_and_nothing_to_decode(mint):
    """It is 256 random bits, not a statement (D74)."""
    secret = mint.secret()

    assert refusal(mint, secret) == "malformed"
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32


def test_no_two_secrets_share_what_is_kept_of_them(mint):
    """The whole secret is hashed: a long common beginning makes no difference."""
    secrets = {mint.secret() for _ in range(1000)}

    kept = {digest(secret) for secret in secrets}
    assert len(secrets) == len(kept) == 1000
    assert digest("x" * 80 + "a") != digest("x" * 80 + "b")


def test_an_expired_token_of_ours_still_says_whose_it_was(mint, clock):
    """The limiter may count it as its owner's; nothing else may be done with it."""
    token = mint.access_token(user_id="42", session_id="7")
    clock.advance(LIFE_S)

    with pytest.raises(InvalidTokenError) as refused:
        mint.read(token)

    assert refused.value.stated.user_id == "42"


def test_a_token_longer_than_any_of_ours_is_not_even_verified(mint):
    """Verifying costs by the byte, and a stranger chooses how many."""
    shown = mint.access_token(user_id="u" * 4096, session_id="7").encode()
    scope = {"type": "http", "headers": [(b"authorization", b"Bearer " + shown)]}

    found = presented(scope, mint)

    assert mint.read(shown.decode()).session_id == "7"
    assert isinstance(found, InvalidTokenError)
