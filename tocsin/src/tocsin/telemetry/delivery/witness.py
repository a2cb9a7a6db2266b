"""Who hears what becomes of items: the metrics, the log, the guard.

None of it may hurt the courier: a failure to count goes to the guard, which counts it.

>>> SILENT.delivered("spans", 3)
"""

from typing import Final

from tocsin.clock import Clock
from tocsin.telemetry.delivery.complaints import Complaints
from tocsin.telemetry.delivery.delivery_metrics import DELIVERED, FAILED, REFUSED, DeliveryMetrics
from tocsin.telemetry.guard import Guard

_NANOSECONDS: Final = 1e9


class Witness:
    """Hears everything and tells nobody; what a courier has before it is employed."""

    def called(self, exporter: str, outcome: str, took_ns: int) -> None:
        """A call of the backend ended."""

    def delivered(self, exporter: str, items: int) -> None:
        """Items were taken."""

    def refused(self, exporter: str, cause: str, items: int, *, detail: str = "") -> None:
        """Items were refused for good."""

    def failed(self, exporter: str, items: int) -> None:
        """Items were given up for this round."""

    def dropped(self, exporter: str, cause: str, items: int) -> None:
        """Items never left."""

    def queued(self, exporter: str, items: int) -> None:
        """So many wait."""

    def complained(self, exporter: str, cause: str, detail: str = "") -> None:
        """A call failed."""

    def broke(self, exporter: str, where: str, error: Exception) -> None:
        """An exporter raised what it should not."""


SILENT: Final = Witness()


class TellingWitness(Witness):
    """Moves the metrics, logs rarely, and hands what is our own fault to the guard."""

    def __init__(
        self,
        *,
        clock: Clock,
        guard: Guard,
        metrics: DeliveryMetrics | None,
        complaints: Complaints,
    ) -> None:
        self._clock = clock
        self._guard = guard
        self._metrics = metrics
        self._complaints = complaints
        self.faults: list[Exception] = []
        """What a strict guard raised in a courier's thread, for whoever closes to raise."""

    def called(self, exporter: str, outcome: str, took_ns: int) -> None:
        """Count a call."""
        if self._metrics is not None:
            self._metrics.called(exporter, outcome, took_ns / _NANOSECONDS)

    def delivered(self, exporter: str, items: int) -> None:
        """Count items that were taken, and note the hour."""
        if self._metrics is not None:
            self._metrics.settled(exporter, DELIVERED, items)
            self._metrics.succeeded(exporter, self._clock.wall_ns())

    def refused(self, exporter: str, cause: str, items: int, *, detail: str = "") -> None:
        """Count refused items by cause, and complain."""
        if self._metrics is not None:
            self._metrics.settled(exporter, REFUSED, items)
            self._metrics.dropped(exporter, cause, items)
        self._complaints.about(exporter, cause, detail=detail, items=items)

    def failed(self, exporter: str, items: int) -> None:
        """Count items that were given up."""
        if self._metrics is not None:
            self._metrics.settled(exporter, FAILED, items)

    def dropped(self, exporter: str, cause: str, items: int) -> None:
        """Count lost items by cause; may be called by a request's thread."""
        if self._metrics is not None:
            self._metrics.dropped(exporter, cause, items)

    def queued(self, exporter: str, items: int) -> None:
        """Show how many wait."""
        if self._metrics is not None:
            self._metrics.queued(exporter, items)

    def complained(self, exporter: str, cause: str, detail: str = "") -> None:
        """Log, if it is time."""
        self._complaints.about(exporter, cause, detail=detail)

    def broke(self, exporter: str, where: str, error: Exception) -> None:
        """Count an exporter's own fault; a strict guard's error waits for whoever closes."""
        try:
            self._guard.failed(f"delivery.{exporter}.{where}", error)
        except Exception as fault:  # noqa: BLE001 - a courier's thread outlives every fault
            self.faults.append(fault)
        self._complaints.about(exporter, type(error).__name__)
