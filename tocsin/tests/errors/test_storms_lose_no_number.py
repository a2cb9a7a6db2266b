"""A storm is told a few times, and then by its number."""

import sys
import threading

import pytest

from tocsin.telemetry.errors import ErrorEvent, StormLimiter
from tocsin.telemetry.errors.fingerprints import fingerprint_of
from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.settings import Environment
from tocsin.telemetry.testing import HandClock
from tocsin.telemetry.testing.captured import CapturedTelemetry

log = get_logger("shop.cart")


class Listener:
    """A reporter that remembers."""

    takes_answers = False

    def __init__(self) -> None:
        self.events: list[ErrorEvent] = []

    def report(self, event: ErrorEvent) -> None:
        self.events.append(event)


class BrokenReporter:
    """A reporter that cannot."""

    takes_answers = False

    def report(self, event: ErrorEvent) -> None:
        raise OSError("no reporter")


def _refuse(text: str) -> None:
    raise LookupError(text)


def _fail(times: int, text: str = "empty") -> None:
    for _ in range(times):
        try:
            _refuse(text)
        except LookupError:
            log.exception("cart_refused")


def test_every_error_of_a_storm_is_told_or_counted():
    """10 at once, then one a minute that says how many were left out (behaviour 32)."""
    with CapturedTelemetry() as captured:
        _fail(500)
        captured.clock.advance(61)
        _fail(500)
        captured.clock.advance(61)
        _fail(3)

    lines = captured.lines("cart_refused")
    events = [line for line in lines if "stack_trace" in line]
    told = sum(line.get("suppressed_errors", 0) for line in events)
    untold = captured.line("errors_suppressed_untold")["suppressed_total"]
    own = captured.metrics.self_metrics
    assert len(lines) == 1003
    assert len(events) == 10 + 1 + 1
    assert len(events) + told + untold == 1003
    assert own.error_events.value(kind="logged") == len(events)
    assert own.error_events_suppressed.value() == 1003 - len(events)


def test_a_suppressed_error_still_is_a_line():
    """It keeps severity and text, without being an event (behaviour 32)."""
    with CapturedTelemetry() as captured:
        _fail(11)

    last = captured.lines("cart_refused")[-1]
    assert (last["severity"], last["error_event"]) == ("ERROR", "suppressed")
    assert last["error_lines"][-1] == "LookupError: empty"
    assert "stack_trace" not in last


def test_a_quiet_minute_ends_the_storm():
    """A fingerprint that wanted no more than it got has its burst back (behaviour 32)."""
    clock = HandClock()
    limiter = StormLimiter(clock, burst=3)

    storm = [limiter.admit("a") for _ in range(5)]
    clock.advance(60)
    calm = [limiter.admit("a")]
    clock.advance(60)
    after = [limiter.admit("a") for _ in range(3)]

    assert storm == [0, 0, 0, None, None]
    assert (calm, after) == ([2], [0, 0, 0])


def test_one_storm_does_not_silence_another_error():
    """The limit is by type and place, and a global one keeps many kinds bounded (behaviour 32)."""
    limiter = StormLimiter(HandClock(), burst=2, burst_of_all=5)

    own = [limiter.admit("a") for _ in range(9)], limiter.admit("b")
    many = [limiter.admit(f"kind {number}") for number in range(9)]

    assert own[0][2:] == [None] * 7
    assert own[1] == 0
    assert many == [0, 0, *[None] * 7]
    assert sum(limiter.untold().values()) == 7 + 7


def test_ten_thousand_kinds_of_error_are_held_in_a_bounded_table():
    """What leaves the table takes no number with it (behaviour 32)."""
    limiter = StormLimiter(HandClock(), burst=1, burst_of_all=1, fingerprints=16)

    admitted = [limiter.admit(f"kind {number}") for number in range(10_000)]

    untold = limiter.untold()
    assert len(untold) <= 17
    assert admitted.count(0) + sum(untold.values()) == 10_000
    assert limiter.untold() == {}


def test_threads_that_fail_together_are_all_counted():
    """No number is lost between threads (behaviour 32)."""
    limiter = StormLimiter(HandClock(), burst=10)
    admitted: list[int | None] = []

    def storm() -> None:
        admitted.extend(limiter.admit("a") for _ in range(2_000))

    threads = [threading.Thread(target=storm) for _ in range(8)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    finally:
        sys.setswitchinterval(before)

    assert len([one for one in admitted if one is not None]) == 10
    assert limiter.untold() == {"a": 15_990}


def test_a_broken_reporter_costs_neither_line_nor_other_reporter():
    """It is met by the guard and counted (behaviour 32)."""
    listener = Listener()
    with CapturedTelemetry(environment=Environment.PRODUCTION) as captured:
        captured.telemetry.errors.add(BrokenReporter())
        captured.telemetry.errors.add(listener)
        _fail(1)

    assert "stack_trace" in captured.line("cart_refused")
    assert [event.verdict.kind for event in listener.events] == ["logged"]
    assert captured.telemetry.guard.caught["errors.reporter"] == 1


def test_reporters_hear_of_events_only():
    """Neither of suppressed errors nor of repetitions (behaviour 32)."""
    listener = Listener()
    with CapturedTelemetry() as captured:
        captured.telemetry.errors.add(listener)
        _fail(50)

    assert len(listener.events) == 10
    assert isinstance(listener.events[0].error, LookupError)


@pytest.mark.parametrize("base", [10, 2])
def test_errors_of_one_place_and_type_are_one_kind_wherever_the_library_fails(base):
    """The innermost frame of the service counts, not that of a library (behaviour 32)."""
    prints = set()
    for text in ("seven", "eight"):
        try:
            int(text, base)
        except ValueError as error:
            prints.add(fingerprint_of(error))

    (one,) = prints
    assert one.startswith("builtins.ValueError|")
    assert __file__ in one
