"""Carriers that do as they are told, and a courier driven by hand, for tests of delivery."""

from collections.abc import Callable, Sequence
from typing import Any

from tocsin.telemetry.delivery import (
    Backoff,
    BoundedQueue,
    Complaints,
    Courier,
    Delivery,
    DeliveryMetrics,
    Receipt,
    Undelivered,
)
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.metrics import MetricsClient
from tocsin.telemetry.testing import HandClock

Answer = Callable[[Sequence[Any]], Receipt]


def took_all(batch: Sequence[Any]) -> Receipt:
    return Receipt(delivered=len(batch))


def is_down(_batch: Sequence[Any]) -> Receipt:
    raise Undelivered("UNAVAILABLE")


def says_no(_batch: Sequence[Any]) -> Receipt:
    raise Undelivered("INVALID_ARGUMENT", again=False)


class Told:
    """A carrier that answers as its script says; after its end it takes everything."""

    def __init__(self, *script: Answer, clock: HandClock | None = None) -> None:
        self.script = list(script)
        self.calls: list[list[Any]] = []
        self.taken: list[Any] = []
        self.timeouts: list[float] = []
        self.clock = clock

    def carry(self, batch: Sequence[Any], *, timeout_s: float) -> Receipt:
        self.calls.append(list(batch))
        self.timeouts.append(timeout_s)
        answer = self.script.pop(0) if self.script else took_all
        receipt = answer(batch)
        self.taken.extend(batch[: receipt.delivered])
        return receipt


class Desk:
    """A courier with its metrics, its log and a clock moved by hand."""

    def __init__(self, carrier: Any, *, clock: HandClock | None = None, **options: Any) -> None:
        self.clock = clock or HandClock()
        self.client = MetricsClient("test", clock=self.clock)
        self.told = DeliveryMetrics(self.client)
        self.lines: list[dict[str, Any]] = []
        if "collect" not in options:
            options.setdefault("queue", BoundedQueue(max_items=1000, max_bytes=100_000))
        options.setdefault("every_s", 60.0)
        options.setdefault("backoff", Backoff(first_s=1.0, most_s=30.0, chance=lambda: 1.0))
        self.courier = Courier("test", carrier, **options)
        self.queue = self.courier.queue
        self.delivery = Delivery(
            [self.courier],
            guard=Guard(),
            clock=self.clock,
            metrics=self.told,
            complaints=Complaints(self.clock, tell=self._line),
        )

    def _line(self, event: str, **fields: Any) -> None:
        self.lines.append({"event": event, **fields})

    def live(self, seconds: float, *, busy: Callable[[], None] = lambda: None) -> None:
        """Let time pass as a thread would live through it: turn, wait, turn."""
        until_ns = self.clock.monotonic_ns() + round(seconds * 1e9)
        while True:
            wait_s = max(self.courier.turn(), 0.001)
            left_s = (until_ns - self.clock.monotonic_ns()) / 1e9
            if left_s <= 0:
                return
            self.clock.advance(min(wait_s, left_s))
            busy()

    def items(self, outcome: str) -> float:
        return self.told.items.value(exporter="test", outcome=outcome)

    def calls(self, outcome: str) -> float:
        return self.told.calls.value(exporter="test", outcome=outcome)

    def dropped(self, cause: str) -> float:
        return self.told.drops.value(exporter="test", cause=cause)

    def dropped_in_all(self) -> float:
        return self.told.drops.total_events()
