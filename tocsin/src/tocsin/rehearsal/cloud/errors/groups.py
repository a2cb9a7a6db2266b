"""Error groups: counted, with the newest events; bounded, and what leaves is counted.

>>> from tocsin.rehearsal.cloud.errors.capture import Captured
>>> shelf = GroupShelf()
>>> shelf.add(Captured("demo", 5, "api", "1", "", "out of paper", (), {}, {}))
>>> [(group.message, group.count, group.services) for group in shelf.groups()]
[('out of paper', 1, ('api',))]
"""

import hashlib
from collections import Counter, OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tocsin.rehearsal.cloud.errors.capture import Captured
from tocsin.rehearsal.cloud.errors.identity import identity

OPEN: Final = 1
RESOLVED: Final = 3
EVENTS_KEPT: Final = 50
NAMES_KEPT: Final = 1_000
_ID_CHARS: Final = 22


@dataclass(frozen=True)
class SeenError:
    """One event of a group."""

    time_ns: int
    message: str
    service: str = ""
    version: str = ""
    user: str = ""
    http: Mapping[str, Any] = field(default_factory=dict)
    location: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ErrorGroup:
    """Errors with the same cause.

    ``kind`` is the exception's type, empty for errors without a stack trace; ``message`` the
    exception's own line. ``events`` are the newest, oldest of them first; ``users`` are the
    distinct ones, by the names that were reported.
    """

    group_id: str
    kind: str
    message: str
    count: int
    first_ns: int
    last_ns: int
    services: tuple[str, ...]
    users: tuple[str, ...]
    events: tuple[SeenError, ...]
    project: str = ""
    status: int = OPEN
    tracking_urls: tuple[str, ...] = ()


@dataclass
class _Group:
    project: str
    group_id: str
    kind: str
    message: str
    first_ns: int
    last_ns: int
    count: int = 0
    status: int = OPEN
    tracking_urls: tuple[str, ...] = ()
    services: Counter[str] = field(default_factory=Counter)
    users: Counter[str] = field(default_factory=Counter)
    events: deque[SeenError] = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))

    def shown(self) -> ErrorGroup:
        return ErrorGroup(
            group_id=self.group_id,
            kind=self.kind,
            message=self.message,
            count=self.count,
            first_ns=self.first_ns,
            last_ns=self.last_ns,
            services=tuple(sorted(self.services)),
            users=tuple(sorted(self.users)),
            events=tuple(self.events),
            project=self.project,
            status=self.status,
            tracking_urls=self.tracking_urls,
        )


class GroupShelf:
    """The groups of all projects; whoever uses it holds the world's lock."""

    def __init__(self, *, max_groups: int = 1_000) -> None:
        self.dropped = 0
        """Groups that left because the shelf was full."""
        self._max_groups = max_groups
        self._groups: OrderedDict[tuple[str, str], _Group] = OrderedDict()

    def add(self, seen: Captured) -> None:
        """Count one event in its group; a resolved group opens again."""
        key = (seen.project, _group_id(seen))
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _first(seen, key[1])
        self._groups.move_to_end(key)
        _count(group, seen)
        while len(self._groups) > self._max_groups:
            self._groups.popitem(last=False)
            self.dropped += 1

    def groups(self, project: str = "") -> list[ErrorGroup]:
        """Those of a project or all, the one seen last at the end."""
        return [group.shown() for group in self._groups.values() if project in ("", group.project)]

    def get(self, project: str, group_id: str) -> ErrorGroup | None:
        """One group, or None."""
        group = self._groups.get((project, group_id))
        return group.shown() if group else None

    def mark(self, project: str, group_id: str, status: int, urls: tuple[str, ...]) -> bool:
        """Set what people decide about a group; False if there is none."""
        group = self._groups.get((project, group_id))
        if group is None:
            return False
        group.status, group.tracking_urls = status or OPEN, urls
        return True

    def clear(self, project: str) -> None:
        """Forget a project's events, and its groups with them."""
        for key in [key for key in self._groups if key[0] == project]:
            del self._groups[key]


def _group_id(seen: Captured) -> str:
    same = identity(seen.stacks, seen.text, str(seen.location.get("functionName", "")))
    return hashlib.sha256("\0".join(same).encode("utf-8", "replace")).hexdigest()[:_ID_CHARS]


def _first(seen: Captured, group_id: str) -> _Group:
    kind = seen.stacks[0].kind if seen.stacks else ""
    message = seen.stacks[0].told if seen.stacks else seen.text.partition("\n")[0]
    return _Group(seen.project, group_id, kind, message, seen.time_ns, seen.time_ns)


def _count(group: _Group, seen: Captured) -> None:
    group.count += 1
    group.first_ns = min(group.first_ns, seen.time_ns)
    group.last_ns = max(group.last_ns, seen.time_ns)
    if group.status == RESOLVED:
        group.status = OPEN
    for names, name in ((group.services, seen.service), (group.users, seen.user)):
        if name and (name in names or len(names) < NAMES_KEPT):
            names[name] += 1
    group.events.append(
        SeenError(
            seen.time_ns,
            seen.text,
            seen.service,
            seen.version,
            seen.user,
            seen.http,
            seen.location,
        )
    )
