"""Where entries lie: the newest, up to a number and a size; what had to leave is counted.

>>> from tocsin.rehearsal.cloud.logs.messages import LogEntry
>>> shelf = Shelf(max_entries=1)
>>> for text in "ab":
...     shelf.add(LogEntry(text_payload=text))
>>> [one.text_payload for one in shelf.all()], shelf.dropped
(['b'], 1)
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tocsin.rehearsal.cloud.logs.messages import ns_of, project_of

Key = tuple[str, int, str]


def key_of(entry: Any) -> Key:
    """What makes two entries one in a query's result."""
    return project_of(entry.log_name), ns_of(entry.timestamp), entry.insert_id


@dataclass(frozen=True, slots=True)
class _Held:
    entry: Any
    size_bytes: int
    repeats: bool


class Shelf:
    """The entries of one cloud; whoever uses it holds the world's lock."""

    def __init__(self, *, max_entries: int = 50_000, max_bytes: int = 64 << 20) -> None:
        self.dropped = 0
        """Entries that left because the shelf was full."""
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._held: deque[_Held] = deque()
        self._bytes = 0
        self._keys: Counter[Key] = Counter()

    def __len__(self) -> int:
        return len(self._held)

    def knows(self, entry: Any) -> bool:
        """Whether an entry of the same key lies here."""
        return key_of(entry) in self._keys

    def add(self, entry: Any, *, repeats: bool = False) -> None:
        """Keep ``entry``; one that ``repeats`` another is left out of results."""
        held = _Held(entry, entry.ByteSize(), repeats)
        self._held.append(held)
        self._bytes += held.size_bytes
        self._keys[key_of(entry)] += 1
        while len(self._held) > self._max_entries or self._bytes > self._max_bytes:
            self._forget(self._held.popleft())
            self.dropped += 1

    def remove(self, unwanted: Callable[[Any], bool]) -> int:
        """Drop the entries that are ``unwanted``; how many there were."""
        before, kept = len(self._held), deque[_Held]()
        for held in self._held:
            if unwanted(held.entry):
                self._forget(held)
            else:
                kept.append(held)
        self._held = kept
        return before - len(kept)

    def all(self) -> Iterator[Any]:
        """The entries as they came, without those that repeat another."""
        return (held.entry for held in self._held if not held.repeats)

    def _forget(self, held: _Held) -> None:
        self._bytes -= held.size_bytes
        key = key_of(held.entry)
        self._keys[key] -= 1
        if not self._keys[key]:
            del self._keys[key]
