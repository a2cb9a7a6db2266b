"""What delivery says of itself, as metrics that can alert (D-8, D12).

>>> from tocsin.telemetry.metrics import MetricsClient
>>> told = DeliveryMetrics(MetricsClient("shop"))
>>> told.dropped("spans", "queue_full", 3)
>>> told.drops.value(exporter="spans", cause="queue_full")
3.0
"""

from typing import Final

from tocsin.telemetry.metrics import MetricsClient, bounded, one_of

_EXPORTERS_AT_MOST: Final = 10
_CAUSES_AT_MOST: Final = 40
_BUCKETS_S: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_NANOSECONDS: Final = 1e9

DELIVERED: Final = "delivered"
REFUSED: Final = "refused"
FAILED: Final = "failed"
FROZEN: Final = "frozen"
OK: Final = "ok"
RETRIED: Final = "retried"


class DeliveryMetrics:
    """The instruments of every exporter of one process."""

    def __init__(self, client: MetricsClient) -> None:
        exporter = bounded("exporter", _EXPORTERS_AT_MOST)
        self.items = client.counter(
            "telemetry_export_items_total",
            "Points, spans, lines and events that left, by how they were met: `failed` points are "
            "sent anew with the next export, other failed items are lost.",
            labels=(exporter, one_of("outcome", DELIVERED, REFUSED, FAILED)),
        )
        self.drops = client.counter(
            "telemetry_export_dropped_total",
            "Items that never arrive, by cause.",
            labels=(exporter, bounded("cause", _CAUSES_AT_MOST)),
        )
        self.calls = client.counter(
            "telemetry_export_calls_total",
            "Calls of a backend; `frozen` ones ran out of time while the process had no processor.",
            labels=(exporter, one_of("outcome", OK, RETRIED, FAILED, FROZEN)),
        )
        self.duration = client.histogram(
            "telemetry_export_duration_seconds",
            "Time that calls of a backend took.",
            labels=(exporter,),
            buckets=_BUCKETS_S,
        )
        self.waiting = client.gauge(
            "telemetry_export_queue_items",
            "Items that wait for their export.",
            labels=(exporter,),
        )
        self.last_success = client.gauge(
            "telemetry_export_last_success_timestamp_seconds",
            "When an export last succeeded, Unix time; of the worker for which it is longest ago.",
            labels=(exporter,),
            across_workers="livemin",
        )

    def begins(self, exporter: str) -> None:
        """Show an exporter's series at 0 before anything happens to them."""
        for outcome in (DELIVERED, REFUSED, FAILED):
            self.items.start(exporter=exporter, outcome=outcome)
        for outcome in (OK, RETRIED, FAILED):
            self.calls.start(exporter=exporter, outcome=outcome)

    def called(self, exporter: str, outcome: str, took_s: float) -> None:
        """Count one call of a backend."""
        self.calls.inc(exporter=exporter, outcome=outcome)
        self.duration.observe(took_s, exporter=exporter)

    def settled(self, exporter: str, outcome: str, items: int) -> None:
        """Count items that met their end."""
        if items:
            self.items.inc(items, exporter=exporter, outcome=outcome)

    def dropped(self, exporter: str, cause: str, items: int) -> None:
        """Count items that never arrive."""
        if items:
            self.drops.inc(items, exporter=exporter, cause=cause)

    def succeeded(self, exporter: str, wall_ns: int) -> None:
        """Note the hour of a success."""
        self.last_success.set(wall_ns / _NANOSECONDS, exporter=exporter)

    def queued(self, exporter: str, items: int) -> None:
        """Note how many wait."""
        self.waiting.set(items, exporter=exporter)
