"""Counts made before a fork: exported once, by one of the children (behaviour 2).

A server that loads the application before it forks its workers (gunicorn ``--preload``)
never runs the lifespan in the parent, so what was counted there has no courier, while every
child would hold a copy of it. The store starts each child at zero; here the parent's counts
are left as an estate, and the first child that starts its delivery claims it.

Which one that is, is settled by a pipe that the parent opens before it forks: one byte for
each estate, and whoever reads the byte has it. Only processes that really deliver read, so a
helper that was forked on the way takes nothing to its grave. A parent that delivers for
itself leaves nothing; one that begins to after all takes back what nobody has claimed. What
waits in queues (spans, lines, events) goes with the counts.

Counters of other libraries (prometheus_client's own) are not zeroed in a child: what the
parent had counted when it forked is taken off there, unless the child is the heir.

>>> from tocsin.telemetry.metrics import MetricsClient
>>> client = MetricsClient("shop")
>>> inheritance = Inheritance(client)
>>> inheritance.claim(); inheritance.is_heir
False
"""

import os
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final

from tocsin.telemetry.delivery.bounded_queue import BoundedQueue
from tocsin.telemetry.metrics import MetricsClient
from tocsin.telemetry.metrics.store import Series

Cells = list[float]
Owner = Series | Hashable
Waiting = list[tuple[Any, int]]

_ESTATES_AT_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class _Estate:
    """What a parent had when it forked, and had not left before."""

    counts: dict[Owner, Cells]
    waiting: list[Waiting]


class Inheritance:
    """The estates of one client's counts.

    Set ``delivers`` in a process that exports for itself; :meth:`claim` does.
    """

    def __init__(self, client: MetricsClient) -> None:
        self._store = client.store
        self._owner = os.getpid()
        self._left: dict[Owner, Cells] = {}
        self._estates: list[_Estate] = []
        self._queues: list[BoundedQueue] = []
        self._claimed: dict[Owner, Cells] = {}
        self._strangers: Callable[[], dict[Hashable, Cells]] = dict
        self._at_fork: dict[Hashable, Cells] = {}
        self._not_ours: dict[Hashable, Cells] = {}
        self._pipe: tuple[int, int] | None = None
        self.delivers = False
        self.is_heir = False
        _watch_forks(self)

    def follow(self, strangers: Callable[[], dict[Hashable, Cells]]) -> None:
        """Have the counts of other libraries' metrics told, each time before a fork."""
        self._strangers = strangers

    def hold(self, queue: BoundedQueue) -> None:
        """Have what waits in ``queue`` go with the counts."""
        self._queues.append(queue)

    def claim(self) -> None:
        """Take what nobody has claimed; called when delivery starts in this process."""
        if self.delivers:
            return
        self.delivers = True
        self._compare()
        if self._pipe is None:
            return
        unclaimed = self._read()
        if os.getpid() == self._owner:
            self._take_back(unclaimed)
            return
        unknown = b""
        for number in unclaimed:
            if number < len(self._estates):
                self.is_heir = True
                self._add(self._estates[number].counts, 1.0)
                self._requeue(self._estates[number])
            else:
                # It was left after we were forked: a younger sibling has it.
                unknown += bytes([number])
        if unknown:
            os.write(self._pipe[1], unknown)

    def of(self, series: Owner) -> Cells | None:
        """What this process inherited of a series, to be added to its own cells."""
        return self._claimed.get(series)

    def ours(self, stranger: Hashable, cells: Cells) -> Cells:
        """What of another library's count is this process's to tell."""
        before = self._not_ours.get(stranger)
        if before is not None:
            if _began_anew(before, cells):
                del self._not_ours[stranger]
            else:
                cells = [now - then for now, then in zip(cells, before, strict=True)]
        inherited = self._claimed.get(stranger)
        if inherited is not None:
            cells = [mine + theirs for mine, theirs in zip(cells, inherited, strict=True)]
        return cells

    def leave(self) -> None:
        """In the parent, before a fork: leave what was counted since the last one."""
        try:
            self._at_fork = self._strangers()
        except Exception:  # noqa: BLE001 - another library's collector must not hinder a fork
            self._at_fork = {}
        if self.delivers or os.getpid() != self._owner:
            return
        if len(self._estates) >= _ESTATES_AT_MOST:
            return
        estate = _Estate(self._news(), [queue.empty() for queue in self._queues])
        if not estate.counts and not any(estate.waiting):
            return
        if self._pipe is None:
            self._pipe = os.pipe()
            os.set_blocking(self._pipe[0], False)
        self._estates.append(estate)
        os.write(self._pipe[1], bytes([len(self._estates) - 1]))

    def renew_in_child(self) -> None:
        """In the child: nothing is delivered or claimed yet."""
        self.delivers = self.is_heir = False
        self._claimed = {}
        self._not_ours = self._at_fork

    def _read(self) -> bytes:
        assert self._pipe is not None  # noqa: S101 - the caller looked
        try:
            return os.read(self._pipe[0], _ESTATES_AT_MOST)
        except BlockingIOError:
            return b""

    def _compare(self) -> None:
        """Forget counts at the fork of whatever began anew in the child by itself."""
        for stranger, cells in self._strangers().items() if self._not_ours else ():
            self.ours(stranger, cells)

    def _take_back(self, unclaimed: bytes) -> None:
        """In the parent: what a child has claimed is the child's to tell, the rest is ours."""
        for number, estate in enumerate(self._estates):
            if number in unclaimed:
                self._requeue(estate)
            else:
                self._add(estate.counts, -1.0)

    def _add(self, counts: dict[Owner, Cells], sign: float) -> None:
        for series, cells in counts.items():
            mine = self._claimed.setdefault(series, [0.0] * len(cells))
            for index, value in enumerate(cells):
                mine[index] += sign * value

    def _requeue(self, estate: "_Estate") -> None:
        for queue, items in zip(self._queues, estate.waiting, strict=False):
            for item, size_bytes in items:
                queue.put(item, size_bytes)

    def _news(self) -> dict[Owner, Cells]:
        counts: dict[Owner, Cells] = dict(self._at_fork.items())
        with self._store.lock:
            for series in self._store.all_series():
                if series.shape.kind != "gauge":
                    counts[series] = series.values()
        news: dict[Owner, Cells] = {}
        for owner, cells in counts.items():
            before = self._left.get(owner, [0.0] * len(cells))
            fresh = [now - then for now, then in zip(cells, before, strict=True)]
            if any(fresh):
                news[owner] = fresh
                self._left[owner] = cells
        return news


def _began_anew(before: Cells, now: Cells) -> bool:
    """Whether some count fell; a histogram's sum, its first cell, may fall by itself."""
    counts = slice(1 if len(before) > 1 else 0, None)
    fell = (one < then for one, then in zip(now[counts], before[counts], strict=False))
    return len(now) != len(before) or any(fell)


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
