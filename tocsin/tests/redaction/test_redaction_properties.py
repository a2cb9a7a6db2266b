"""What holds for every text and every value, and not only for those we thought of."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.telemetry.guard import Guard
from tocsin.telemetry.redaction import MASK, Redactor

# A strict guard raises whatever goes wrong inside.
redactor = Redactor(guard=Guard(strict=True))

PLANTED = [
    ("Bearer abc.def-123_xyz", "def-123"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl", "c2lnbmF0"),
    ("password=swordfish", "swordfish"),
    ("'password': 'sword fish'", "sword fish"),
    ('"api_key": "swordfish"', "swordfish"),
    ("token: swordfish", "swordfish"),
    ("Cookie: sid=swordfish; theme=dark", "swordfish"),
    ("ada99@school.example", "ada99"),
    ("+44 20 7946 0958", "7946"),
    ("(202) 555-0143", "0143"),
    ("4242 4242 4242 4242", "4242 4242"),
    ("5555555555554444", "55555555"),
    ("192.0.2.77", "0.2.77"),
    ("2001:db8::17", "db8::17"),
    ("redis://u:swordfish@cache.example/0", "swordfish"),
    ("/login?key=swordfish", "swordfish"),
    ("AK" + "IAMADEUP0123456789", "MADEUP"),
]
PIECES = [
    *"=:\"'\\[](){}@?&<>+,;.%/|-_ \n\tabz019é",
    *("password=", "token: ", "Cookie: ", "first_name='", "--pw ", '\\"', "%3D", "b'", '"""', "=="),
    *(
        "?a=",
        "/reset/",
        "://",
        "%40",
        "::",
        "1.2.3",
        "+1 ",
        "12345678",
        "eyJ",
        "Bearer ",
        "authors=",
    ),
    *(MASK, "count=3, ", "lesson finished. ", "User(id=3, ", "{'a': 1, ", "GET /x "),
]
surroundings = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
hostile_texts = st.one_of(st.text(max_size=80), surroundings, st.sampled_from(PLANTED).map("".join))
keys = st.one_of(st.sampled_from(["password", "email", "lesson", "value", "name"]), hostile_texts)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    hostile_texts,
    st.binary(max_size=40),
    st.datetimes(),
    st.uuids(),
    st.decimals(),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(keys, inner, max_size=4),
    ),
    max_leaves=12,
)
events = st.dictionaries(keys, values, max_size=5)
thorough = settings(max_examples=150, deadline=None, derandomize=True)


@thorough
@pytest.mark.parametrize(("secret", "needle"), PLANTED)
@given(before=surroundings, after=surroundings)
def test_a_planted_secret_survives_in_no_surroundings(secret, needle, before, after):
    """Whatever stands before and after it, apart by a space (behaviour 30)."""
    shown = redactor.text(f"{before} {secret} {after}")

    assert needle not in shown


@thorough
@given(where=events, depth=st.integers(0, 3))
def test_a_value_under_a_secret_name_survives_in_no_event(where, depth):
    """However deep it lies, and whatever lies beside it (behaviour 30)."""
    inner = {"client_secret": "unmistakable"}
    for level in range(depth):
        inner = [inner] if level % 2 else {"inside": inner}

    shown = redactor.event({**where, "planted": inner})

    assert "unmistakable" not in repr(shown)


@thorough
@given(text=hostile_texts)
def test_redacting_a_text_twice_is_redacting_it_once(text):
    """A line may pass two redactors on its way."""
    once = redactor.text(text)

    twice = redactor.text(once)

    assert twice == once


@thorough
@given(path=hostile_texts)
def test_redacting_a_path_twice_is_redacting_it_once(path):
    """A path may be logged by the middleware and by the service."""
    once = redactor.url_path(path)

    twice = redactor.url_path(once)

    assert twice == once


@thorough
@given(event=events)
def test_redacting_an_event_twice_is_redacting_it_once(event):
    """Fields bound to a request are redacted with every line of it."""
    once = redactor.event(event)

    twice = redactor.event(once)

    assert repr(twice) == repr(once)


@thorough
@given(event=events)
def test_every_event_is_redacted_and_left_alone(event):
    """Total, and without a mark on the caller's objects (behaviours 20, 21)."""
    before = copy.deepcopy(event)

    shown = redactor.event(event)

    assert json.loads(json.dumps(shown, default=str)) is not None
    assert repr(event) == repr(before)


@thorough
@given(value=values, key=st.one_of(st.none(), st.integers(), st.binary(max_size=5), hostile_texts))
def test_keys_of_every_type_come_out_as_text(value, key):
    """JSON has no other keys (behaviour 20)."""
    shown = redactor.value("it", {key: value})

    assert all(isinstance(name, str) for name in shown)
