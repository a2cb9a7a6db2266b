"""Labels keep to their bounds, and let nothing out that looks like a person."""

import re
import uuid
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.telemetry.guard import Guard
from tocsin.telemetry.metrics import MetricsClient, bounded, one_of, pseudonym, status_code


class Kind(StrEnum):
    NEW = "new"


class _Hostile:
    """A label value that fights back."""

    def __hash__(self):
        raise RuntimeError("no hash")

    def __str__(self):
        raise RuntimeError("no text")

    @property
    def __class__(self):
        raise RuntimeError("no class")


@pytest.fixture
def client():
    return MetricsClient("shop")


def overflow(client, metric, label):
    return client.self_metrics.overflow.value(metric=f"shop_{metric}", label=label)


def values_of(instrument, label):
    index = instrument.spec.shape.label_names.index(label)
    return {series.labels[index] for series in instrument.all_series()}


def test_known_label_sets_are_exported_before_anything_happens(client):
    """A closed set begins at 0, so that its first event shows as a rise."""
    client.counter("orders_total", labels=(one_of("kind", *Kind), one_of("paid", "yes", "no")))

    text = client.exposition()[0].decode()

    assert 'shop_orders_total{kind="new",paid="yes"} 0.0' in text
    assert 'shop_orders_total{kind="new",paid="no"} 0.0' in text


def test_a_strangers_value_in_a_closed_set_is_other_and_counted(client):
    """What a closed set does not know is neither lost nor a new series."""
    orders = client.counter("orders_total", labels=(one_of("kind", "new"),))

    orders.inc(kind="stolen")

    assert orders.value(kind="other") == 1
    assert overflow(client, "orders_total", "kind") == 1


def test_an_enum_member_and_its_text_are_one_series(client):
    """Callers may pass the vocabulary's member or its value."""
    orders = client.counter("orders_total", labels=(one_of("kind", *Kind),))

    orders.inc(kind=Kind.NEW)
    orders.inc(kind="new")

    assert orders.value(kind="new") == 2


def test_the_first_come_keep_their_own_series_and_later_ones_fold(client):
    """An open set is open until it is full."""
    views = client.counter("views_total", labels=(bounded("page", 2),))

    for page in ("one", "two", "three", "four", "one"):
        views.inc(page=page)

    assert views.value(page="one") == 2
    assert views.value(page="two") == 1
    assert views.value(page="other") == 2
    assert overflow(client, "views_total", "page") == 2


def test_reserved_values_have_their_place_ahead_of_strangers(client):
    """What the service knows of itself is admitted however many strangers came."""
    views = client.counter("views_total", labels=(bounded("page", 3),))

    views.reserve("page", ["/home", "/help"])
    for number in range(100):
        views.inc(page=f"/invented{number}")
    views.inc(page="/help")

    assert views.value(page="/help") == 1
    assert values_of(views, "page") == {"/invented0", "/help", "other"}


def test_reserving_tells_what_found_no_room(client):
    """More routes than room is said, and not passed over."""
    client.counter("views_total", labels=(bounded("page", 2),))

    left_out = client.reserve("page", ["/a", "/b", "/c"])

    assert left_out == ["/c"]


@pytest.mark.parametrize(
    ("status", "text"),
    [(200, "200"), ("404", "404"), (499, "499"), (599, "5xx"), (299, "2xx"), (99999, "other")],
)
def test_a_status_is_itself_or_its_class(client, status, text):
    """A status that nobody registered still shows whether it is an error."""
    answers = client.counter("answers_total", labels=(status_code("status"),))

    answers.inc(status=status)

    assert answers.value(status=text) == 1


@pytest.mark.parametrize(
    "value",
    [
        *(["list"], {"a": 1}, b"bytes", 3.5, object(), 10**6000),
        *("x" * 1_000_000, "new\nline", "nul\0", "lone \ud800 surrogate"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_hostile_value_is_counted_as_other(client, value):
    """Whatever is passed, the event counts and the caller goes on (behaviour 15)."""
    views = client.counter("views_total", labels=(bounded("page", 10), one_of("kind", "new")))

    views.inc(page=value, kind=value)

    assert views.value(page="other", kind="other") == 1
    assert b"surrogate" not in client.exposition()[0]


def test_a_value_that_fights_back_is_counted_as_other(client):
    """An object whose every method raises costs nothing but its own name (behaviour 15)."""
    views = client.counter("views_total", labels=(bounded("page", 10), one_of("kind", "new")))

    views.inc(page=_Hostile(), kind=_Hostile())

    assert views.value(page="other", kind="other") == 1


def test_no_value_is_unknown(client):
    """None and an empty text say that nobody knew."""
    views = client.counter("views_total", labels=(bounded("page", 10), pseudonym("client", 5)))

    views.inc(page=None, client=None)
    views.inc(page="", client="")

    assert views.value(page="unknown", client="unknown") == 2


@pytest.mark.parametrize(
    "value", ["192.0.2.7", "ada@school.example", "ABCDEF012345", "abcdef01234", 123456789012, "ä"]
)
def test_what_is_no_pseudonym_never_gets_out(client, value):
    """A raw address in a pseudonym's place is counted, and not exported (D08)."""
    refusals = client.counter("refusals_total", labels=(pseudonym("ip_address", 5),))

    refusals.inc(ip_address=value)

    assert refusals.value(ip_address="invalid") == 1
    assert str(value).encode() not in client.exposition()[0]


_PERSONAL = st.one_of(
    st.ip_addresses().map(str),
    st.emails(),
    st.uuids().map(str),
    st.uuids().map(lambda one: one.hex),
    st.from_regex(r"\A\+?[0-9]{3} ?[0-9]{3} ?[0-9]{4}\Z"),
)
_IN_TEXT = st.sampled_from(["{}", "/users/{}", "/users/{}/lessons", "for {}", "u={}&x=1"])
_PERSONAL_IN_SERIES = re.compile(
    r"@|\d+\.\d+\.\d+\.\d+|[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{32}|(?:[0-9a-f]{0,4}:){2}",
    re.IGNORECASE,
)


@given(values=st.lists(st.builds(str.format, _IN_TEXT, _PERSONAL), min_size=1, max_size=5))
def test_no_address_mailbox_or_id_is_ever_exported(values):
    """Personal data passed to any kind of label by mistake leaves in no series (D08)."""
    client = MetricsClient("shop")
    labels = (
        bounded("page", 50),
        pseudonym("ip_address", 50),
        one_of("kind", "new"),
        status_code("status"),
    )
    views = client.counter("views_total", labels=labels)

    for value in values:
        views.inc(page=value, ip_address=value, kind=value, status=value)
        client.guard.failed(f"site of {value}", ValueError())

    exported = [value for series in views.all_series() for value in series.labels]
    exported += [label for one in client.self_metrics.failures.all_series() for label in one.labels]
    assert not [text for text in exported if _PERSONAL_IN_SERIES.search(text)]
    assert views.total_events() == len(values)


@pytest.mark.parametrize(
    "template",
    [
        "/api/v1/content/requests/{request_id}",
        "/items/{item_id:int}:archive",
        "<unmatched>",
        "limits",
        "prüfung",
    ],
)
def test_an_honest_value_is_not_taken_for_a_person(client, template):
    """Route templates and plain words keep series of their own."""
    views = client.counter("views_total", labels=(bounded("page", 10),))

    views.inc(page=template)

    assert views.value(page=template) == 1


def test_ten_thousand_invented_values_stay_within_the_stated_bound(client):
    """The bound of the catalogue holds, and what came over it is counted exactly."""
    labels = (bounded("endpoint", 40), pseudonym("client", 50), status_code("status"))
    hits = client.counter("hits_total", labels=labels)

    for number in range(10_000):
        hits.inc(endpoint=f"/scan/x{number}", client=uuid.uuid4().hex[:12], status=number % 700)

    assert len(hits.all_series()) <= hits.spec.max_series
    assert hits.total_events() + client.self_metrics.displaced.total_events() == 10_000


def test_a_full_instrument_keeps_room_for_server_errors_of_known_routes(client):
    """After 10,000 invented combinations a real route's 5xx is a series of its own."""
    labels = (bounded("endpoint", 200), status_code("status"))
    answers = client.counter("answers_total", labels=labels, max_series=100)
    answers.reserve("endpoint", ["/lessons"])

    for number in range(10_000):
        answers.inc(endpoint=f"/scan/{number % 300}", status=400 + number % 20)
    answers.inc(endpoint="/lessons", status=503)

    assert answers.value(endpoint="/lessons", status=503) == 1
    assert len(answers.all_series()) <= 100
    assert overflow(client, "answers_total", "whole") > 0


def test_wrong_label_names_are_a_counted_failure_and_no_error(client):
    """In production a caller's mistake costs one recording, and is told."""
    orders = client.counter("orders_total", labels=(one_of("kind", "new"),))

    orders.inc(sort="new")
    orders.inc()
    orders.inc(kind="new", extra=1)

    assert orders.total_events() == 0
    assert client.self_metrics.failures.value(site="metrics.shop_orders_total") == 3


def test_wrong_label_names_are_raised_under_test(client):
    """A strict guard lets no mistake hide."""
    client.guard = Guard(strict=True)
    orders = client.counter("orders_total", labels=(one_of("kind", "new"),))

    with pytest.raises(TypeError, match="has the labels kind; the call gave sort"):
        orders.inc(sort="new")
