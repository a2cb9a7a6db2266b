"""Where the events of a logger go in, before, during and after an installed pipeline.

A logger is made at import time, when nothing is configured yet. So it holds a door; the
door knows the logger's level, and leads to the installed pipeline or, as long as there
is none, to standard error.

>>> door = door_of("shop.cart")
>>> door is door_of("shop.cart"), door.opens(logging.ERROR), door.opens(logging.DEBUG)
(True, True, False)
"""

import logging
import weakref
from collections.abc import Callable
from threading import RLock
from typing import Protocol

from tocsin.telemetry.context import current
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.logs.draft import Happening
from tocsin.telemetry.logs.levels import LevelTable
from tocsin.telemetry.logs.ring import RingState


class Destination(Protocol):
    """What a door needs of a pipeline."""

    levels: LevelTable
    guard: Guard
    now_ns: Callable[[], int]
    next_sequence: Callable[[], int]

    def take(self, told: Happening, *, written: bool) -> None:
        """Write an event, or put it into its request's ring."""
        ...

    def open_package(self, name: str) -> None:
        """Let the standard-library loggers of a package of ours fill the rings too."""
        ...


class Door:
    """One logger's name and level, and the way to the pipeline."""

    __slots__ = ("__weakref__", "name", "rings", "threshold")

    def __init__(self, name: str) -> None:
        self.name = name
        self.threshold = logging.INFO
        self.rings = False

    def opens(self, level: int) -> bool:
        """Whether an event of this level goes anywhere at all: a cheap answer."""
        return level >= self.threshold or (self.rings and _has_ring())


def _has_ring() -> bool:
    context = current()
    return (
        context is not None
        and context.ring is not None
        and context.ring.state is not RingState.DISCARDED
    )


class _Hall:
    """All doors of the process, and where they lead."""

    def __init__(self) -> None:
        self._lock = RLock()  # a finaliser may make a logger meanwhile
        self._doors: weakref.WeakValueDictionary[str, Door] = weakref.WeakValueDictionary()
        self._packages: set[str] = set()
        self._installed: Destination | None = None
        self._before: Destination | None = None

    def door(self, name: str) -> Door:
        """The door of a logger's name: one for all who ask."""
        with self._lock:
            door = self._doors.get(name)
            if door is None:
                door = self._doors[name] = Door(name)
                self._set_level(door)
        return door

    def own(self, name: str) -> None:
        """Note that the package of a logger's name is one of ours."""
        package = name.partition(".")[0]
        if package and package not in self._packages:
            self._packages.add(package)
            if self._installed is not None:
                self._installed.open_package(package)

    def lead_to(self, destination: Destination | None) -> None:
        """Lead everything to an installed pipeline, or back to standard error."""
        with self._lock:
            self._installed = destination
            for door in list(self._doors.values()):
                self._set_level(door)
        if destination is not None:
            for package in sorted(self._packages):
                destination.open_package(package)

    def destination(self) -> Destination:
        """Where events go now."""
        if self._installed is not None:
            return self._installed
        if self._before is None:
            from tocsin.telemetry.logs.fallback import standard_error  # noqa: PLC0415 - it needs us

            self._before = standard_error()
        return self._before

    def _set_level(self, door: Door) -> None:
        if self._installed is None:
            door.threshold, door.rings = logging.INFO, False
        else:
            levels = self._installed.levels
            door.threshold, door.rings = levels.threshold(door.name), levels.rings(door.name)


_hall = _Hall()
door_of = _hall.door
own_package_of = _hall.own
lead_to = _hall.lead_to
destination = _hall.destination
