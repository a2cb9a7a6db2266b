"""Every shape of value is walked, none is changed, and what breaks is withheld."""

import copy
import dataclasses
import datetime as dt
import decimal
import enum
import ipaddress
import json
import uuid
from collections import OrderedDict, namedtuple
from types import MappingProxyType

import pydantic
import pytest

from tocsin.telemetry.guard import Guard
from tocsin.telemetry.redaction import MASK, WITHHELD, Limits, Redactor

redactor = Redactor()

Login = namedtuple("Login", ["user_id", "password"])  # noqa: PYI024 - an old kind is the point


@dataclasses.dataclass
class Account:
    user_id: int
    password: str
    note: str = "ada@school.example"
    hidden: str = dataclasses.field(default="swordfish", repr=False)


class Form(pydantic.BaseModel):
    lesson: str
    password: pydantic.SecretStr
    email: str


class Plain:
    def __repr__(self):
        return "Plain(token='swordfish', lesson=42)"


class Role(enum.Enum):
    STUDENT = "student"


class Broken:
    def __repr__(self):
        raise RuntimeError("swordfish")


class BrokenKey(Broken):
    __str__ = Broken.__repr__

    def __hash__(self):
        return 1


class BrokenMapping(dict):
    def items(self):
        raise RuntimeError("swordfish")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Login(7, "swordfish"), {"user_id": 7, "password": MASK}),
        (Account(7, "swordfish"), {"user_id": 7, "password": MASK, "note": MASK, "hidden": MASK}),
        (
            Form(lesson="light", password="swordfish", email="ada@school.example"),
            {"lesson": "light", "password": MASK, "email": MASK},
        ),
        (pydantic.SecretStr("swordfish"), MASK),
        (pydantic.SecretBytes(b"swordfish"), MASK),
        (Plain(), f"Plain(token='{MASK}', lesson=42)"),
        (ValueError("password=swordfish"), f"ValueError: password={MASK}"),
        (MappingProxyType({"token": "a"}), {"token": MASK}),
        (OrderedDict(token="a", lesson=1), {"token": MASK, "lesson": 1}),
        (frozenset({"ada@school.example"}), [MASK]),
        (("ada@school.example", 1), (MASK, 1)),
        (b"password=swordfish", f"password={MASK}"),
        (bytearray(b"lesson"), "lesson"),
        (b"\xff\xfe\x00", "[3 bytes]"),
        (ipaddress.ip_address("192.0.2.7"), MASK),
        (4242424242424242, MASK),
        (Role.STUDENT, "student"),
    ],
)
def test_a_value_of_any_shape_is_redacted(value, shown):
    """Named tuples, data classes, models, secrets, objects, exceptions, sets, bytes."""
    assert redactor.value("it", value) == shown


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        -2.5,
        1700000000123456789,
        pytest.param(10**5000, id="a huge number"),
        decimal.Decimal("9.95"),
        dt.datetime(2026, 11, 23, tzinfo=dt.UTC),
        dt.date(2026, 11, 23),
        dt.timedelta(seconds=3),
        uuid.UUID("6b1f0c9e-7f0a-4f57-9a3e-0d6f6d1c2b3a"),
    ],
)
def test_what_cannot_tell_comes_back_as_it_is(value):
    """Numbers, moments and UUIDs keep their types."""
    shown = redactor.value("it", value)

    assert shown is value


def test_the_callers_objects_are_left_alone():
    """A redacted log line must not change what the service works with (behaviour 21)."""
    fields = {
        "password": "swordfish",
        "users": [{"email": "ada@school.example"}, ("token=abc", {"192.0.2.7"})],
        "account": Account(7, "swordfish"),
    }
    before = copy.deepcopy(fields)

    redactor.event(fields)

    assert fields == before


def test_a_value_that_holds_itself_comes_to_an_end():
    """Cycles are named where they close."""
    ring = {"lesson": 1}
    ring["again"] = [ring]

    shown = redactor.value("it", ring)

    assert shown == {"lesson": 1, "again": ["[cycle]"]}


def test_the_same_value_twice_is_no_cycle():
    """Only what holds itself is cut short."""
    same = {"lesson": 1}

    shown = redactor.value("it", [same, same])

    assert shown == [same, same]


def test_depth_is_bounded_and_the_cut_says_what_lay_below():
    """A value nested a thousand deep is a mistake, not a message."""
    value = ["bottom", "two"]
    for _ in range(1000):
        value = [value]

    shown = Redactor(limits=Limits(depth=3)).value("it", value)

    assert shown == [[["[cut 1 items]"]]]


def test_size_is_bounded_and_the_cut_says_how_much_went():
    """Entries, characters and bytes; a second pass changes nothing."""
    short = Redactor(limits=Limits(items=4, text_chars=300))
    fields = {"list": list(range(10)), "many": dict.fromkeys("abcdef", 1), "text": "word " * 100}

    shown = short.event(fields)

    assert shown["list"] == [0, 1, 2, "[cut 7 items]"]
    assert shown["many"] == {"a": 1, "b": 1, "c": 1, "[cut 3 items]": True}
    assert shown["text"].endswith("…[cut 328 characters]")
    assert len(shown["text"]) <= 300
    assert short.event(shown) == shown


def test_the_whole_of_an_event_is_bounded():
    """Many small values together are bounded too."""
    fields = {"wide": [[list(range(100)) for _ in range(100)] for _ in range(100)]}

    shown = Redactor(limits=Limits(nodes=500)).event(fields)

    assert json.dumps(shown).count(",") < 1000
    assert json.dumps(shown).endswith('"[cut 7 items]"], "[cut 95 items]"], "[cut 99 items]"]}')


def test_the_characters_of_an_event_are_bounded_together():
    """A hundred texts, each within its own bound, do not add up without end."""
    fields = {f"text_{place}": "word " * 1000 for place in range(100)}

    shown = Redactor(limits=Limits(total_chars=20_000)).event(fields)

    assert sum(len(text) for text in shown.values()) < 25_000
    assert shown["text_99"] == "[cut 5000 characters]"


def test_a_secret_at_the_edge_of_a_cut_does_not_stay_as_a_half():
    """What stands next to a cut is dropped with it."""
    short = Redactor(limits=Limits(text_chars=1000))
    texts = ["x " * 490 + " " * gap + "4242 4242 4242 4242 " * 9 for gap in range(24)]

    shown = [short.text(text) for text in texts]

    assert not any("42" in text.partition("…")[0] for text in shown)


def test_keys_that_look_alike_afterwards_keep_their_values():
    """Two addresses become one mask, and still two entries."""
    shown = redactor.value("it", {"ada@school.example": 1, "bob@school.example": 2})

    assert shown == {MASK: 1, f"{MASK}#1": 2}


def test_keys_of_any_type_become_text():
    """JSON knows no other keys; bytes and enum members keep their names."""
    shown = redactor.value("it", {1: "a", b"cookie": "sid=1", Role.STUDENT: 2, None: 3, ("x",): 4})

    assert shown == {"1": "a", "cookie": MASK, "student": 2, "None": 3, "('x',)": 4}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Broken(), WITHHELD),
        ([1, Broken(), 2], [1, WITHHELD, 2]),
        ({"lesson": 1, "it": Broken()}, {"lesson": 1, "it": WITHHELD}),
        ({BrokenKey(): "swordfish", "lesson": 1}, {WITHHELD: WITHHELD, "lesson": 1}),
        (BrokenMapping(a=1), WITHHELD),
    ],
)
def test_what_breaks_is_withheld_alone_and_the_guard_is_told(value, shown):
    """Not sent, not raised, and its neighbours are shown (behaviours 21, 31)."""
    guard = Guard()

    seen = Redactor(guard=guard).event({"value": value, "lesson": 42})

    assert seen == {"value": shown, "lesson": 42}
    assert sum(guard.caught.values()) == 1


def test_an_event_that_cannot_be_read_is_withheld_whole():
    """A line still leaves, and says so (behaviours 21, 31)."""
    guard = Guard()

    shown = Redactor(guard=guard).event(BrokenMapping(a=1))

    assert shown == {"event": WITHHELD}
    assert guard.caught == {"redaction.event": 1}


def test_text_that_is_no_text_is_withheld():
    """A wrong type is a failure like any other (behaviour 31)."""
    guard = Guard()
    own = Redactor(guard=guard)

    shown = (own.text(42), own.url_path(42))

    assert shown == (WITHHELD, WITHHELD)
    assert guard.caught == {"redaction.text": 1, "redaction.path": 1}


def test_under_test_a_failure_is_raised():
    """A strict guard hides no fault of ours from its tests."""
    strict = Redactor(guard=Guard(strict=True))

    with pytest.raises(RuntimeError, match="swordfish"):
        strict.value("it", Broken())
