"""Functions are counted, timed and watched by a decorator (R083), without changing them."""

import asyncio
import inspect

import pytest

from tocsin.errors import DeclarationError
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.metrics import MetricsClient, one_of, pseudonym
from tocsin.telemetry.testing import HandClock


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def client(clock):
    return MetricsClient("shop", clock=clock)


def test_calls_of_a_function_are_counted_exceptions_included(client):
    """A call counts, however it ends."""

    @client.counter("calls_total", labels={"endpoint": "/x"})
    def divide(by):
        return 1 / by

    divide(2)
    with pytest.raises(ZeroDivisionError):
        divide(by=0)

    assert client.counter("calls_total", labels={"endpoint": "/x"}).value() == 2


async def test_calls_of_a_coroutine_function_are_counted(client):
    """A coroutine function stays one, and counts when it is awaited."""

    @client.counter("calls_total")
    async def answer():
        """The answer."""
        return 42

    assert await answer() == 42
    assert inspect.iscoroutinefunction(answer)
    assert answer.__doc__ == "The answer."
    assert client.counter("calls_total").value() == 1


def test_two_functions_share_one_metric_under_their_own_labels(client):
    """The mapping names a metric and a series of it."""

    @client.counter("calls_total", labels={"endpoint": "/a"})
    def first():
        pass

    @client.counter("calls_total", labels={"endpoint": "/b"})
    def second():
        pass

    first()
    second()
    second()

    assert client.counter("calls_total", labels={"endpoint": "/a"}).value() == 1
    assert client.counter("calls_total", labels={"endpoint": "/b"}).value() == 2


def test_a_label_may_be_a_function_of_the_call(client):
    """A label's value can be read from the arguments at each call."""

    @client.counter("calls_total", labels={"kind": lambda order: order["kind"]})
    def take(order):
        return order

    take({"kind": "new"})
    take({"kind": "again"})
    take({"kind": "new"})

    assert client.counter("calls_total", labels={"kind": "new"}).value() == 2


@pytest.mark.parametrize(
    "label", [lambda _: 1 / 0, lambda _: None, lambda _: "x" * 1_000_000, lambda: "too few"]
)
def test_a_label_function_that_misbehaves_does_not_break_the_call(client, label):
    """The decorated function runs and its call counts (behaviour 15)."""

    @client.counter("calls_total", labels={"kind": label})
    def take(order):
        return order

    assert take("tea") == "tea"
    counted = list(client._instruments.values())[-1]
    assert counted.total_events() == 1
    assert {series.labels for series in counted.all_series()} <= {("unknown",), ("other",)}


def test_a_label_function_that_raises_is_raised_under_test(client):
    """A strict guard shows the mistake."""
    client.guard = Guard(strict=True)

    @client.counter("calls_total", labels={"kind": lambda: 1 / 0})
    def take():
        pass

    with pytest.raises(ZeroDivisionError):
        take()


def test_calls_are_timed_in_the_unit_of_the_name(client, clock):
    """A histogram in milliseconds takes milliseconds."""

    @client.histogram("work_seconds")
    @client.histogram("work_ms", buckets=(1, 10, 100))
    def work():
        clock.advance(0.25)

    work()

    assert client.histogram("work_seconds").sum() == pytest.approx(0.25)
    assert client.histogram("work_ms", buckets=(1, 10, 100)).sum() == pytest.approx(250)


async def test_a_cancelled_coroutine_is_timed_too(client, clock):
    """Cancellation ends a call like any other."""
    begun = asyncio.Event()

    @client.histogram("work_seconds")
    async def work():
        clock.advance(2)
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert client.histogram("work_seconds").count() == 1


async def test_calls_under_way_are_shown_while_they_last(client):
    """A gauge as a decorator returns to zero, exceptions included."""
    go_on = asyncio.Event()
    gauge = client.gauge("jobs_running", labels=(one_of("kind", "video"),))

    @client.gauge("jobs_running", labels={"kind": "video"})
    async def job():
        await go_on.wait()
        raise RuntimeError("the job failed")

    tasks = [asyncio.create_task(job()) for _ in range(3)]
    await asyncio.sleep(0)
    during = gauge.value(kind="video")
    go_on.set()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert during == 3
    assert gauge.value(kind="video") == 0


def test_a_block_is_timed_and_watched(client, clock):
    """The `with` form serves where a decorator does not."""
    waits = client.histogram("waits_seconds", labels=(one_of("stage", "script"),))
    running = client.gauge("jobs_running")

    with waits.time(stage="script"), running.track():
        clock.advance(1.5)
        during = running.value()

    assert waits.sum(stage="script") == pytest.approx(1.5)
    assert (during, running.value()) == (1, 0)


def test_a_block_under_wrong_labels_runs_all_the_same(client):
    """A mistake in a label costs a measurement, not the work (D-8)."""
    waits = client.histogram("waits_seconds", labels=(one_of("stage", "script"),))
    done = []

    with waits.time(sort="script"):
        done.append("work")

    assert done == ["work"]
    assert client.self_metrics.failures.value(site="metrics.shop_waits_seconds") == 1


def test_a_bound_pseudonym_is_weighed_at_each_recording(client):
    """A child under a pseudonym follows its client from `other` into its own series."""
    refusals = client.counter("refusals_total", labels=(pseudonym("client", 1),))
    refusals.inc(client="aaaaaaaaaaaa")
    late = refusals.bind(client="bbbbbbbbbbbb")

    late.inc()
    client.store.clock.advance(3600 * 5)
    late.inc()

    assert refusals.value(client="other") == 1
    assert late.value() == 1


def _generator():
    yield 1


async def _async_generator():
    yield 1


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (_generator, "a generator"),
        (_async_generator, "a generator"),
        (classmethod(lambda cls: cls), "below @classmethod"),
        (staticmethod(lambda: 1), "below @staticmethod"),
        (property(lambda self: 1), "below @property"),
        (int, "int is none"),
        (42, "is none"),
    ],
)
def test_what_cannot_be_measured_is_refused_at_decoration(client, target, why):
    """A decorator that would tell nonsense is refused, with what to do instead."""
    counter = client.counter("calls_total")

    with pytest.raises(DeclarationError, match=why):
        counter(target)


def test_a_histogram_of_bytes_times_no_calls(client):
    """A duration does not belong into a size."""
    with pytest.raises(DeclarationError, match="cannot time calls"):
        client.histogram("page_bytes")(len)
