"""DEBUG lines are kept where they are worth it, in memory that is bounded (R244)."""

import gc
import logging
import random
import threading
import tracemalloc

from logged import Logged

from tocsin.telemetry.context import RequestContext, bind, request_context
from tocsin.telemetry.logs import RingBudget, get_logger
from tocsin.telemetry.logs.ring import BUDGET_BYTES, RING_BYTES, RING_RECORDS

log = get_logger("shop.cart")


def _request(logged: Logged, request_id: str = "req-1") -> RequestContext:
    return RequestContext(request_id, ring=logged.pipeline.ring())


def test_a_failed_request_keeps_its_debug_lines():
    """They come out with the moment at which they were said (behaviour 28)."""
    with Logged() as logged, request_context(_request(logged)) as context:
        log.debug("looked_up", items=3)
        logged.clock.advance(2)
        log.error("failed")
        assert [entry["message"] for entry in logged.lines()] == ["failed"]
        logged.pipeline.keep(context.ring)

    failed, kept = logged.lines()
    assert (kept["message"], kept["severity"], kept["items"]) == ("looked_up", "DEBUG", 3)
    assert kept["request_id"] == "req-1"
    assert kept["time"] < failed["time"]


def test_a_request_that_went_well_leaves_none():
    """Discarded lines are neither written nor counted as lost (R244)."""
    with Logged() as logged, request_context(_request(logged)) as context:
        log.debug("looked_up")
        logged.pipeline.discard(context.ring)
        log.debug("after_the_end")

    assert logged.lines() == []
    assert logged.dropped == []


def test_after_a_request_was_kept_its_later_lines_are_written_too():
    """A background task of a failed request is part of it (behaviour 28)."""
    with Logged() as logged, request_context(_request(logged)) as context:
        logged.pipeline.keep(context.ring)
        log.debug("cleaned_up")

    assert logged.line()["message"] == "cleaned_up"


def test_outside_of_a_request_debug_follows_the_level():
    """There is no request whose end could decide."""
    with Logged() as logged:
        log.debug("detail")
    with Logged(log_level="DEBUG") as chatty:
        log.debug("detail")

    assert logged.lines() == []
    assert chatty.line()["severity"] == "DEBUG"


def test_a_ring_keeps_whatever_its_level_leaves_out():
    """Where only warnings are written, a failed request brings its INFO lines as well."""
    with Logged(log_level="WARNING") as logged, request_context(_request(logged)) as context:
        log.info("looked_up")
        logged.pipeline.keep(context.ring)

    assert logged.line()["severity"] == "INFO"


def test_a_logger_that_was_turned_down_stays_down():
    """Who sets one logger to WARNING does not want its details back through a ring."""
    levels = {"shop.noisy": "WARNING"}

    with Logged(logger_levels=levels) as logged, request_context(_request(logged)) as context:
        get_logger("shop.noisy").debug("noise")
        logging.getLogger("shop.noisy").debug("noise")
        logged.pipeline.keep(context.ring)

    assert logged.lines() == []


def test_a_logger_at_debug_writes_at_once():
    """Its level asks for every line, failed request or not."""
    levels = {"shop.cart": "DEBUG"}

    with Logged(logger_levels=levels) as logged, request_context(_request(logged)):
        log.debug("detail")

    assert logged.line()["message"] == "detail"


def test_standard_library_loggers_of_our_packages_fill_the_ring():
    """A service's own modules may use either kind of logger (D28, behaviour 28)."""
    with Logged() as logged, request_context(_request(logged)) as context:
        logging.getLogger("shop.till").debug("opened %d", 7)
        logging.getLogger("strange.library").debug("not ours")
        logged.pipeline.keep(context.ring)

    assert logged.line()["message"] == "opened 7"
    assert logging.getLogger("shop").level == logging.NOTSET


def test_a_kept_line_is_redacted_like_any_other():
    """What waited in memory passes the redactor when it is written (behaviour 30)."""
    with Logged() as logged, request_context(_request(logged)) as context:
        log.debug("looked_up ada@school.example", password="hunter2")
        logged.pipeline.keep(context.ring)

    assert b"ada@school" not in logged.stream.getvalue()
    assert b"hunter2" not in logged.stream.getvalue()


def test_a_kept_line_shows_values_as_they_were():
    """What the application did to its objects afterwards does not show (behaviour 21)."""
    with Logged() as logged, request_context(_request(logged)) as context:
        cart = ["apple"]
        bind(step="first")
        log.debug("filled", cart=cart)
        cart.append("pear")
        bind(step="second")
        logged.pipeline.keep(context.ring)

    entry = logged.line()
    assert (entry["cart"], entry["step"]) == (["apple"], "first")


def test_a_full_ring_lets_its_oldest_go_and_says_so():
    """The newest stand next to the failure; what is missing is counted (behaviour 28)."""
    with Logged() as logged, request_context(_request(logged)) as context:
        for number in range(RING_RECORDS + 20):
            log.debug("step", number=number)
        logged.pipeline.keep(context.ring)

    numbers = [entry["number"] for entry in logged.lines("step")]
    missing = logged.line("debug_lines_missing")
    assert numbers == list(range(20, RING_RECORDS + 20))
    assert (missing["dropped"], missing["kept"]) == (20, RING_RECORDS)
    assert logged.dropped == ["debug_ring_full"] * 20


def test_a_ring_is_bounded_in_bytes_too():
    """A few long lines fill it as well as many short ones (behaviour 28)."""
    with Logged() as logged, request_context(_request(logged)) as context:
        for number in range(40):
            log.debug("step", number=number, body="x" * 16_000)
        held = len(context.ring)
        logged.pipeline.keep(context.ring)

    assert held * 16_000 <= RING_BYTES
    assert logged.lines("step")[-1]["number"] == 39
    assert logged.line("debug_lines_missing")["dropped"] == 40 - held


def test_ten_thousand_requests_at_once_stay_within_the_budget():
    """Measured in bytes that Python has allocated, not in our own count (behaviour 28)."""
    budget = RingBudget(8_000_000)
    with Logged(ring_budget=budget) as logged:
        gc.collect()
        tracemalloc.start()
        contexts = [_request(logged, f"req-{number}") for number in range(10_000)]
        empty_bytes, _ = tracemalloc.get_traced_memory()
        for context in contexts:
            with request_context(context):
                for number in range(10):
                    log.debug("looked_up", number=number, text="abcdefgh" * 20 + context.request_id)
        full_bytes, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert full_bytes - empty_bytes < 8_000_000
    assert peak_bytes - empty_bytes < 8_100_000
    assert budget.used <= 8_000_000
    assert len(logged.dropped) + sum(len(context.ring) for context in contexts) == 100_000
    assert set(logged.dropped) == {"debug_budget_spent"}


def test_the_standing_budget_is_a_small_part_of_an_instance():
    """32 MiB, of the 512 MiB that Cloud Run gives by default."""
    assert BUDGET_BYTES == 32 * 2**20


def test_a_request_that_just_ends_gives_its_bytes_back():
    """A ring that nobody kept or discarded (a cancelled request) is not a leak."""
    budget = RingBudget(50_000)

    with Logged(ring_budget=budget) as logged:
        for number in range(200):
            with request_context(_request(logged)):
                log.debug("step", number=number, body="x" * 10_000)
            gc.collect(0)

    assert logged.dropped == []


def test_threads_of_one_request_share_its_ring():
    """Synchronous endpoints and helpers run on threads; none of their lines is lost."""
    with Logged() as logged, request_context(_request(logged)) as context:

        def work() -> None:
            with request_context(context):
                for number in range(10):
                    log.debug("step", number=number)

        threads = [threading.Thread(target=work) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        logged.pipeline.keep(context.ring)

    assert len(logged.lines("step")) == 100


def test_sampling_is_decided_by_the_trace_alone():
    """Two services with the same ratio keep the same traces (R244, behaviour 28)."""
    random_ids = random.Random(7)  # noqa: S311 - a repeatable sample
    traces = [f"{random_ids.getrandbits(128):032x}" for _ in range(20_000)]

    one = Logged(debug_sample_ratio=0.1, service="shop").pipeline
    other = Logged(debug_sample_ratio=0.1, service="till").pipeline

    kept = [trace for trace in traces if one.debug_sampled(trace)]
    assert 0.09 < len(kept) / len(traces) < 0.11
    assert kept == [trace for trace in traces if other.debug_sampled(trace.upper())]


def test_traces_that_are_counted_up_are_sampled_as_evenly():
    """Not everybody's trace ids are random (R244)."""
    pipeline = Logged(debug_sample_ratio=0.1).pipeline

    kept = sum(pipeline.debug_sampled(f"{number:032x}") for number in range(20_000))

    assert 0.08 < kept / 20_000 < 0.12


def test_a_ratio_of_nothing_or_all_means_it():
    """0 keeps no trace and 1 keeps each (R244)."""
    none, every = Logged(debug_sample_ratio=0.0).pipeline, Logged(debug_sample_ratio=1.0).pipeline
    traces = [f"{number:032x}" for number in range(500)]

    assert not any(map(none.debug_sampled, traces))
    assert all(map(every.debug_sampled, traces))
    assert not every.debug_sampled("")
