"""The metrics of one service: declared once, recorded anywhere, read by exporters.

Every client has a registry of its own (prometheus_client's ``CollectorRegistry``), so
third-party collectors can be registered beside ours and are exposed with them.

>>> metrics = MetricsClient("shop")
>>> @metrics.counter("orders_total", labels={"channel": "web"})
... def order(book):
...     return f"{book} ordered"
>>> order("Emma")
'Emma ordered'
>>> metrics.increment("orders_total", 2, channel="web")
>>> metrics.counter("orders_total", labels={"channel": "web"}).value()
3.0
"""

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from prometheus_client import CollectorRegistry

from tocsin.clock import Clock, SystemClock
from tocsin.errors import TelemetryMisuseError
from tocsin.telemetry.metrics import exposition
from tocsin.telemetry.metrics.declarations import Declarations
from tocsin.telemetry.metrics.instrument import Instrument
from tocsin.telemetry.metrics.instruments import Counter, Gauge, Histogram
from tocsin.telemetry.metrics.store import CellFile, Store

if TYPE_CHECKING:
    from tocsin.telemetry.metrics.worker_directory import WorkerDirectory

WORKERS_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"

AnyInstrument = TypeVar("AnyInstrument", bound=Instrument)


@dataclass(frozen=True, slots=True)
class Resource:
    """Who emits: what an exporter writes beside every number (R068)."""

    service: str
    environment: str
    version: str = "unknown"
    instance: str = "unknown"
    process: str = ""


class MetricsClient(Declarations):
    """Declares (see :class:`Declarations`), records by name, lists and exposes.

    Thread-safe. ``guard`` meets failures of recording; the service puts its own there.
    ``resource`` is set by the service for its exporters.
    """

    resource: Resource | None = None

    def __init__(
        self,
        namespace: str,
        *,
        registry: CollectorRegistry | None = None,
        clock: Clock | None = None,
        worker_directory: Path | None = None,
    ) -> None:
        """Take the namespace, which stands before every name.

        ``worker_directory`` is where several worker processes meet; without it the
        environment variable ``PROMETHEUS_MULTIPROC_DIR`` is asked at the first recording.

        Raises:
            DeclarationError: the namespace is not snake_case.
        """
        self._wished_directory = worker_directory
        self._directory: WorkerDirectory | None = None
        store = Store(
            self._join_workers,
            clock=SystemClock() if clock is None else clock,
            on_error=self._file_failed,
        )
        super().__init__(namespace, CollectorRegistry() if registry is None else registry, store)

    # --- Recording by name (R064 to R066) ------------------------------------------------

    def increment(self, name: str, amount: float = 1, **labels: object) -> None:
        """Count ``amount`` events in the counter of that name, with or without namespace."""
        counter = self._by_name(Counter, name)
        if counter is not None:
            counter.inc(amount, **labels)

    def set(self, name: str, value: float, **labels: object) -> None:
        """Set the gauge of that name."""
        gauge = self._by_name(Gauge, name)
        if gauge is not None:
            gauge.set(value, **labels)

    def observe(self, name: str, value: float, **labels: object) -> None:
        """Take a measurement into the histogram of that name."""
        histogram = self._by_name(Histogram, name)
        if histogram is not None:
            histogram.observe(value, **labels)

    # --- Reading ---------------------------------------------------------------------------

    def exposition(self, *, openmetrics: bool = False) -> tuple[bytes, str]:
        """All numbers in Prometheus' text format, or in OpenMetrics', and its content type.

        With several worker processes it reads and merges their files: call it in a thread.

        Raises:
            OSError: the workers' directory cannot be read; a part would be worse than none.
        """
        self.start()
        if self._directory is None:
            return exposition.text_of_registry(self.registry, openmetrics=openmetrics)
        self._directory.fold_the_dead()
        merged = self._directory.snapshot()
        merged.merge(self.store.unshared(), alive=True)
        return exposition.text_of_workers(merged, self._directory.path, openmetrics=openmetrics)

    def start(self) -> None:
        """Open this worker's file now, so that the first recording need not; idempotent."""
        self.store.settle()

    def close(self) -> None:
        """Let go of this worker's file, as the end of the process would."""
        self.store.leave_file()

    def _by_name(self, cls: type[AnyInstrument], name: str) -> AnyInstrument | None:
        full = f"{self.namespace}_{str(name).removeprefix(self.namespace + '_')}"
        instrument = self._instruments.get(full)
        if isinstance(instrument, cls):
            return instrument
        self.guard.failed("metrics.by_name", self._no_such(cls, full))
        return None

    def _no_such(self, cls: type[Instrument], full: str) -> TelemetryMisuseError:
        known = [name for name, one in self._instruments.items() if isinstance(one, cls)]
        near = difflib.get_close_matches(full, known, n=1)
        hint = f": did you mean {near[0]}?" if near else ": declare it first"
        return TelemetryMisuseError(f"no {cls.__name__.lower()} is called {full[:100]}{hint}")

    def _join_workers(self) -> CellFile | None:
        path = self._wished_directory or os.environ.get(WORKERS_VARIABLE)
        if not path:
            return None
        # Locks on files are POSIX's; elsewhere there is one process, and no need of them.
        from tocsin.telemetry.metrics.worker_directory import WorkerDirectory  # noqa: PLC0415
        from tocsin.telemetry.metrics.worker_file import bytes_for  # noqa: PLC0415

        displaced = self.self_metrics.displaced.spec.shape
        self._directory = WorkerDirectory(Path(path), self.namespace, displaced=displaced)
        room = sum(bytes_for(spec.shape) for spec in self.catalogue())
        try:
            file = self._directory.join(room, self.store.clock.wall_ns())
            self._directory.fold_the_dead()
        except OSError as error:
            self._file_failed(error)
            return None
        return file

    def _file_failed(self, error: Exception) -> None:
        self.guard.failed("metrics.worker_file", error)
