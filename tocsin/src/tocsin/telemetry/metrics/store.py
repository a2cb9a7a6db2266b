"""Where the numbers live: a few floats per series, in memory or in this worker's file.

Recording is an addition to a cell under one lock, so the five series that a request moves
cost 0.9 µs; they cost 2.8 µs in prometheus_client's own children, 6.4 µs with several worker
processes (``benchmarks/metrics_cost.py``), and there they can never be taken out again. Ours
are handed to its registry through its public ``Collector`` protocol (decision D-2).

Nothing happens at import: whether there is a worker file is found out at the first
recording, or at :meth:`Store.settle`. After a fork the child counts from zero, so that
what was counted before is exported once (behaviour 2).

>>> store = Store()
>>> series = store.add(Shape("shop_orders_total", "counter"), ())
>>> series.cells[series.at] += 2
>>> series.values()
[2.0]
"""

import os
import weakref
from collections.abc import Callable
from threading import Lock, RLock
from typing import Final, Protocol

from tocsin.clock import Clock, SystemClock
from tocsin.telemetry.metrics.catalogue import Shape
from tocsin.telemetry.metrics.exemplars import Measured
from tocsin.telemetry.metrics.snapshot import Snapshot

_FALLBACK_CLOCK: Final = SystemClock()


class Cells(Protocol):
    """A run of floats: a list, a view of a mapped file, or what stands in for them."""

    def __getitem__(self, index: int, /) -> float: ...

    def __setitem__(self, index: int, value: float, /) -> None: ...


class CellFile(Protocol):
    """A worker's file, as far as the store knows it."""

    def add(self, shape: Shape, labels: tuple[str, ...]) -> tuple[Cells, int]:
        """Make room for one series; where it begins."""
        ...

    def remove(self, cells: Cells, at: int) -> None:
        """Take one series out; its room is used again. Of strange cells, do nothing."""
        ...

    def abandon(self) -> None:
        """Let go of the file in a forked child, for it is the parent's."""
        ...


class Series:
    """One label set's numbers, ``cells[at]`` and those that follow.

    ``cells`` and ``at`` change when the store settles, so read both under the lock.
    """

    __slots__ = ("__weakref__", "at", "cells", "exemplars", "labels", "shape", "started_ns")

    cells: Cells
    exemplars: dict[int, Measured] | None
    """By bucket, in a histogram that sampled requests moved."""

    def __init__(self, shape: Shape, labels: tuple[str, ...], started_ns: int) -> None:
        self.shape = shape
        self.labels = labels
        self.started_ns = started_ns
        self.at = 0
        self.exemplars = None

    def values(self) -> list[float]:
        """A copy of the numbers; their meaning is told by ``Shape.width``."""
        cells, at = self.cells, self.at
        return [cells[index] for index in range(at, at + self.shape.width)]

    @property
    def events(self) -> float:
        """How many events it stands for: a counter's total, a histogram's count."""
        return self.shape.events_in(self.values())


class _FirstTouch:
    """Cells of a series until the first recording of all, which settles the store."""

    __slots__ = ("_series", "_store", "_values")

    def __init__(self, store: "Store", series: Series, values: list[float]) -> None:
        self._store = store
        self._series = series
        self._values = values

    def __getitem__(self, index: int, /) -> float:
        series = self._series
        return self._values[index] if series.cells is self else series.cells[series.at + index]

    def __setitem__(self, index: int, value: float, /) -> None:
        series = self._series
        if series.cells is self:
            self._values[index] = value
            self._store.settle()
        else:
            series.cells[series.at + index] = value


class _Departed:
    """Cells of a series that was taken out: events still count, where those before went."""

    __slots__ = ("_counts_from", "_heir")

    def __init__(self, shape: Shape, heir: Callable[[float], None]) -> None:
        self._heir = heir
        self._counts_from = {"counter": 0, "histogram": 1, "gauge": shape.width}[shape.kind]

    def __getitem__(self, index: int, /) -> float:
        return 0.0

    def __setitem__(self, index: int, value: float, /) -> None:
        if index >= self._counts_from:
            self._heir(value)


class Store:
    """All series of one client, and the lock that guards them.

    ``open_file`` is asked once, at the first recording, for this worker's file; it answers
    ``None`` where there is only one process. ``on_error`` hears of a file that takes no
    more: what it has no room for is counted in memory, and by this process alone.
    """

    def __init__(
        self,
        open_file: Callable[[], CellFile | None] = lambda: None,
        *,
        clock: Clock = _FALLBACK_CLOCK,
        on_error: Callable[[Exception], None] = lambda _error: None,
    ) -> None:
        # Re-entrant: a finaliser or a signal handler that records something while we do
        # would wait for itself for ever under a plain lock.
        self.lock = RLock()
        self.clock = clock
        self._open_file = open_file
        self._on_error = on_error
        self._file: CellFile | None = None
        self._settled = False
        self._is_file_full = False
        self._series: dict[Series, None] = {}
        _follow_forks(self)

    def add(self, shape: Shape, labels: tuple[str, ...]) -> Series:
        """A new series, all zero."""
        with self.lock:
            series = Series(shape, labels, self.clock.wall_ns())
            self._series[series] = None
            self._house(series, [0.0] * shape.width)
            return series

    def remove(self, series: Series, heir: Callable[[float], None]) -> None:
        """Take a series out; ``heir`` is told how many events it stood for.

        It is told again if someone who found the series before records in it after.
        """
        with self.lock:
            heir(series.events)
            if self._file is not None:
                self._file.remove(series.cells, series.at)
            del self._series[series]
            series.cells, series.at = _Departed(series.shape, heir), 0

    def all_series(self) -> list[Series]:
        """Every series of every instrument, in the order of their appearance."""
        with self.lock:
            return list(self._series)

    def has(self, series: Series) -> bool:
        """Whether a series is still counted in; one that was taken out is not."""
        return series in self._series

    def settle(self) -> None:
        """Find out where the numbers live, and move there; later calls do nothing."""
        with self.lock:
            if self._settled:
                return
            # First, for opening a file may itself count something.
            self._settled = True
            self._file = self._open_file()
            for series in self._series:
                self._house(series, series.values())

    def leave_file(self) -> None:
        """Go on in memory; the file is left to the other processes, as that of a dead one."""
        with self.lock:
            file, self._file, self._settled = self._file, None, True
            for series in self._series:
                self._house(series, [0.0] * series.shape.width if file else series.values())
            if file is not None:
                file.abandon()

    def unshared(self) -> Snapshot:
        """What is counted in memory alone, because no file took it."""
        with self.lock:
            snapshot = Snapshot()
            for series in self._series:
                if isinstance(series.cells, list):
                    snapshot.declare(series.shape)
                    snapshot.series[series.shape.name][series.labels] = series.values()
            return snapshot

    def _house(self, series: Series, values: list[float]) -> None:
        series.cells, series.at = values, 0
        if not self._settled:
            series.cells = _FirstTouch(self, series, values)
        elif self._file is not None:
            try:
                cells, at = self._file.add(series.shape, series.labels)
            except OSError as error:
                # Told once, and after it is noted: to count this takes a series as well.
                if not self._is_file_full:
                    self._is_file_full = True
                    self._on_error(error)
                return
            for index, value in enumerate(values):
                cells[at + index] = value
            series.cells, series.at = cells, at

    def begin_anew_in_child(self) -> None:
        """After a fork: keep what is true of any process, zero what was counted."""
        kept = {
            series: [0.0] * series.shape.width if series.shape.adds_up else series.values()
            for series in self._series
        }
        self._settled = False
        now_ns = self.clock.wall_ns()
        for series, values in kept.items():
            series.started_ns = now_ns
            series.exemplars = None
            self._house(series, values)
        if self._file is not None:
            self._file.abandon()
            self._file = None


_STORES: Final[weakref.WeakSet[Store]] = weakref.WeakSet()
_HELD: Final[list[Store]] = []
_FORKING: Final = Lock()
_HOOKED: Final[list[bool]] = []


def _follow_forks(store: Store) -> None:
    _STORES.add(store)
    if not _HOOKED and hasattr(os, "register_at_fork"):
        _HOOKED.append(True)
        os.register_at_fork(
            before=_before_fork, after_in_parent=_after_in_parent, after_in_child=_after_in_child
        )


def _before_fork() -> None:
    # No thread is in the middle of an addition when the memory is copied.
    _FORKING.acquire()
    _HELD.extend(_STORES)
    for store in _HELD:
        store.lock.acquire()


def _after_in_parent() -> None:
    while _HELD:
        _HELD.pop().lock.release()
    _FORKING.release()


def _after_in_child() -> None:
    try:
        for store in _HELD:
            store.begin_anew_in_child()
    finally:
        _after_in_parent()
