"""A batch in several requests: each is answered for itself, and all share one budget of time.

>>> def send(part, timeout_s):
...     return 1
>>> carried([["a", "b"], ["c", "d"]], send, timeout_s=1.0, clock=SystemClock())
Receipt(delivered=2, refused={'partial_success': 2}, again=())
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from tocsin.clock import Clock, SystemClock
from tocsin.telemetry.delivery.carrier import Receipt, Undelivered

PARTIAL: Final = "partial_success"
"""The cause of items that a collector refused while it took the others; it names no other."""
_NS_PER_S: Final = 1e9

Send = Callable[[Sequence[Any], float], int]
"""Sends one part within so many seconds; how many items of it were refused."""

__all__ = ["PARTIAL", "Send", "SystemClock", "carried"]


class _Tally:
    """What became of the items so far."""

    def __init__(self) -> None:
        self.delivered = 0
        self.refused: Counter[str] = Counter()
        self.again: list[Any] = []
        self.failures: list[Undelivered] = []

    def answered(self, items: int, rejected: int) -> None:
        rejected = min(max(rejected, 0), items)
        self.delivered += items - rejected
        if rejected:
            self.refused[PARTIAL] += rejected

    def failed(self, part: Sequence[Any], error: Undelivered) -> None:
        self.failures.append(error)
        if error.again:
            self.again.extend(part)
        else:
            self.refused[error.cause] += len(part)

    def receipt(self, parts: int) -> Receipt:
        """The whole.

        Raises:
            Undelivered: every part met the same sort of failure.
        """
        if parts and len(self.failures) == parts:
            first = self.failures[0]
            if all(one.again == first.again for one in self.failures):
                raise first
        return Receipt(self.delivered, dict(self.refused), tuple(self.again))


def carried(
    parts: Sequence[Sequence[Any]], send: Send, *, timeout_s: float, clock: Clock
) -> Receipt:
    """Send every part; what became of each item.

    Raises:
        Undelivered: nothing of it was taken, and that for one sort of reason.
    """
    tally = _Tally()
    until_ns = clock.monotonic_ns() + int(timeout_s * _NS_PER_S)
    for index, part in enumerate(parts):
        left_s = (until_ns - clock.monotonic_ns()) / _NS_PER_S
        if index and left_s <= 0:
            tally.failed(part, Undelivered("DEADLINE_EXCEEDED"))
            continue
        try:
            tally.answered(len(part), send(part, left_s))
        except Undelivered as error:
            tally.failed(part, error)
    return tally.receipt(len(parts))
