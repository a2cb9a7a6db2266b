"""A service's metrics on their way to a rehearsal cloud, by Google's own client, for tests."""

from typing import Any

from tocsin.clock import Clock
from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.telemetry.delivery import (
    Backoff,
    Complaints,
    Courier,
    Delivery,
    DeliveryMetrics,
    Inheritance,
)
from tocsin.telemetry.exporters.cloud_monitoring import metrics_courier
from tocsin.telemetry.exporters.google import GoogleEndpoint
from tocsin.telemetry.metrics import MetricsClient, Resource, bounded
from tocsin.telemetry.resource import Writer
from tocsin.telemetry.testing import HandClock

PROJECT = "shop-test"
SOON_S = 40.0


def type_of(name: str) -> str:
    return f"custom.googleapis.com/shop/{name}"


class Shop:
    """Instruments, their courier and the cloud that they are sent to.

    By default nothing runs: a test calls ``round`` and moves the clock by hand.
    """

    def __init__(
        self,
        cloud: RunningCloud,
        *,
        clock: Clock | None = None,
        every_s: float = 60.0,
        timeout_s: float = 20.0,
        **options: Any,
    ) -> None:
        self.cloud = cloud
        self.clock = clock or HandClock()
        self.client = MetricsClient("shop", clock=self.clock)
        self.orders = self.client.counter("orders_total", "Orders.", labels=(bounded("kind", 900),))
        self.told = DeliveryMetrics(self.client)
        self.lines: list[dict[str, Any]] = []
        inheritance = Inheritance(self.client)
        self.courier: Courier = metrics_courier(
            self.client,
            GoogleEndpoint(project=PROJECT, address=cloud.grpc_address, insecure=True),
            Writer(
                Resource("shop", "test", instance="i-1"),
                project=PROJECT,
                location="europe-west1",
                clock=self.clock,
            ),
            every_s=every_s,
            timeout_s=timeout_s,
            clock=self.clock,
            inheritance=inheritance,
            backoff=Backoff(first_s=0.2, most_s=1.0),
            **options,
        )
        self.delivery = Delivery(
            [self.courier],
            clock=self.clock,
            guard=self.client.guard,
            metrics=self.told,
            complaints=Complaints(self.clock, tell=self._line),
            inheritance=inheritance,
        )

    def _line(self, event: str, **fields: Any) -> None:
        self.lines.append({"event": event, **fields})

    def round(self, *, turns: int = 1) -> None:
        """Export now, in this thread; ``turns`` more are made for what is tried again."""
        self.courier.ask_flush(within_s=1000.0)
        for _ in range(turns):
            wait_s = self.courier.turn()
            if self.courier.is_flushed:
                return
            self.clock.advance(wait_s)

    def counted(self, name: str = "orders_total", **labels: str) -> float:
        return self.cloud.monitoring.total(type_of(name), **labels)

    def refusals(self) -> dict[str, int]:
        with self.cloud.world.lock:
            return dict(self.cloud.world.rules.breaches)

    def items(self, outcome: str) -> float:
        return self.told.items.value(exporter="metrics", outcome=outcome)

    def calls(self, outcome: str) -> float:
        return self.told.calls.value(exporter="metrics", outcome=outcome)
