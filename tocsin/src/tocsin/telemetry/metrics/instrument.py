"""What counters, gauges and histograms have in common: which series a recording goes to.

The quick way is one look into a dictionary, by the values as they were passed. Only what is
not found there is looked at: each label's bound, and then the bound of the whole.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import product
from typing import Final, Protocol

from prometheus_client.metrics_core import Metric

from tocsin.errors import DeclarationError, TelemetryMisuseError
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.metrics.bounds import Admitted, bound_for, status_class, text_of
from tocsin.telemetry.metrics.catalogue import InstrumentSpec, all_series
from tocsin.telemetry.metrics.families import family
from tocsin.telemetry.metrics.labels import OTHER, Label, LabelKind
from tocsin.telemetry.metrics.store import Series, Store

STARTED_AT_MOST: Final = 100
"""A closed label set of up to this many series is exported at 0 from the start."""
WHOLE: Final = "whole"
"""Stands in the overflow metric's ``label`` when the instrument as a whole was full."""
_KEPT_BACK: Final = 5  # one fifth of the room


class Owner(Protocol):
    """Whom an instrument belongs to: the client, as far as an instrument knows it."""

    guard: Guard
    store: Store

    def overflowed(self, metric: str, label: str) -> None:
        """Hear of one recording that was folded."""
        ...

    def displaced(self, metric: str, events: float) -> None:
        """Hear of a series that was taken out, with so many events."""
        ...


class Instrument:
    """One declared metric: a ``Collector`` in the client's registry."""

    def __init__(self, spec: InstrumentSpec, owner: Owner) -> None:
        self.spec = spec
        self.name = spec.name
        self._owner = owner
        self._store = owner.store
        self.lock = owner.store.lock
        self.clock = owner.store.clock
        self._names = spec.shape.label_names
        self._bounds = tuple(bound_for(label, self.clock) for label in spec.labels)
        self._series: dict[tuple[str, ...], Series] = {}
        # By the values as they were passed; never those that were folded, for the folding is
        # counted each time. A pseudonym is weighed each time, found here or not.
        self._quick: dict[tuple[object, ...], Series] = {}
        self.weighs = any(label.kind is LabelKind.PSEUDONYM for label in spec.labels)
        self._taken = 0
        self._room = spec.room
        has_status = any(label.kind is LabelKind.STATUS for label in spec.labels)
        is_tight = spec.max_series < all_series(spec.labels)
        self._kept_back = self._room // _KEPT_BACK if has_status and is_tight else 0
        self._start_known_sets()

    def reserve(self, label: str, values: Iterable[str]) -> list[str]:
        """Give ``values`` of an open label their place, before strangers come.

        Returns those for which there is no room left; they will be counted under ``other``.

        Raises:
            DeclarationError: the instrument has no such label.
        """
        if label not in self._names:
            raise DeclarationError(
                f"metric {self.name} has no label {label}: it has {self._told_names()}"
            )
        with self.lock:
            return self._bounds[self._names.index(label)].reserve(values)

    def start(self, **labels: object) -> None:
        """Export a label set at 0 from now on, so that its first event shows as a rise.

        Raises:
            TelemetryMisuseError: the labels are not the declared ones.
        """
        self.series(labels)

    def series(self, labels: Mapping[str, object]) -> Series:
        """The series that a recording with these labels goes to.

        Raises:
            TelemetryMisuseError: the labels are not the declared ones.
        """
        if len(labels) == len(self._names):
            try:
                return self.series_of(tuple([labels[name] for name in self._names]))
            except KeyError:
                pass
        raise self._misuse(labels)

    def series_of(self, raw: tuple[object, ...]) -> Series:
        """The same by the values alone, in the order of the declaration."""
        try:
            series = self._quick.get(raw)
        except Exception:  # noqa: BLE001 - a foreign object's own `__hash__` or `__eq__`
            series = None
        if series is None:
            return self._admit(raw)
        if self.weighs:
            with self.lock:
                for bound, value in zip(self._bounds, raw, strict=True):
                    bound.weigh(value)
        return series

    def existing(self, labels: Mapping[str, object]) -> Series | None:
        """The series under exactly these values, if there is one; changes nothing."""
        key = tuple(text_of(labels.get(name)) or "" for name in self._names)
        return self._series.get(key)

    def total_events(self) -> float:
        """All events of a counter or histogram that are exported now, whatever their labels."""
        with self.lock:
            return sum(series.events for series in self._series.values())

    def all_series(self) -> list[Series]:
        """Every series, in the order of their appearance: for exporters."""
        with self.lock:
            return list(self._series.values())

    def collect(self) -> list[Metric]:
        """What this process has recorded, in prometheus_client's form."""
        with self.lock:
            rows = [(series.labels, series.values()) for series in self._series.values()]
        return [family(self.spec.shape, rows)]

    def describe(self) -> list[Metric]:
        """The name and type alone: what the registry checks for collisions."""
        return [family(self.spec.shape, ())]

    def _admit(self, raw: tuple[object, ...]) -> Series:
        with self.lock:
            admitted = [bound.admit(value) for bound, value in zip(self._bounds, raw, strict=True)]
            folded = False
            for index, one in enumerate(admitted):
                if one.displaced is not None:
                    self._retire(index, one.displaced)
                if one.folded:
                    folded = True
                    self._owner.overflowed(self.name, self._names[index])
            series = self._series_at(tuple(one.text for one in admitted))
            if not folded and self._is_quick(admitted, series):
                self._quick[raw] = series
            return series

    def _is_quick(self, admitted: list[Admitted], series: Series) -> bool:
        """Whether the next recording with the very same values may skip all this."""
        is_as_asked = series.labels == tuple(one.text for one in admitted)
        return is_as_asked and len(self._quick) < 2 * self.spec.max_series

    def _series_at(self, key: tuple[str, ...]) -> Series:
        """The series under ``key``, or under its folded form where there is no room."""
        series = self._series.get(key)
        if series is not None:
            return series
        room = self._room if self._is_urgent(key) else self._room - self._kept_back
        if self._taken < room:
            self._taken += 1
        else:
            self._owner.overflowed(self.name, WHOLE)
            key = tuple(
                _folded(label, text) for label, text in zip(self.spec.labels, key, strict=True)
            )
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = self._store.add(self.spec.shape, key)
        return series

    def _is_urgent(self, key: tuple[str, ...]) -> bool:
        """Whether the last fifth of the room is kept for it: a server error of a known route."""
        fails = known = True
        for bound, text in zip(self._bounds, key, strict=True):
            if bound.label.kind is LabelKind.STATUS:
                fails = text.startswith("5")
            elif bound.label.kind is LabelKind.BOUNDED:
                known = known and bound.is_reserved(text)
        return fails and known

    def _retire(self, index: int, text: str) -> None:
        """Take out every series with this label value.

        Its events are not moved to ``other``: they would count there a second time in any
        rise over time. They are counted apart, so that the sum stays true.
        """
        for raw in [raw for raw in self._quick if raw[index] == text]:
            del self._quick[raw]
        for key in [key for key in self._series if key[index] == text]:
            series = self._series.pop(key)
            self._taken -= 1
            self._store.remove(series, partial(self._owner.displaced, self.name))

    def _start_known_sets(self) -> None:
        labels = self.spec.labels
        is_closed = all(label.kind is LabelKind.CLOSED for label in labels)
        if is_closed and all_series(labels) <= STARTED_AT_MOST:
            for key in product(*(label.values for label in labels)):
                self._series_at(key)

    def check_names(self, labels: Mapping[str, object]) -> None:
        """Refuse label names other than the declared ones.

        Raises:
            TelemetryMisuseError: some are missing or strange.
        """
        if set(labels) != set(self._names):
            raise self._misuse(labels)

    def failed(self, error: Exception) -> None:
        """Meet a failure to record: the client's guard knows what to do."""
        self._owner.guard.failed(f"metrics.{self.name}", error)

    def _misuse(self, labels: Mapping[str, object]) -> TelemetryMisuseError:
        given = ", ".join(labels) or "none"
        return TelemetryMisuseError(
            f"metric {self.name} has the labels {self._told_names()}; the call gave {given}"
        )

    def _told_names(self) -> str:
        return ", ".join(self._names) or "none"


def _folded(label: Label, text: str) -> str:
    if label.kind is LabelKind.CLOSED:
        return text
    return status_class(text) if label.kind is LabelKind.STATUS else OTHER
