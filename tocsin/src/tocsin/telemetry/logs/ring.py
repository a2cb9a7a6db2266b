"""What a request's level leaves out, kept until it is known how the request ends.

A failed or slow request writes its ring, and so does one of a sampled trace; the others
drop theirs. One ring holds at most ``RING_RECORDS`` drafts and ``RING_BYTES``; all rings
of a process together at most the budget, so 10,000 concurrent requests cannot take more.
A full ring lets its oldest go, since the newest stand next to the failure, and counts.

>>> budget = RingBudget(1_000_000)
>>> ring = DebugRing(budget)
>>> len(ring), ring.dropped, budget.used
(0, 0, 0)
"""

from collections import deque
from enum import Enum
from threading import RLock
from typing import Final

from tocsin.telemetry.context import RequestContext
from tocsin.telemetry.logs.draft import Draft
from tocsin.telemetry.logs.forks import renew_after_fork

RING_RECORDS: Final = 128
RING_BYTES: Final = 131_072
BUDGET_BYTES: Final = 33_554_432

RING_FULL: Final = "debug_ring_full"
BUDGET_SPENT: Final = "debug_budget_spent"


class RingState(Enum):
    """What becomes of a draft."""

    OPEN = "open"
    KEPT = "kept"
    """The request was worth it: later drafts are written at once."""
    DISCARDED = "discarded"


class RingBudget:
    """The bytes that all rings of a process may hold together."""

    def __init__(self, limit: int = BUDGET_BYTES) -> None:
        self.limit = limit
        self.used = 0
        self.lock = RLock()
        self._returned: deque[int] = deque()
        renew_after_fork(self)

    def renew_in_child(self) -> None:
        """Forget a lock that a thread of the parent may hold."""
        self.lock = RLock()

    def has(self, size: int) -> bool:
        """Whether ``size`` bytes more may be held; to be called under ``lock``."""
        while self._returned:
            self.used -= self._returned.popleft()
        return self.used + size <= self.limit

    def take(self, size: int) -> bool:
        """Hold ``size`` bytes more, if they may be held; to be called under ``lock``."""
        if not self.has(size):
            return False
        self.used += size
        return True

    def give_back(self, size: int) -> None:
        """Return bytes; takes no lock, for the garbage collector calls it anywhere."""
        self._returned.append(size)


class _Held:
    """The drafts of one ring; made with the first, so that an empty ring costs little."""

    __slots__ = ("_budget", "drafts", "size")

    def __init__(self, budget: RingBudget) -> None:
        self._budget = budget
        self.drafts: list[tuple[Draft, int]] = []
        self.size = 0

    def __del__(self) -> None:
        # A ring that was neither kept nor discarded (a cancelled request) gives back too.
        if self.size:
            self._budget.give_back(self.size)


class DebugRing:
    """The ring of one request. Any thread of the request may add to it."""

    __slots__ = ("_budget", "_held", "dropped", "state")

    def __init__(self, budget: RingBudget) -> None:
        self._budget = budget
        self._held: _Held | None = None
        self.dropped = 0
        self.state = RingState.OPEN

    def __len__(self) -> int:
        return 0 if self._held is None else len(self._held.drafts)

    def add(self, draft: Draft) -> list[str]:
        """Keep a draft; answers with a cause for each draft that had to go."""
        size = draft.weight()
        with self._budget.lock:
            held = self._held
            if held is None:
                held = self._held = _Held(self._budget)
            gone = self._make_room(held, size)
            if size <= RING_BYTES and self._budget.take(size):
                held.drafts.append((draft, size))
                held.size += size
            else:
                gone.append(RING_FULL if size > RING_BYTES else BUDGET_SPENT)
            self.dropped += len(gone)
        return gone

    def _make_room(self, held: _Held, size: int) -> list[str]:
        """Let the oldest go until ``size`` bytes more fit, or none is left."""
        gone: list[str] = []
        while held.drafts:
            if len(held.drafts) >= RING_RECORDS or held.size + size > RING_BYTES:
                gone.append(RING_FULL)
            elif not self._budget.has(size):
                gone.append(BUDGET_SPENT)
            else:
                break
            _, freed = held.drafts.pop(0)
            held.size -= freed
            self._budget.give_back(freed)
        return gone

    def close(self, state: RingState) -> list[Draft]:
        """Empty the ring for good; later drafts go by ``state``."""
        self.state = state
        if self._held is None:
            return []
        with self._budget.lock:
            held, self._held = self._held, None
        return [] if held is None else [draft for draft, _ in held.drafts]


class RingOnDemand:
    """Stands in a context until its first line for the ring; one serves all requests.

    Nearly every request goes by without such a line, and a ring of its own would cost
    it more than all of its identifiers.
    """

    __slots__ = ("_budget",)

    state = RingState.OPEN

    def __init__(self, budget: RingBudget) -> None:
        self._budget = budget

    def ring_of(self, context: RequestContext) -> DebugRing:
        """The context's own ring from now on; two threads of a request get the same."""
        with self._budget.lock:
            ring = context.ring
            if not isinstance(ring, DebugRing):
                ring = context.ring = DebugRing(self._budget)
        return ring
