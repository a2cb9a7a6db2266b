"""All couriers of one process: their threads, the flush at the end, forks.

    delivery = Delivery([metrics_courier, span_courier], guard=…, clock=…, metrics=…)
    delivery.start()             # in the lifespan's start-up: after every fork
    ...
    delivery.close(within_s=7)   # in its shutdown: under SIGTERM no atexit runs (D-9)

Threads are daemons: an exporter that hangs keeps no process alive. After a fork the child
has none until it calls :meth:`Delivery.start` itself.

>>> Delivery([]).close(within_s=1.0)
True
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from threading import Condition, Thread
from typing import Final

from tocsin.clock import Clock, SystemClock
from tocsin.telemetry.delivery.complaints import Complaints
from tocsin.telemetry.delivery.courier import NANOSECONDS, Courier
from tocsin.telemetry.delivery.delivery_metrics import DeliveryMetrics
from tocsin.telemetry.delivery.inheritance import Inheritance
from tocsin.telemetry.delivery.witness import TellingWitness
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.logs.forks import renew_after_fork

CLOSE_WITHIN_S: Final = 7.0

_LONGEST_WAIT_S: Final = 3600.0
_AFTER_A_FAULT_S: Final = 1.0
_GRACE_S: Final = 0.2
_SHARE_OF_QUEUES: Final = 0.7


class _Shift:
    """One courier at work in a thread."""

    def __init__(self, courier: Courier) -> None:
        self.courier = courier
        self._changed = Condition()
        self._is_woken = False
        self._thread = Thread(target=self._work, name=f"tocsin-{courier.name}", daemon=True)
        if courier.queue is not None:
            courier.queue.on_many = self.hurry

    def begin(self) -> bool:
        """Start the thread; whether the interpreter still lets us."""
        try:
            self._thread.start()
        except RuntimeError:  # it is going down
            return False
        return True

    def wake(self) -> None:
        """Have the courier look at its work now."""
        with self._changed:
            self._is_woken = True
            self._changed.notify_all()

    def hurry(self) -> None:
        """Have the queue emptied now; a request's thread calls this, so it never waits."""
        self.courier.hurry()
        self.wake()

    def wait_until_flushed(self, until_ns: int, clock: Clock) -> bool:
        """Whether all that was asked for is out by then."""
        with self._changed:
            while not self.courier.is_flushed and self._thread.is_alive():
                left_s = (until_ns - clock.monotonic_ns()) / NANOSECONDS
                if left_s <= 0:
                    return False
                self._changed.wait(min(left_s, _GRACE_S))
        return self.courier.flush_went_well

    def _work(self) -> None:
        while not self.courier.is_stopping:
            try:
                wait_s = self.courier.turn()
            except Exception as error:  # noqa: BLE001 - without its thread it would never come back
                wait_s = _AFTER_A_FAULT_S
                with suppress(Exception):
                    self.courier.broke(error)
            with self._changed:
                self._changed.notify_all()
                if not self._is_woken and not self.courier.is_stopping:
                    self._changed.wait(min(wait_s, _LONGEST_WAIT_S))
                self._is_woken = False


def _end(shifts: Sequence[_Shift]) -> None:
    for shift in shifts:
        shift.courier.stop()
        shift.wake()


class Delivery:
    """What takes telemetry out of this process."""

    def __init__(
        self,
        couriers: Iterable[Courier],
        *,
        guard: Guard | None = None,
        clock: Clock | None = None,
        metrics: DeliveryMetrics | None = None,
        complaints: Complaints | None = None,
        inheritance: Inheritance | None = None,
    ) -> None:
        """Employ the couriers; no thread runs and nothing is sent before :meth:`start`."""
        self.couriers: Sequence[Courier] = tuple(couriers)
        self._clock: Clock = clock if clock is not None else SystemClock()
        self._complaints = complaints if complaints is not None else Complaints(self._clock)
        self._witness = TellingWitness(
            clock=self._clock,
            guard=guard if guard is not None else Guard(),
            metrics=metrics,
            complaints=self._complaints,
        )
        self._inheritance = inheritance
        self._shifts: list[_Shift] = []
        self._is_closed = False
        for courier in self.couriers:
            courier.employ(self._clock, self._witness)
            if courier.queue is not None and inheritance is not None:
                inheritance.hold(courier.queue)
            if metrics is not None:
                metrics.begins(courier.name)
        renew_after_fork(self)

    @property
    def is_started(self) -> bool:
        """Whether the threads run in this process."""
        return bool(self._shifts)

    def start(self) -> None:
        """Start the threads, in the process that serves; once they run, do nothing."""
        if self._shifts or self._is_closed:
            return
        if self._inheritance is not None:
            self._inheritance.claim()
        shifts = [_Shift(courier) for courier in self.couriers]
        self._shifts = [shift for shift in shifts if shift.begin()]

    def flush(self, within_s: float = CLOSE_WITHIN_S) -> bool:
        """Take out all that is here; whether it got out within ``within_s``, all couriers' time."""
        self.start()
        return self._flush(self._shifts, within_s) and len(self._shifts) == len(self.couriers)

    def _flush(self, shifts: Sequence[_Shift], within_s: float) -> bool:
        until_ns = self._clock.monotonic_ns() + round(within_s * NANOSECONDS)
        for shift in shifts:
            shift.courier.ask_flush(within_s)
            shift.wake()
        # Each is waited for, whatever became of the one before.
        went_well = [shift.wait_until_flushed(until_ns, self._clock) for shift in shifts]
        return all(went_well)

    def close(self, within_s: float = CLOSE_WITHIN_S) -> bool:
        """Flush, then stop; whether all got out. What did not is counted and logged.

        Metrics go twice, the second time last: so they tell what became of the last spans
        and lines, even if these hang.

        Raises:
            Exception: under test, the first fault of our own that a courier met.
        """
        if self._is_closed:
            return True
        until_ns = self._clock.monotonic_ns() + round(within_s * NANOSECONDS)
        self.start()
        shifts, self._shifts, self._is_closed = self._shifts, [], True
        queued = [shift for shift in shifts if shift.courier.queue is not None]
        periodic = [shift for shift in shifts if shift.courier.queue is None]
        went_well = len(shifts) == len(self.couriers)
        if queued:
            for shift in periodic:
                shift.courier.ask_flush(within_s)
                shift.wake()
            share = _SHARE_OF_QUEUES if periodic else 1.0
            went_well &= self._flush(queued, within_s * share)
            _end(queued)
        left_s = (until_ns - self._clock.monotonic_ns()) / NANOSECONDS
        went_well &= self._flush(periodic, max(0.0, left_s))
        _end(periodic)
        if not went_well:
            self._complaints.about("all", "closed_with_items_left")
        if self._witness.faults:
            raise self._witness.faults[0]
        return went_well

    def work_began(self) -> None:
        """A request began, so there is a processor: use it if something is due (D94)."""
        now_ns = self._clock.monotonic_ns()
        for shift in self._shifts:
            if shift.courier.is_due(now_ns):
                shift.wake()

    work_ended = work_began
    """A request ends; on platforms that freeze the processor between requests."""

    def renew_in_child(self) -> None:
        """After a fork: no thread of ours came along."""
        self._shifts = []
        self._is_closed = False
        self._complaints.renew_in_child()
        for courier in self.couriers:
            courier.renew_in_child()
