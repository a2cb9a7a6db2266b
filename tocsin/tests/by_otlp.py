"""A shop's metrics and spans on their way to a rehearsal cloud by OTLP, for tests."""

from typing import Any

from opentelemetry.sdk.resources import Resource as SdkResource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tocsin.clock import Clock
from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.telemetry.delivery import (
    Backoff,
    Complaints,
    Courier,
    Delivery,
    DeliveryMetrics,
    Readings,
)
from tocsin.telemetry.exporters.otlp import (
    MetricsCarrier,
    OtlpEndpoint,
    resource_attributes,
)
from tocsin.telemetry.metrics import MetricsClient, Resource, bounded
from tocsin.telemetry.testing import HandClock

PROJECT = "shop-test"
WHO = resource_attributes(
    Resource("shop", "test", version="1.2", instance="i-1", process="7"),
    project=PROJECT,
    location="europe-west1",
)
COUNTER = "prometheus.googleapis.com/shop_orders_total/counter"
WAITS = "prometheus.googleapis.com/shop_wait_seconds/histogram"


def endpoint_of(cloud: RunningCloud) -> OtlpEndpoint:
    return OtlpEndpoint.of(f"http://{cloud.grpc_address}")


class Shop:
    """Instruments and their courier; a test calls ``round`` and moves the clock by hand."""

    def __init__(
        self, cloud: RunningCloud, *, clock: Clock | None = None, timeout_s: float = 20.0
    ) -> None:
        self.cloud = cloud
        self.clock = clock or HandClock()
        self.client = MetricsClient("shop", clock=self.clock)
        self.orders = self.client.counter("orders_total", "Orders.", labels=(bounded("kind", 900),))
        self.queue = self.client.gauge("queue_items", "Waiting.")
        self.waits = self.client.histogram("wait_seconds", "Waits.", buckets=(0.1, 0.5, 1.0))
        self.told = DeliveryMetrics(self.client)
        self.lines: list[dict[str, Any]] = []
        self.carrier = MetricsCarrier(
            Readings(self.client), endpoint_of(cloud), WHO, clock=self.clock
        )
        self.courier = Courier(
            "metrics",
            self.carrier,
            every_s=60.0,
            collect=self.carrier.collect,
            timeout_s=timeout_s,
            backoff=Backoff(first_s=0.2, most_s=1.0),
        )
        self.delivery = Delivery(
            [self.courier],
            clock=self.clock,
            guard=self.client.guard,
            metrics=self.told,
            complaints=Complaints(self.clock, tell=self._line),
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

    def counted(self, metric_type: str = COUNTER, **labels: str) -> float:
        return self.cloud.monitoring.total(metric_type, **labels)

    def refusals(self) -> dict[str, int]:
        """Broken rules, but those two that change what they meet, as they always do."""
        with self.cloud.world.lock:
            found = dict(self.cloud.world.rules.breaches)
        found.pop("otlp.resource.target_info", None)
        return found

    def items(self, outcome: str) -> float:
        return self.told.items.value(exporter="metrics", outcome=outcome)

    def calls(self, outcome: str) -> float:
        return self.told.calls.value(exporter="metrics", outcome=outcome)


def finished_spans(count: int, *, root: str = "lesson") -> list[ReadableSpan]:
    """So many spans of one trace, made by OpenTelemetry's own SDK."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=SdkResource({"service.name": "somebody"}))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("tests")
    with tracer.start_as_current_span(root):
        for number in range(count - 1):
            with tracer.start_as_current_span(f"step {number}") as span:
                span.set_attribute("number", number)
    provider.shutdown()
    return list(memory.get_finished_spans())
