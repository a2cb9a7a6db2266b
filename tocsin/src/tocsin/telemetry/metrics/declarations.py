"""Declaring instruments: what cannot work is refused here, with a mending hand.

>>> from tocsin.telemetry.metrics import MetricsClient
>>> MetricsClient("shop").counter("orders")
Traceback (most recent call last):
    ...
tocsin.errors.DeclarationError: metric orders: a counter ends in _total: call it orders_total
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar, overload

from prometheus_client import CollectorRegistry

from tocsin.errors import DeclarationError
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.metrics import naming
from tocsin.telemetry.metrics.catalogue import (
    MODES,
    AcrossWorkers,
    InstrumentSpec,
    Kind,
    Shape,
    stated_bound,
)
from tocsin.telemetry.metrics.children import BoundCounter, BoundGauge, BoundHistogram
from tocsin.telemetry.metrics.instrument import Instrument
from tocsin.telemetry.metrics.instruments import Counter, Gauge, Histogram
from tocsin.telemetry.metrics.labels import Label, LabelKind, bounded
from tocsin.telemetry.metrics.self_metrics import SelfMetrics
from tocsin.telemetry.metrics.store import Store

AnyInstrument = TypeVar("AnyInstrument", bound=Instrument)
Labels = tuple[Label, ...]
Presets = Mapping[str, str | Callable[..., object]]
"""Labels of a decorated function: fixed texts, or functions of the call's arguments."""

DEFAULT_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0)
_PRESET_VALUES_AT_MOST: Final = 100
_KINDS: Final[dict[type[Instrument], Kind]] = {
    Counter: "counter",
    Gauge: "gauge",
    Histogram: "histogram",
}


class Declarations:
    """The instruments of one namespace, by their full names, in one registry."""

    guard: Guard

    def __init__(self, namespace: str, registry: CollectorRegistry, store: Store) -> None:
        """Begin with the four counters that telemetry keeps of itself.

        Raises:
            DeclarationError: the namespace is not snake_case.
        """
        naming.check_namespace(namespace)
        self.namespace = namespace
        self.registry = registry
        self.store = store
        self._instruments: dict[str, Instrument] = {}
        self._self_metrics: SelfMetrics | None = None
        self.self_metrics = SelfMetrics(self.counter)
        self._self_metrics = self.self_metrics
        self.guard = Guard(on_failure=self.self_metrics.failed)

    def catalogue(self) -> list[InstrumentSpec]:
        """All that was declared, in that order."""
        return [instrument.spec for instrument in self._instruments.values()]

    @overload
    def counter(
        self, name: str, help: str = ..., *, labels: Labels = ..., max_series: int | None = ...
    ) -> Counter: ...

    @overload
    def counter(
        self, name: str, help: str = ..., *, labels: Presets, max_series: int | None = ...
    ) -> BoundCounter: ...

    def counter(
        self,
        name: str,
        help: str = "",  # noqa: A002 - the word of Prometheus and of the plan
        *,
        labels: Labels | Presets = (),
        max_series: int | None = None,
    ) -> Counter | BoundCounter:
        """Declare a counter; with a mapping for ``labels``, a decorator that counts calls.

        Raises:
            DeclarationError: it cannot work, or another shape has the name already.
        """
        declare = partial(self._declare, Counter, name, help, max_series=max_series)
        if isinstance(labels, Mapping):
            return self._preset(Counter, declare, name, labels).bind(**labels)
        return declare(tuple(labels))

    @overload
    def gauge(
        self,
        name: str,
        help: str = ...,
        *,
        labels: Labels = ...,
        across_workers: AcrossWorkers = ...,
        max_series: int | None = ...,
    ) -> Gauge: ...

    @overload
    def gauge(
        self,
        name: str,
        help: str = ...,
        *,
        labels: Presets,
        across_workers: AcrossWorkers = ...,
        max_series: int | None = ...,
    ) -> BoundGauge: ...

    def gauge(
        self,
        name: str,
        help: str = "",  # noqa: A002 - the word of Prometheus and of the plan
        *,
        labels: Labels | Presets = (),
        across_workers: AcrossWorkers = "livesum",
        max_series: int | None = None,
    ) -> Gauge | BoundGauge:
        """Declare a gauge; with a mapping for ``labels``, a decorator: calls under way.

        ``across_workers`` says how the gauges of several processes become one number.

        Raises:
            DeclarationError: it cannot work, or another shape has the name already.
        """
        if across_workers not in MODES:
            raise DeclarationError(
                f"metric {name}: across_workers={across_workers!r}: use one of {', '.join(MODES)}"
            )
        declare = partial(
            self._declare, Gauge, name, help, max_series=max_series, across_workers=across_workers
        )
        if isinstance(labels, Mapping):
            return self._preset(Gauge, declare, name, labels).bind(**labels)
        return declare(tuple(labels))

    @overload
    def histogram(
        self,
        name: str,
        help: str = ...,
        *,
        labels: Labels = ...,
        buckets: Iterable[float] = ...,
        max_series: int | None = ...,
    ) -> Histogram: ...

    @overload
    def histogram(
        self,
        name: str,
        help: str = ...,
        *,
        labels: Presets,
        buckets: Iterable[float] = ...,
        max_series: int | None = ...,
    ) -> BoundHistogram: ...

    def histogram(
        self,
        name: str,
        help: str = "",  # noqa: A002 - the word of Prometheus and of the plan
        *,
        labels: Labels | Presets = (),
        buckets: Iterable[float] = DEFAULT_BUCKETS_S,
        max_series: int | None = None,
    ) -> Histogram | BoundHistogram:
        """Declare a histogram; with a mapping for ``labels``, a decorator that times calls.

        ``buckets`` are upper bounds in the unit that the name ends in.

        Raises:
            DeclarationError: it cannot work, or another shape has the name already.
        """
        bounds = naming.checked_buckets(name, buckets)
        declare = partial(
            self._declare, Histogram, name, help, max_series=max_series, buckets=bounds
        )
        if isinstance(labels, Mapping):
            return self._preset(Histogram, declare, name, labels).bind(**labels)
        return declare(tuple(labels))

    def reserve(self, label: str, values: Iterable[str]) -> list[str]:
        """Give ``values`` of a bounded label their place in every instrument that has it.

        For what the service itself knows (its routes), before strangers come. Returns the
        values for which some instrument had no room.
        """
        wanted = list(values)
        left_out: dict[str, None] = {}
        for instrument in self._instruments.values():
            kinds = {one.name: one.kind for one in instrument.spec.labels}
            if kinds.get(label) is LabelKind.BOUNDED:
                left_out |= dict.fromkeys(instrument.reserve(label, wanted))
        return list(left_out)

    def overflowed(self, metric: str, label: str) -> None:
        """Count one recording that was folded."""
        if self._self_metrics is not None:
            self._self_metrics.overflowed(metric, label)

    def displaced(self, metric: str, events: float) -> None:
        """Count the events of a series that was taken out."""
        if self._self_metrics is not None:
            self._self_metrics.events_displaced(metric, events)

    def _declare(
        self,
        cls: type[AnyInstrument],
        name: str,
        help_text: str,
        labels: Labels,
        *,
        max_series: int | None,
        buckets: tuple[float, ...] = (),
        across_workers: str = "",
    ) -> AnyInstrument:
        full = naming.full_name(self.namespace, name, _KINDS[cls])
        names = tuple(_name_of(label, name) for label in labels)
        naming.check_label_names(name, names)
        bound = stated_bound(name, labels, max_series)
        shape = Shape(full, _KINDS[cls], help_text, names, buckets, across_workers, bound)
        spec = InstrumentSpec(shape, labels)
        with self.store.lock:
            known = self._instruments.get(full)
            if known is not None:
                return _same(name, known, cls, spec)
            instrument = cls(spec, self)
            self._register(name, instrument)
            self._instruments[full] = instrument
        if self._self_metrics is not None:
            self._self_metrics.follow(spec)
        return instrument

    def _register(self, name: str, instrument: Instrument) -> None:
        try:
            self.registry.register(instrument)
        except ValueError as error:
            raise DeclarationError(
                f"metric {name}: the registry holds a collector of that name already "
                f"({error}): choose another"
            ) from error

    def _preset(
        self,
        cls: type[AnyInstrument],
        declare: Callable[[Labels], AnyInstrument],
        name: str,
        presets: Presets,
    ) -> AnyInstrument:
        """The instrument that a decorator with these labels moves, declared if need be."""
        naming.check_label_names(name, presets)
        known = self._instruments.get(naming.full_name(self.namespace, name, _KINDS[cls]))
        if known is None:
            limit = _PRESET_VALUES_AT_MOST
            instrument = declare(tuple(bounded(label, limit) for label in presets))
        elif isinstance(known, cls):
            instrument = known
        else:
            raise _another_shape(name, f"as a {known.spec.kind}")
        if set(instrument.spec.shape.label_names) != set(presets):
            told = ", ".join(instrument.spec.shape.label_names) or "none"
            raise _another_shape(name, f"with the labels {told}")
        for label, text in presets.items():
            if isinstance(text, str) and instrument.reserve(label, [text]):
                raise DeclarationError(
                    f"metric {name}: label {label} has no place for {text!r}: declare it among "
                    "the label's values, or raise the limit"
                )
        return instrument


def _same(
    name: str, known: Instrument, cls: type[AnyInstrument], spec: InstrumentSpec
) -> AnyInstrument:
    """``known``, if the second declaration says the same but for the help text."""
    if not isinstance(known, cls):
        raise _another_shape(name, f"as a {known.spec.kind}")
    if known.spec.labels != spec.labels:
        raise _another_shape(name, f"with the labels {known.spec.labels}")
    if replace(known.spec.shape, help="") != replace(spec.shape, help=""):
        raise _another_shape(name, "with other buckets, max_series or across_workers")
    return known


def _another_shape(name: str, how: str) -> DeclarationError:
    return DeclarationError(
        f"metric {name} is declared already, {how}: use that declaration, or another name"
    )


def _name_of(label: object, metric: str) -> str:
    if not isinstance(label, Label):
        raise DeclarationError(
            f"metric {metric}: labels are made by one_of(), bounded(), pseudonym() or "
            f"status_code(), so that each has a bound; got a {type(label).__name__}"
        )
    return label.name
