"""One exporter's courier: when to go, with what, how often to try again, what to count.

There are two sorts. A *periodic* courier (metrics) collects its batches anew in each round;
what could not be delivered is left, for the next round's numbers contain it. A *queued* one
(spans, lines, events) empties its queue, and keeps the batch in hand until it is taken.

It has neither thread nor sleep: :meth:`Courier.turn` does what is due and says how long
until something is due again, so a test can live through ten minutes in no time. Batches of
a round are tried once each before any is tried again: one that fails or hangs costs the
others nothing but its time (behaviour 5).

A call that took much longer than its own time limit was not slow: the process had no
processor (a platform that freezes it between requests, SIGSTOP). That is no failure of the
backend, is not counted as one, and the batch is sent again at once (behaviour 7).

>>> class Printer:
...     def carry(self, batch, *, timeout_s):
...         print(*batch)
...         return Receipt(delivered=len(batch))
>>> queue = BoundedQueue(max_items=10, max_bytes=100)
>>> courier = Courier("lines", Printer(), every_s=1.0, queue=queue, batch_items=2)
>>> accepted = [queue.put(word) for word in ("one", "two", "three")]
>>> courier.ask_flush(within_s=5.0); wait_s = courier.turn()
one two
three
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tocsin.clock import Clock, SystemClock
from tocsin.errors import DeclarationError
from tocsin.telemetry.delivery.backoff import Backoff, RetryBudget
from tocsin.telemetry.delivery.bounded_queue import CLOSED, BoundedQueue
from tocsin.telemetry.delivery.carrier import Carrier, Receipt, Undelivered
from tocsin.telemetry.delivery.witness import SILENT, Witness

NANOSECONDS: Final = 1_000_000_000
TIMEOUT_S: Final = 5.0
EXPIRED: Final = "expired"

_SYSTEM_CLOCK: Final = SystemClock()
_FROZEN_AFTER_NS: Final = 1_000_000_000
_FROZEN_AT_MOST: Final = 3
_TRIES_PER_ROUND: Final = 4
_FIRST_ROUND_WITHIN_S: Final = 5.0
_SHORTEST_TIMEOUT_S: Final = 0.25
_WAIT_IN_FLUSH_S: Final = 1.0


@dataclass(slots=True)
class _Parcel:
    """A batch in hand."""

    batch: Sequence[Any]
    due_ns: int
    began_ns: int
    tries: int = 0
    frozen: int = 0
    is_counted: bool = False
    """Whether it was counted as lost while its call was still out: nothing else is told of it."""


class Courier:
    """Carries for one exporter; :class:`Delivery` gives it a thread."""

    def __init__(
        self,
        name: str,
        carrier: Carrier,
        *,
        every_s: float,
        queue: BoundedQueue | None = None,
        collect: Callable[[], Iterable[Sequence[Any]]] | None = None,
        batch_items: int = 200,
        batch_bytes: int = 4_000_000,
        timeout_s: float = TIMEOUT_S,
        keep_at_most_s: float = 3600.0,
        backoff: Backoff | None = None,
        budget: RetryBudget | None = None,
    ) -> None:
        """Take a carrier and either a queue to empty or a ``collect`` to call each round.

        Args:
            name: the exporter's name in metrics and logs.
            carrier: takes batches out.
            every_s: the time from one round to the next.
            queue: what to empty.
            collect: gives a round's batches; called in the courier's thread.
            batch_items: the most items taken from the queue at once.
            batch_bytes: the most that they weigh together.
            timeout_s: the time limit of one call.
            keep_at_most_s: how long a queued batch is tried before it is given up.
            backoff: waits between tries.
            budget: tries beyond the first, of a periodic courier.

        Raises:
            DeclarationError: neither or both of queue and collect are given.
        """
        if (queue is None) == (collect is None):
            raise DeclarationError(f"courier {name}: give it a queue or a collect, and one only")
        self.name = name
        self.carrier = carrier
        self.every_s = every_s
        self.queue = queue
        self.timeout_s = timeout_s
        self._collect = collect
        self._batch_items = batch_items
        self._batch_bytes = batch_bytes
        self._keep_ns = round(keep_at_most_s * NANOSECONDS)
        self._backoff = backoff if backoff is not None else Backoff()
        self._budget = budget if budget is not None else RetryBudget()
        self._witness: Witness = SILENT
        self._clock: Clock = _SYSTEM_CLOCK
        self._begin()

    def _begin(self) -> None:
        self._parcels: deque[_Parcel] = deque()
        self._on_the_way: _Parcel | None = None
        self._next_ns = self._clock.monotonic_ns()
        self._next_ns += round(self._first_wait_s() * NANOSECONDS)
        self._is_burst = False
        self._asked = self._answered = 0
        self._flush_until_ns = 0
        self._flush_begun = 0
        self._flush_went_well = True
        self.is_stopping = False

    def _first_wait_s(self) -> float:
        """By chance, so that instances that start together do not write together."""
        return min(self.every_s, _FIRST_ROUND_WITHIN_S) * self._backoff.chance()

    # --- Asked from other threads ----------------------------------------------------------

    def employ(self, clock: Clock, witness: Witness) -> None:
        """Take up work: whose clock, and who hears what becomes of items."""
        self._clock = clock
        self._witness = witness
        if self.queue is not None:
            self.queue.on_dropped = lambda cause, items: witness.dropped(self.name, cause, items)
        self._begin()

    def hurry(self) -> None:
        """Have the queue emptied at the next turn; a queue that fills calls this."""
        self._is_burst = True

    def is_due(self, now_ns: int) -> bool:
        """Whether a round is due."""
        return now_ns >= self._next_ns

    def ask_flush(self, within_s: float) -> None:
        """Have everything that is here taken out in the next turns, in ``within_s`` at most."""
        self._flush_until_ns = self._clock.monotonic_ns() + round(within_s * NANOSECONDS)
        self._asked += 1

    @property
    def is_flushed(self) -> bool:
        """Whether the last flush that was asked for has ended."""
        return self._answered >= self._asked

    @property
    def flush_went_well(self) -> bool:
        """Whether all got out in it."""
        return self.is_flushed and self._flush_went_well

    def stop(self) -> None:
        """Make no further call; what is still here is counted as lost."""
        self.is_stopping = True
        if self.queue is not None:
            self.queue.close()
            lost = list(self._parcels)
            if (out := self._on_the_way) is not None:
                # Its call may yet succeed, but this process will not be there to hear of it.
                out.is_counted = True
                lost.append(out)
            self._witness.dropped(self.name, CLOSED, sum(len(parcel.batch) for parcel in lost))
        self._parcels.clear()

    def renew_in_child(self) -> None:
        """After a fork: what is in hand is the parent's, and so are its connections."""
        if self.queue is not None:
            self.queue.renew_in_child()
        renew = getattr(self.carrier, "renew_in_child", None)
        if renew is not None:
            renew()
        self._begin()

    # --- In the courier's own thread -------------------------------------------------------

    def turn(self) -> float:
        """Do what is due; the seconds until something is due again."""
        if self._asked > self._flush_begun:
            self._begin_flush()
        elif self._clock.monotonic_ns() >= self._next_ns:
            self._begin_round()
        while not self.is_stopping and (parcel := self._due_parcel()) is not None:
            self._on_the_way = parcel
            self._carry(parcel)
            self._on_the_way = None
            if self._asked > self._flush_begun:
                return 0.0
        self._end_flush()
        if self.queue is not None:
            self._witness.queued(self.name, len(self.queue) + self._in_hand)
        return self._wait_s()

    def broke(self, error: Exception) -> None:
        """Tell of a fault of our own that ended a turn."""
        self._witness.broke(self.name, "turn", error)

    @property
    def _in_hand(self) -> int:
        return sum(len(parcel.batch) for parcel in self._parcels)

    @property
    def _is_flushing(self) -> bool:
        return self._flush_begun > self._answered

    def _begin_flush(self) -> None:
        self._flush_begun = self._asked
        self._flush_went_well = True
        for parcel in self._parcels:
            parcel.due_ns = 0
        self._begin_round()

    def _begin_round(self) -> None:
        now_ns = self._clock.monotonic_ns()
        # From now, not from when it was due: after a freeze one round is due, not many.
        self._next_ns = now_ns + round(self.every_s * NANOSECONDS)
        self._is_burst = True
        if self._collect is None:
            return
        while self._parcels:
            # Its series are in the batches that come now.
            self._give_up(self._parcels.popleft(), "superseded", is_news=False)
        batches: list[Sequence[Any]] = []
        try:
            batches.extend(self._collect())
        except Exception as error:  # noqa: BLE001 - a collector may be anybody's code
            self._flush_went_well = False
            self._witness.broke(self.name, "collect", error)
        self._parcels.extend(_Parcel(batch, now_ns, now_ns) for batch in batches)

    def _due_parcel(self) -> _Parcel | None:
        now_ns = self._clock.monotonic_ns()
        if self._is_flushing and now_ns >= self._flush_until_ns:
            return None
        for index, parcel in enumerate(self._parcels):
            if parcel.due_ns <= now_ns:
                del self._parcels[index]
                return parcel
        if self.queue is None or self._parcels or not self._is_burst:
            return None
        batch = self.queue.take(self._batch_items, self._batch_bytes)
        if batch:
            return _Parcel(batch, now_ns, now_ns)
        self._is_burst = False
        return None

    def _carry(self, parcel: _Parcel) -> None:
        if not parcel.tries:
            self._budget.earn()
        timeout_s = self._timeout_s()
        began_ns = self._clock.monotonic_ns()
        try:
            receipt = self.carrier.carry(parcel.batch, timeout_s=timeout_s)
        except Undelivered as error:
            took_ns = self._clock.monotonic_ns() - began_ns
            self._met(parcel, error, took_ns, timeout_s)
        except Exception as error:  # noqa: BLE001 - a carrier may be anybody's code
            took_ns = self._clock.monotonic_ns() - began_ns
            self._witness.broke(self.name, "carry", error)
            kind = Undelivered(type(error).__name__, again=False)
            self._met(parcel, kind, took_ns, timeout_s)
        else:
            took_ns = self._clock.monotonic_ns() - began_ns
            self._witness.called(self.name, "ok", took_ns)
            self._take_receipt(parcel, receipt)

    def _timeout_s(self) -> float:
        """Of what is left of the round or the flush, a fair share for each batch in hand."""
        until_ns = self._flush_until_ns if self._is_flushing else self._next_ns
        left_s = (until_ns - self._clock.monotonic_ns()) / NANOSECONDS
        waiting = 1 + sum(parcel.tries == 0 for parcel in self._parcels)
        share_s = left_s / waiting if self._collect is not None else left_s
        if self._collect is None and not self._is_flushing:
            return self.timeout_s
        return max(_SHORTEST_TIMEOUT_S, min(self.timeout_s, share_s))

    def _take_receipt(self, parcel: _Parcel, receipt: Receipt) -> None:
        if parcel.is_counted:
            return
        if receipt.delivered or not receipt.refused:
            self._witness.delivered(self.name, receipt.delivered)
        for cause, items in receipt.refused.items():
            self._flush_went_well = False
            self._witness.refused(self.name, cause, items)
        if receipt.again:
            rest = _Parcel(receipt.again, parcel.due_ns, parcel.began_ns, parcel.tries)
            self._try_again(rest, Undelivered("PARTIAL_FAILURE"))

    def _met(self, parcel: _Parcel, error: Undelivered, took_ns: int, timeout_s: float) -> None:
        """Meet a batch that was not answered, or refused as one."""
        if parcel.is_counted:
            return
        over_ns = took_ns - round(timeout_s * NANOSECONDS)
        was_frozen = error.again and over_ns > _FROZEN_AFTER_NS
        if was_frozen and parcel.frozen < _FROZEN_AT_MOST:
            self._witness.called(self.name, "frozen", took_ns)
            parcel.frozen += 1
            parcel.due_ns = 0
            self._parcels.appendleft(parcel)
        elif not error.again:
            self._witness.called(self.name, "failed", took_ns)
            self._flush_went_well = False
            self._witness.refused(self.name, error.cause, len(parcel.batch), detail=error.detail)
        elif self._try_again(parcel, error):
            self._witness.called(self.name, "retried", took_ns)
        else:
            self._witness.called(self.name, "failed", took_ns)

    def _try_again(self, parcel: _Parcel, error: Undelivered) -> bool:
        """Whether there will be another try; tells of the failure either way."""
        parcel.tries += 1
        now_ns = self._clock.monotonic_ns()
        wait_s = self._backoff.wait_s(parcel.tries)
        if self._is_flushing:
            wait_s = min(wait_s, _WAIT_IN_FLUSH_S)
        parcel.due_ns = now_ns + round(wait_s * NANOSECONDS)
        self._witness.complained(self.name, error.cause, error.detail)
        if self._may_try_again(parcel, now_ns):
            self._parcels.append(parcel)
            return True
        self._give_up(parcel, error.cause)
        return False

    def _may_try_again(self, parcel: _Parcel, now_ns: int) -> bool:
        if self.is_stopping:
            return False
        if self._collect is None:
            return now_ns - parcel.began_ns < self._keep_ns
        if self._is_flushing:
            # There may be no later: what time is left is spent on trying.
            return parcel.due_ns < self._flush_until_ns
        is_in_time = parcel.due_ns < self._next_ns
        return parcel.tries < _TRIES_PER_ROUND and is_in_time and self._budget.spend()

    def _give_up(self, parcel: _Parcel, cause: str, *, is_news: bool = True) -> None:
        self._witness.failed(self.name, len(parcel.batch))
        if self._collect is None:
            lost_by = CLOSED if self.is_stopping else EXPIRED
            self._witness.dropped(self.name, lost_by, len(parcel.batch))
        if is_news:
            self._flush_went_well = False
            self._witness.complained(self.name, cause)

    def _end_flush(self) -> None:
        if not self._is_flushing:
            return
        is_late = self._clock.monotonic_ns() >= self._flush_until_ns
        is_empty = not self._parcels and not (self.queue is not None and len(self.queue))
        if is_empty or is_late or self.is_stopping:
            if not is_empty:
                self._flush_went_well = False
            self._answered = self._flush_begun

    def _wait_s(self) -> float:
        due_ns = self._next_ns
        if self._parcels:
            due_ns = min(due_ns, *(parcel.due_ns for parcel in self._parcels), due_ns)
        if self._is_flushing:
            due_ns = min(due_ns, self._flush_until_ns)
        if self._asked > self._flush_begun:
            return 0.0
        return max(0.0, (due_ns - self._clock.monotonic_ns()) / NANOSECONDS)
