"""Counter, gauge and histogram.

Every recording call is guarded: a wrong label or a number that would spoil the metric is
counted as a failure of telemetry and the caller goes on (D-8); under test it is raised.

>>> from tocsin.telemetry.metrics import MetricsClient, one_of
>>> orders = MetricsClient("shop").counter("orders_total", labels=(one_of("kind", "new"),))
>>> orders.inc(kind="new")
>>> orders.value(kind="new")
1.0
"""

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Final, TypeVar

from tocsin.errors import DeclarationError, TelemetryMisuseError
from tocsin.telemetry.context import RequestContext, current
from tocsin.telemetry.metrics.calls import Finish, nothing
from tocsin.telemetry.metrics.catalogue import InstrumentSpec
from tocsin.telemetry.metrics.children import Block, BoundCounter, BoundGauge, BoundHistogram
from tocsin.telemetry.metrics.instrument import Instrument, Owner
from tocsin.telemetry.metrics.store import Series

F = TypeVar("F", bound=Callable[..., Any])

INFINITY: Final = float("inf")
_PER_SECOND: Final = {"seconds": 1.0, "ms": 1000.0}
_NANOSECONDS: Final = 1e9


class Counter(Instrument):
    """A number of events; it only grows. Unlabelled, it is a decorator that counts calls."""

    def inc(self, amount: float = 1, **labels: object) -> None:
        """Count ``amount`` events, a finite number of 0 or more."""
        try:
            self.add(self.series(labels), amount)
        except Exception as error:  # noqa: BLE001 - recording never fails the caller (D-8)
            self.failed(error)

    def bind(self, **labels: object) -> BoundCounter:
        """The same under fixed labels: for hot paths, and as a decorator.

        Raises:
            TelemetryMisuseError: the labels are not the declared ones.
        """
        return BoundCounter(self, labels)

    def __call__(self, function: F) -> F:
        """Count the calls of a function or coroutine function."""
        return self.bind()(function)

    def value(self, **labels: object) -> float:
        """The count under these labels in this process; 0 if there is none."""
        with self.lock:
            series = self.existing(labels)
            return series.values()[0] if series is not None else 0.0

    def add(self, series: Series, amount: float) -> None:
        """Count in a series already found.

        Raises:
            TelemetryMisuseError: the amount is negative or not finite.
        """
        if not 0 <= amount < INFINITY:
            raise refused(self.name, "finite amounts of 0 or more", amount)
        with self.lock:
            series.cells[series.at] += amount


class Gauge(Instrument):
    """A value that goes up and down. Unlabelled, it is a decorator: calls under way."""

    def __init__(self, spec: InstrumentSpec, owner: Owner) -> None:
        super().__init__(spec, owner)
        # Only where processes are compared does it matter when a value was set.
        self._stamps = not spec.shape.adds_up

    def set(self, value: float, **labels: object) -> None:
        """Say what the value is now, a finite number."""
        try:
            self.put(self.series(labels), value)
        except Exception as error:  # noqa: BLE001 - recording never fails the caller (D-8)
            self.failed(error)

    def inc(self, amount: float = 1, **labels: object) -> None:
        """Raise the value by ``amount``."""
        try:
            self.shift(self.series(labels), amount)
        except Exception as error:  # noqa: BLE001 - recording never fails the caller (D-8)
            self.failed(error)

    def dec(self, amount: float = 1, **labels: object) -> None:
        """Lower the value by ``amount``."""
        self.inc(-amount, **labels)

    def bind(self, **labels: object) -> BoundGauge:
        """The same under fixed labels: for hot paths, and as a decorator.

        Raises:
            TelemetryMisuseError: the labels are not the declared ones.
        """
        return BoundGauge(self, labels)

    def __call__(self, function: F) -> F:
        """Show how many calls of a function or coroutine function are going on."""
        return self.bind()(function)

    def track(self, **labels: object) -> Block:
        """Count one more under way, inside a ``with`` block."""
        return Block(lambda args, kwargs: self._begin(labels, args, kwargs))

    def _begin(
        self, labels: dict[str, object], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Finish:
        try:
            return self.bind(**labels).begin(args, kwargs)
        except Exception as error:  # noqa: BLE001 - recording never fails the caller (D-8)
            self.failed(error)
            return nothing

    def value(self, **labels: object) -> float:
        """The value under these labels in this process; 0 if it was never set."""
        with self.lock:
            series = self.existing(labels)
            return series.values()[0] if series is not None else 0.0

    def put(self, series: Series, value: float) -> None:
        """Set a series already found.

        Raises:
            TelemetryMisuseError: the value is not finite.
        """
        if not -INFINITY < value < INFINITY:
            raise refused(self.name, "finite values", value)
        with self.lock:
            series.cells[series.at] = float(value)
            if self._stamps:
                series.cells[series.at + 1] = self.clock.wall_ns() / _NANOSECONDS

    def shift(self, series: Series, amount: float) -> None:
        """Raise or lower a series already found.

        Raises:
            TelemetryMisuseError: the amount is not finite.
        """
        if not -INFINITY < amount < INFINITY:
            raise refused(self.name, "finite amounts", amount)
        with self.lock:
            series.cells[series.at] += amount
            if self._stamps:
                series.cells[series.at + 1] = self.clock.wall_ns() / _NANOSECONDS


class Histogram(Instrument):
    """Measurements, sorted into buckets. Unlabelled, it is a decorator that times calls."""

    def __init__(self, spec: InstrumentSpec, owner: Owner) -> None:
        super().__init__(spec, owner)
        self._bounds_of_buckets = spec.shape.buckets
        self._per_second = _PER_SECOND.get(spec.name.rpartition("_")[2], 0.0)

    def observe(self, value: float, **labels: object) -> None:
        """Take one measurement in, a finite number of 0 or more."""
        try:
            self.note(self.series(labels), value)
        except Exception as error:  # noqa: BLE001 - recording never fails the caller (D-8)
            self.failed(error)

    def bind(self, **labels: object) -> BoundHistogram:
        """The same under fixed labels: for hot paths, and as a decorator.

        Raises:
            TelemetryMisuseError: the labels are not the declared ones.
        """
        return BoundHistogram(self, labels)

    def __call__(self, function: F) -> F:
        """Time the calls of a function or coroutine function."""
        return self.bind()(function)

    def time(self, **labels: object) -> Block:
        """Time a ``with`` block."""
        return Block(lambda args, kwargs: self._begin(labels, args, kwargs))

    def _begin(
        self, labels: dict[str, object], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Finish:
        try:
            self.check_is_time()
            return self.bind(**labels).begin(args, kwargs)
        except Exception as error:  # noqa: BLE001 - recording never fails the caller (D-8)
            self.failed(error)
            return nothing

    def count(self, **labels: object) -> float:
        """How many measurements under these labels in this process."""
        with self.lock:
            series = self.existing(labels)
            return series.events if series is not None else 0.0

    def sum(self, **labels: object) -> float:
        """Their sum, in the histogram's unit."""
        with self.lock:
            series = self.existing(labels)
            return series.values()[0] if series is not None else 0.0

    def note(self, series: Series, value: float) -> None:
        """Take a measurement into a series already found.

        Raises:
            TelemetryMisuseError: the value is negative or not finite.
        """
        if not 0 <= value < INFINITY:
            raise refused(self.name, "finite values of 0 or more", value)
        bucket = bisect_left(self._bounds_of_buckets, value) + 1
        with self.lock:
            series.cells[series.at] += value
            series.cells[series.at + bucket] += 1.0
        context = current()
        if context is not None and context.span is not None:
            self.exemplify(series, bucket, value, context)

    def exemplify(self, series: Series, bucket: int, value: float, context: RequestContext) -> None:
        """Keep a measurement that a sampled request made, as the last one of its bucket."""
        measured = (value, context.trace_id, context.span_id, self.clock.wall_ns())
        with self.lock:
            if series.exemplars is None:
                series.exemplars = {}
            series.exemplars[bucket] = measured

    def note_since(self, series: Series, began_ns: int) -> None:
        """Take in the time since a reading of the monotonic clock."""
        took_s = (self.clock.monotonic_ns() - began_ns) / _NANOSECONDS
        self.note(series, took_s * self._per_second)

    def check_is_time(self) -> None:
        """Refuse to time calls in a unit that is none of time."""
        if not self._per_second:
            raise DeclarationError(
                f"metric {self.name} does not end in _seconds or _ms, so it cannot time calls"
            )


def refused(name: str, wanted: str, value: object) -> TelemetryMisuseError:
    """The error for a number that would spoil a metric; does not quote strange objects."""
    told = f"{value}" if type(value) in (int, float) else f"a {type(value).__name__}"
    return TelemetryMisuseError(f"metric {name} takes {wanted}; got {told}")
