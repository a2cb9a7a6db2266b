"""Bound children: an instrument with its labels already given; decorators too.

A child knows its series and costs little more than an addition, unless a label must be
looked at each time: a pseudonym, which is weighed against others, or a function of the
decorated call.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tocsin.telemetry.metrics.calls import Begin, Finish, decorated, nothing

if TYPE_CHECKING:
    from tocsin.telemetry.metrics.instrument import Instrument
    from tocsin.telemetry.metrics.instruments import Counter, Gauge, Histogram
    from tocsin.telemetry.metrics.store import Series

F = TypeVar("F", bound=Callable[..., Any])

_NO_KEYWORDS: Final[Mapping[str, Any]] = MappingProxyType({})


class Block:
    """A ``with`` block that is recorded as a decorated call would be."""

    __slots__ = ("_begin", "_finish")

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._finish: Finish = nothing

    def __enter__(self) -> None:
        self._finish = self._begin((), {})

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._finish()


class _Child:
    __slots__ = ("_instrument", "_labels", "_series")

    def __init__(self, instrument: "Instrument", labels: Mapping[str, object]) -> None:
        """Bind ``labels``; a value may be a function of the decorated call's arguments.

        Raises:
            TelemetryMisuseError: they are not the labels that were declared.
        """
        self._instrument = instrument
        self._labels = dict(labels)
        is_late = instrument.weighs or any(callable(value) for value in labels.values())
        if is_late:
            instrument.check_names(labels)
        self._series: Series | None = None if is_late else instrument.series(labels)

    @property
    def name(self) -> str:
        """The full, exported name."""
        return self._instrument.name

    def __call__(self, function: F) -> F:
        """Decorate a function or coroutine function."""
        return decorated(self.begin)(function)  # type: ignore[return-value]

    def begin(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Finish:
        """Record that a call begins; returns what to do when it ends."""
        raise NotImplementedError

    def _now(
        self, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] = _NO_KEYWORDS
    ) -> "Series":
        if self._series is not None:
            return self._series
        values = {name: self._value(of, args, kwargs) for name, of in self._labels.items()}
        return self._instrument.series(values)

    def _value(self, of: object, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> object:
        if not callable(of):
            return of
        try:
            return of(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the event still counts, as `unknown`
            self._instrument.failed(error)
            return None


class BoundCounter(_Child):
    """A counter under fixed labels: ``inc()``, or a decorator that counts calls."""

    __slots__ = ()
    _instrument: "Counter"

    def inc(self, amount: float = 1) -> None:
        """Count ``amount`` events."""
        try:
            self._instrument.add(self._series or self._now(), amount)
        except Exception as error:  # noqa: BLE001 - recording never fails the caller (D-8)
            self._instrument.failed(error)

    def value(self) -> float:
        """The count in this process."""
        return self._instrument.value(**self._labels)

    def begin(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Finish:
        """Count the call."""
        try:
            self._instrument.add(self._now(args, kwargs), 1)
        except Exception as error:  # noqa: BLE001 - recording never fails the caller (D-8)
            self._instrument.failed(error)
        return nothing


class BoundGauge(_Child):
    """A gauge under fixed labels; as a decorator it shows how many calls are going on."""

    __slots__ = ()
    _instrument: "Gauge"

    def set(self, value: float) -> None:
        """Say what the value is now."""
        try:
            self._instrument.put(self._series or self._now(), value)
        except Exception as error:  # noqa: BLE001 - recording never fails the caller (D-8)
            self._instrument.failed(error)

    def inc(self, amount: float = 1) -> None:
        """Raise the value by ``amount``."""
        try:
            self._instrument.shift(self._series or self._now(), amount)
        except Exception as error:  # noqa: BLE001 - recording never fails the caller (D-8)
            self._instrument.failed(error)

    def dec(self, amount: float = 1) -> None:
        """Lower the value by ``amount``."""
        self.inc(-amount)

    def value(self) -> float:
        """The value in this process."""
        return self._instrument.value(**self._labels)

    def begin(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Finish:
        """Count one more under way, until the call ends."""
        try:
            series = self._now(args, kwargs)
            self._instrument.shift(series, 1)
        except Exception as error:  # noqa: BLE001 - recording never fails the caller (D-8)
            self._instrument.failed(error)
            return nothing
        return partial(self._end, series)

    def _end(self, series: "Series") -> None:
        try:
            self._instrument.shift(series, -1)
        except Exception as error:  # noqa: BLE001 - recording never fails the caller (D-8)
            self._instrument.failed(error)


class BoundHistogram(_Child):
    """A histogram under fixed labels: ``observe()``, or a decorator that times calls."""

    __slots__ = ()
    _instrument: "Histogram"

    def observe(self, value: float) -> None:
        """Take one measurement in."""
        try:
            self._instrument.note(self._series or self._now(), value)
        except Exception as error:  # noqa: BLE001 - recording never fails the caller (D-8)
            self._instrument.failed(error)

    def count(self) -> float:
        """How many measurements in this process."""
        return self._instrument.count(**self._labels)

    def sum(self) -> float:
        """Their sum, in the histogram's unit."""
        return self._instrument.sum(**self._labels)

    def __call__(self, function: F) -> F:
        """Time a function or coroutine function.

        Raises:
            DeclarationError: the histogram does not measure a time.
        """
        self._instrument.check_is_time()
        return super().__call__(function)

    def begin(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Finish:
        """Take the time, until the call ends."""
        try:
            series = self._now(args, kwargs)
        except Exception as error:  # noqa: BLE001 - recording never fails the caller (D-8)
            self._instrument.failed(error)
            return nothing
        return partial(self._end, series, self._instrument.clock.monotonic_ns())

    def _end(self, series: "Series", began_ns: int) -> None:
        try:
            self._instrument.note_since(series, began_ns)
        except Exception as error:  # noqa: BLE001 - recording never fails the caller (D-8)
            self._instrument.failed(error)
