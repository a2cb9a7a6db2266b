"""Counts made before a fork: exported once, by one of the children (behaviour 2).

A server that loads the application before it forks its workers (gunicorn ``--preload``)
never runs the lifespan in the parent, so what was counted there has no courier, while every
child would hold a copy of it. The store starts each child at zero; here the parent's counts
are left as an estate, and the first child that starts its delivery claims it.

Which one that is, is settled by a pipe that the parent opens before it forks: one byte for
each estate, and whoever reads the byte has it. Only processes that really deliver read, so a
helper that was forked on the way takes nothing to its grave. A parent that delivers for
itself leaves nothing.

>>> from tocsin.telemetry.metrics import MetricsClient
>>> client = MetricsClient("shop")
>>> inheritance = Inheritance(client)
>>> inheritance.claim(); inheritance.is_heir
False
"""

import os
import weakref
from typing import Final

from tocsin.telemetry.metrics import MetricsClient
from tocsin.telemetry.metrics.store import Series

Cells = list[float]

_ESTATES_AT_MOST: Final = 200


class Inheritance:
    """The estates of one client's counts.

    Set ``delivers`` in a process that exports for itself; :meth:`claim` does.
    """

    def __init__(self, client: MetricsClient) -> None:
        self._store = client.store
        self._owner = os.getpid()
        self._left: dict[Series, Cells] = {}
        self._estates: list[dict[Series, Cells]] = []
        self._claimed: dict[Series, Cells] = {}
        self._pipe: tuple[int, int] | None = None
        self.delivers = False
        self.is_heir = False
        _watch_forks(self)

    def claim(self) -> None:
        """Take what nobody has claimed; called when delivery starts in this process."""
        if self.delivers:
            return
        self.delivers = True
        if self._pipe is None or os.getpid() == self._owner:
            return
        unknown = b""
        for number in self._read():
            if number < len(self._estates):
                self._take(self._estates[number])
            else:
                # It was left after we were forked: a younger sibling has it.
                unknown += bytes([number])
        if unknown:
            os.write(self._pipe[1], unknown)

    def of(self, series: Series) -> Cells | None:
        """What this process inherited of a series, to be added to its own cells."""
        return self._claimed.get(series)

    def leave(self) -> None:
        """In the parent, before a fork: leave what was counted since the last one."""
        if self.delivers or os.getpid() != self._owner:
            return
        estate = self._news()
        if not estate or len(self._estates) >= _ESTATES_AT_MOST:
            return
        if self._pipe is None:
            self._pipe = os.pipe()
            os.set_blocking(self._pipe[0], False)
        self._estates.append(estate)
        os.write(self._pipe[1], bytes([len(self._estates) - 1]))

    def renew_in_child(self) -> None:
        """In the child: nothing is delivered or claimed yet."""
        self.delivers = False

    def _read(self) -> bytes:
        assert self._pipe is not None  # noqa: S101 - the caller looked
        try:
            return os.read(self._pipe[0], _ESTATES_AT_MOST)
        except BlockingIOError:
            return b""

    def _take(self, estate: dict[Series, Cells]) -> None:
        self.is_heir = True
        for series, cells in estate.items():
            mine = self._claimed.setdefault(series, [0.0] * len(cells))
            for index, value in enumerate(cells):
                mine[index] += value

    def _news(self) -> dict[Series, Cells]:
        news: dict[Series, Cells] = {}
        with self._store.lock:
            for series in self._store.all_series():
                if series.shape.kind == "gauge":
                    continue
                cells = series.values()
                before = self._left.get(series, [0.0] * len(cells))
                fresh = [now - then for now, then in zip(cells, before, strict=True)]
                if any(fresh):
                    news[series] = fresh
                    self._left[series] = cells
        return news


_KNOWN: Final[weakref.WeakSet[Inheritance]] = weakref.WeakSet()
_HOOKED: Final[list[bool]] = []


def _watch_forks(inheritance: Inheritance) -> None:
    _KNOWN.add(inheritance)
    if not _HOOKED and hasattr(os, "register_at_fork"):
        _HOOKED.append(True)
        os.register_at_fork(before=_before, after_in_child=_after_in_child)


def _before() -> None:
    for inheritance in list(_KNOWN):
        inheritance.leave()


def _after_in_child() -> None:
    for inheritance in list(_KNOWN):
        inheritance.renew_in_child()
