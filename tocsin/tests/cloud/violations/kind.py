"""What a violation of one of the cloud's rules is, and the desk it happens on.

Each service has a module beside this one with ``VIOLATIONS``, one or more for each rule::

    VIOLATIONS = [
        Violation(
            rule="monitoring.series.cap",
            does=lambda cloud: cloud.call("CreateTimeSeries", write(series(n) for n in range(201))),
            expects=Refused("INVALID_ARGUMENT", "A maximum of 200 TimeSeries"),
        ),
        Violation(
            rule="traces.attribute.value",
            does=what_is_kept_of_a_long_value,  # gives anything that can be compared
            expects=Gives("x" * 65_532),
        ),
    ]

The harness runs each twice, on a fresh cloud: with all rules the expectation is met and the
breach is counted; without that one rule the same expectation must fail.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from tocsin.rehearsal.cloud.parts import parts_of
from tocsin.rehearsal.cloud.refusals import Refusal
from tocsin.rehearsal.cloud.rulebook import Rulebook
from tocsin.rehearsal.cloud.world import World
from tocsin.telemetry.testing.clock import HandClock


class Desk:
    """The services of one cloud in this process, no network between; time moves by hand."""

    def __init__(self, *, without: str = "") -> None:
        self.clock = HandClock()
        self.rules = Rulebook(without={without} if without else ())
        self.world = World(clock=self.clock, rules=self.rules)
        parts = parts_of(self.world)
        self.monitoring, self.logs = parts["monitoring"], parts["logs"]
        self.errors, self.traces, self.otlp = parts["errors"], parts["traces"], parts["otlp"]
        self.configuration = parts["configuration"]
        self._parts = tuple(parts.values())

    def call(self, method: str, request: Message | Any) -> Message:
        """Let the service that has ``method`` handle this; of proto-plus its ``pb`` counts."""
        service, _, name = method.rpartition("/")
        raw = type(request).pb(request) if hasattr(type(request), "pb") else request
        for one in self._parts:
            for rpc in one.rpcs():
                if rpc.method == name and service in ("", rpc.service):
                    with self.world.lock:
                        return rpc.handle(raw)
        raise LookupError(f"no service of the cloud has a method {method}")


@dataclass(frozen=True)
class Refused:
    """The act ends in a refusal of this status, whose message holds this text.

    ``inner`` are the codes of the summary's errors, for what is refused in part.
    """

    status: str
    says: str
    inner: tuple[int, ...] | None = None

    def met(self, outcome: Any) -> bool:
        """Whether this outcome is the expected one."""
        if not isinstance(outcome, Refusal) or outcome.status != self.status:
            return False
        codes = tuple(e.status.code for d in outcome.details for e in getattr(d, "errors", ()))
        return self.says in outcome.message and self.inner in (None, codes)


@dataclass(frozen=True)
class Gives:
    """The act gives this value: what is left after a cut, the number of entries stored."""

    value: Any

    def met(self, outcome: Any) -> bool:
        """Whether this outcome is the expected one."""
        return not isinstance(outcome, Refusal) and bool(outcome == self.value)


@dataclass(frozen=True)
class Violation:
    """An act that one rule stops, and what it looks like when it does."""

    rule: str
    does: Callable[[Desk], Any]
    expects: Refused | Gives
    why: str = field(default="", compare=False)

    def happens(self, desk: Desk) -> Any:
        """What comes of the act: its value, or the refusal."""
        try:
            return self.does(desk)
        except Refusal as refusal:
            return refusal
