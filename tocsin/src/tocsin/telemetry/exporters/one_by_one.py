"""A batch for a backend that takes one item a call, within the batch's time.

>>> from tocsin.telemetry.testing import HandClock
>>> def send(item, timeout_s):
...     if item == "bad":
...         raise Undelivered("INVALID_ARGUMENT", again=False)
>>> one_by_one(["a", "bad", "b"], send, timeout_s=5.0, clock=HandClock())
Receipt(delivered=2, refused={'INVALID_ARGUMENT': 1}, again=())
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from tocsin.clock import Clock
from tocsin.telemetry.delivery.carrier import Receipt, Undelivered

_NANOSECONDS: Final = 1_000_000_000


def one_by_one(
    batch: Sequence[Any],
    send: Callable[[Any, float], None],
    *,
    timeout_s: float,
    clock: Clock,
) -> Receipt:
    """Send the items in order; after one that was not answered in time the rest waits.

    ``send(item, timeout_s)`` raises :class:`Undelivered` for an item that was not taken;
    one that never will be stops no other.

    Raises:
        Undelivered: the first item was not answered.
    """
    until_ns = clock.monotonic_ns() + round(timeout_s * _NANOSECONDS)
    refused: Counter[str] = Counter()
    for number, item in enumerate(batch):
        left_s = (until_ns - clock.monotonic_ns()) / _NANOSECONDS
        if number and left_s <= 0:
            return _stopped(batch, number, refused)
        try:
            send(item, left_s)
        except Undelivered as failure:
            if not failure.again:
                refused[failure.cause] += 1
            elif number:
                return _stopped(batch, number, refused)
            else:
                raise
    return Receipt(len(batch) - refused.total(), dict(refused))


def _stopped(batch: Sequence[Any], number: int, refused: Counter[str]) -> Receipt:
    return Receipt(number - refused.total(), dict(refused), batch[number:])
