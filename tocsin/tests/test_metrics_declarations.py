"""A metric that cannot work is refused where it is declared, with the way to mend it."""

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client import Counter as PrometheusCounter

from tocsin.errors import DeclarationError
from tocsin.telemetry.metrics import MetricsClient, bounded, one_of, pseudonym, status_code


@pytest.fixture
def client():
    return MetricsClient("shop")


@pytest.mark.parametrize(
    ("kind", "name", "mend"),
    [
        ("counter", "orders", "call it orders_total"),
        ("gauge", "orders_total", "call it orders"),
        ("histogram", "orders_total", "call it orders"),
        ("counter", "Orders_total", "lower-case words"),
        ("counter", "orders-total", "lower-case words"),
        ("counter", "2orders_total", "lower-case words"),
        ("counter", "orders__total", "lower-case words"),
        ("counter", "", "lower-case words"),
        ("counter", "orders_total\n", "lower-case words"),
        ("counter", "shop_orders_total", "declare orders_total"),
        ("histogram", "wait_milliseconds", "call it wait_seconds (or _ms"),
        ("gauge", "memory_mb", "call it memory_bytes"),
        ("gauge", "disk_percent", "call it disk_ratio"),
        ("counter", "cpu_hours_total", "call it cpu_seconds"),
        ("histogram", "latency", "call it latency_seconds"),
        ("gauge", "basket_count", "such as basket_items"),
        ("gauge", "basket_sum", "such as basket_items"),
        ("gauge", "build_info", "such as build_items"),
        ("counter", "x" * 90 + "_total", "may have 100"),
    ],
)
def test_a_misleading_name_is_refused_with_a_better_one(client, kind, name, mend):
    """Whoever declares a wrong name reads in the error which name to use."""
    declare = getattr(client, kind)

    with pytest.raises(DeclarationError) as refusal:
        declare(name)

    assert mend in str(refusal.value)


@pytest.mark.parametrize("namespace", ["", "Shop", "my-shop", "shop_", "1shop"])
def test_a_namespace_that_backends_refuse_is_refused(namespace):
    """A namespace is snake_case, or no metric of it would be accepted."""
    with pytest.raises(DeclarationError, match="namespace"):
        MetricsClient(namespace)


@pytest.mark.parametrize("name", ["le", "quantile", "job", "task_id", "amount", "name", "pid"])
def test_a_label_that_something_else_needs_is_refused(client, name):
    """Prometheus, Google's resource and the recording call keep their words for themselves."""
    with pytest.raises(DeclarationError, match=f"label {name} is taken"):
        client.counter("orders_total", labels=(one_of(name, "a"),))


@pytest.mark.parametrize("name", ["Status", "status-code", "_status", "__name__", "é", "a" * 101])
def test_a_label_name_that_backends_refuse_is_refused(client, name):
    """A label's name is snake_case and at most 100 characters long."""
    with pytest.raises(DeclarationError, match="lower-case words"):
        client.counter("orders_total", labels=(one_of(name, "a"),))


def test_more_labels_than_cloud_monitoring_takes_are_refused(client):
    """The thirty-first label is refused before Google does."""
    labels = tuple(one_of(f"label{number}", "a") for number in range(31))

    with pytest.raises(DeclarationError, match="31 labels, and Cloud Monitoring takes 30"):
        client.counter("orders_total", labels=labels)


def test_a_label_twice_is_refused(client):
    """Two labels of one name would make one series of two."""
    with pytest.raises(DeclarationError, match="declared twice"):
        client.counter("orders_total", labels=(one_of("kind", "a"), one_of("kind", "b")))


def test_a_label_without_a_bound_cannot_be_declared(client):
    """A bare name is refused, for its values could be anything."""
    with pytest.raises(DeclarationError, match="so that each has a bound"):
        client.counter("orders_total", labels=("status",))


@pytest.mark.parametrize(
    ("buckets", "mend"),
    [
        ((), "no buckets"),
        ((float("inf"),), "no buckets"),
        ((1.0, 0.5), "use \\(0.5, 1.0\\)"),
        ((1.0, 1.0), "rise strictly"),
        ((-1.0, 1.0), "positive finite"),
        ((0.0, 1.0), "positive finite"),
        ((float("nan"), 1.0), "positive finite"),
        (range(1, 201), "takes 199"),
    ],
)
def test_buckets_that_tell_nothing_are_refused(client, buckets, mend):
    """Bounds are positive, finite, rising, and no more than Google takes."""
    with pytest.raises(DeclarationError, match=mend):
        client.histogram("wait_seconds", buckets=buckets)


@pytest.mark.parametrize(
    ("make", "mend"),
    [
        (lambda: one_of("kind"), "needs its values"),
        (lambda: one_of("kind", "a", "a"), "names a value twice"),
        (lambda: one_of("kind", "a\nb"), "printable"),
        (lambda: bounded("endpoint", 0), "1 to 10000"),
        (lambda: bounded("endpoint", True), "1 to 10000"),  # noqa: FBT003 - the mistake itself
        (lambda: bounded("endpoint", 1, reserved=("a", "b")), "raise the limit"),
        (lambda: pseudonym("client", 10_001), "1 to 10000"),
    ],
)
def test_a_label_that_holds_nothing_or_everything_is_refused(make, mend):
    """A label's bound is a number that someone can afford."""
    with pytest.raises(DeclarationError, match=mend):
        make()


def test_a_gauge_says_how_workers_become_one_number(client):
    """An unknown way to merge is refused with the known ones."""
    with pytest.raises(DeclarationError, match="use one of livesum"):
        client.gauge("basket_items", across_workers="average")


def test_the_same_declaration_twice_is_one_instrument(client):
    """Two modules may declare the same metric, if they mean the same."""
    first = client.counter("orders_total", "Orders.", labels=(one_of("kind", "new"),))

    second = client.counter("orders_total", labels=(one_of("kind", "new"),))

    assert second is first


@pytest.mark.parametrize(
    "redeclare",
    [
        lambda client: client.gauge("waits_seconds"),
        lambda client: client.histogram("waits_seconds", buckets=(1.0, 2.0)),
        lambda client: client.histogram("waits_seconds", labels=(one_of("kind", "new"),)),
        lambda client: client.histogram("waits_seconds", labels={"kind": "new"}),
        lambda client: client.gauge("waits_seconds", labels={}),
    ],
)
def test_another_shape_under_the_same_name_is_refused(client, redeclare):
    """One name means one thing."""
    client.histogram("waits_seconds", buckets=(1.0,))

    with pytest.raises(DeclarationError, match="declared already"):
        redeclare(client)


def test_a_name_that_a_third_party_collector_holds_is_refused():
    """Our metrics never shadow one that stands in the registry already."""
    registry = CollectorRegistry()
    PrometheusCounter("shop_orders_total", "Somebody else's.", registry=registry)
    client = MetricsClient("shop", registry=registry)

    with pytest.raises(DeclarationError, match="the registry holds a collector"):
        client.counter("orders_total")


def test_a_bound_below_the_closed_labels_is_refused(client):
    """A bound that the declaration itself breaks is a mistake."""
    with pytest.raises(DeclarationError, match="make 4 series and max_series is 3"):
        client.counter(
            "orders_total", labels=(one_of("kind", "a"), one_of("size", "s")), max_series=3
        )


def test_a_bound_that_leaves_no_room_is_refused(client):
    """There must be room for more than the folded series."""
    with pytest.raises(DeclarationError, match="leaves no room"):
        client.counter(
            "orders_total",
            labels=(bounded("endpoint", 100), status_code("status")),
            max_series=6,
        )


def test_the_catalogue_states_every_bound(client):
    """Docs and checks read from the catalogue what may be exported at the most."""
    client.counter(
        "orders_total",
        "Orders taken.",
        labels=(one_of("kind", "new", "again"), bounded("endpoint", 10)),
    )

    spec = client.catalogue()[-1]

    assert (spec.name, spec.kind, spec.help) == ("shop_orders_total", "counter", "Orders taken.")
    assert [(label.name, label.kind, label.limit) for label in spec.labels] == [
        ("kind", "closed", 2),
        ("endpoint", "bounded", 10),
    ]
    assert spec.max_series == 3 * 12


def test_several_open_labels_have_one_bound_for_the_whole(client):
    """Fifty clients times forty endpoints are not two thousand series."""
    counter = client.counter(
        "refusals_total", labels=(bounded("endpoint", 40), pseudonym("client", 50))
    )

    assert counter.spec.max_series == 1000


def test_a_decorator_with_a_value_that_has_no_place_is_refused(client):
    """A literal outside the closed set is a mistake of the code, found at its import."""
    client.counter("orders_total", labels=(one_of("kind", "new"),))

    with pytest.raises(DeclarationError, match="no place for 'old'"):
        client.counter("orders_total", labels={"kind": "old"})
