"""What waits to be taken out: bounded in items and bytes, and never in anybody's way.

``put`` costs a lock and an append; it never waits. What finds no room is dropped and
counted by cause: the newest where a story's beginning matters most, else the oldest.

>>> queue = BoundedQueue(max_items=2, max_bytes=1000, drop="oldest")
>>> [queue.put(word, len(word)) for word in ("one", "two", "three")]
[True, True, True]
>>> queue.take(10, 1000), dict(queue.dropped)
(['two', 'three'], {'queue_full': 1})
"""

from collections import Counter, deque
from collections.abc import Callable
from threading import RLock
from typing import Any, Final, Literal

QUEUE_FULL: Final = "queue_full"
TOO_LARGE: Final = "too_large"
CLOSED: Final = "closed"


class BoundedQueue:
    """First in, first out; thread-safe.

    ``on_dropped(cause, items)`` hears of every loss. ``wake_at`` items make ``on_many`` be
    called, so that a burst need not wait for its hour.
    """

    def __init__(
        self,
        *,
        max_items: int,
        max_bytes: int,
        drop: Literal["newest", "oldest"] = "newest",
        wake_at: int = 0,
    ) -> None:
        self.max_items = max_items
        self.max_bytes = max_bytes
        self.dropped: Counter[str] = Counter()
        self.on_dropped: Callable[[str, int], None] = _nobody
        self.on_many: Callable[[], None] = _nothing
        self._drops_newest = drop == "newest"
        self._wake_at = wake_at or max(1, max_items // 2)
        self._items: deque[tuple[Any, int]] = deque()
        self._bytes = 0
        self._is_closed = False
        # Re-entrant: a finaliser that ends a span while we hold it must not wait for itself.
        self._lock = RLock()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def size_bytes(self) -> int:
        """What the waiting items weigh, as their givers said."""
        return self._bytes

    def put(self, item: Any, size_bytes: int = 1) -> bool:
        """Queue ``item``; whether there was room for it."""
        lost = 0
        with self._lock:
            # Nearly always there is room, and this is on the path of requests.
            has_room = (
                not self._is_closed
                and len(self._items) < self.max_items
                and self._bytes + size_bytes <= self.max_bytes
            )
            cause = "" if has_room else self._refusal(size_bytes)
            if has_room:
                self._items.append((item, size_bytes))
                self._bytes += size_bytes
            elif not cause:
                while self._is_over(size_bytes):
                    self._bytes -= self._items.popleft()[1]
                    lost += 1
                self._items.append((item, size_bytes))
                self._bytes += size_bytes
            is_many = not cause and len(self._items) == self._wake_at
        if lost or cause:
            self._lose(cause or QUEUE_FULL, lost or 1)
        if is_many:
            self.on_many()
        return not cause

    def take(self, max_items: int, max_bytes: int) -> list[Any]:
        """The next items: at most so many and so heavy together, but one at least."""
        taken: list[Any] = []
        weight = 0
        with self._lock:
            while self._items and len(taken) < max_items:
                size = self._items[0][1]
                if taken and weight + size > max_bytes:
                    break
                taken.append(self._items.popleft()[0])
                weight += size
            self._bytes -= weight
        return taken

    def empty(self) -> list[tuple[Any, int]]:
        """Everything that waits, each with its weight; nothing waits after."""
        with self._lock:
            waiting = list(self._items)
            self._items.clear()
            self._bytes = 0
        return waiting

    def close(self) -> int:
        """Take nothing more and drop what waits; how many items that were."""
        with self._lock:
            self._is_closed = True
            left = len(self._items)
            self._items.clear()
            self._bytes = 0
        if left:
            self._lose(CLOSED, left)
        return left

    def renew_in_child(self) -> None:
        """After a fork: what waits is the parent's to deliver."""
        self._lock = RLock()
        self._items.clear()
        self._bytes = 0
        self.dropped.clear()

    def _is_over(self, size_bytes: int) -> bool:
        return len(self._items) >= self.max_items or self._bytes + size_bytes > self.max_bytes

    def _refusal(self, size_bytes: int) -> str:
        if self._is_closed:
            return CLOSED
        if size_bytes > self.max_bytes:
            return TOO_LARGE
        return QUEUE_FULL if self._drops_newest and self._is_over(size_bytes) else ""

    def _lose(self, cause: str, items: int) -> None:
        self.dropped[cause] += items
        self.on_dropped(cause, items)


def _nobody(_cause: str, _items: int) -> None:
    return None


def _nothing() -> None:
    return None
