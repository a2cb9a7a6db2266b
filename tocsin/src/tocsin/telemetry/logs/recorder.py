"""The way of one event: draft, then the ring or the stream.

Whatever goes wrong on the way leaves a line that says so; a redactor that fails leaves
the line without what it could not vet.

>>> from tocsin.clock import SystemClock
>>> from tocsin.telemetry.redaction import Redactor
>>> from tocsin.telemetry.settings import Environment, TelemetrySettings
>>> settings = TelemetrySettings(service="shop", environment=Environment.TEST)
>>> shape = EntryShape(settings, redactor=Redactor(), started_ns=0)
>>> entries = []
>>> recorder = Recorder(
...     shape, clock=SystemClock(), guard=Guard(), write=entries.append, on_dropped=print,
...     sampled=lambda trace_id: False,
... )
>>> recorder.say("debug_lines_missing", dropped=3)
>>> entries[0]["message"], entries[0]["dropped"]
('debug_lines_missing', 3)
"""

from collections.abc import Callable
from itertools import count
from typing import Any, Final

from tocsin.clock import Clock
from tocsin.telemetry.context import RequestContext, current
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.logs.draft import Draft, Happening, draft_of
from tocsin.telemetry.logs.entry import LABELS, NOTES, EntryShape
from tocsin.telemetry.logs.error_events import ErrorJudge, Verdict
from tocsin.telemetry.logs.ring import DebugRing, RingOnDemand, RingState
from tocsin.telemetry.logs.severity import severity_of
from tocsin.telemetry.logs.timestamps import rfc3339

OWN_NAME: Final = "tocsin.telemetry.logs"
_INFO: Final = 20
_CRITICAL: Final = 50


class Recorder:
    """Records the events of one process."""

    def __init__(
        self,
        shape: EntryShape,
        *,
        clock: Clock,
        guard: Guard,
        write: Callable[[dict[str, Any]], None],
        on_dropped: Callable[[str], None],
        sampled: Callable[[str], bool],
    ) -> None:
        self.shape = shape
        self.now_ns = clock.wall_ns
        self.guard = guard
        self._write = write
        self._on_dropped = on_dropped
        self._sampled = sampled
        self._sequence = count(1)
        self.judge: ErrorJudge | None = None
        """Who decides which errors are events; none: every exception is."""

    def next_sequence(self) -> int:
        """The next event's number: lines of one microsecond keep their order by it."""
        return next(self._sequence)

    def take(self, told: Happening, *, written: bool) -> None:
        """Write an event, or put it into its request's ring when its level leaves it out."""
        try:
            draft = draft_of(told)
        except Exception as error:  # noqa: BLE001 - the record must not be lost
            self._write_remains(told, error)
            return
        if written:
            self._emit_judged(draft, told)
        elif told.context is not None and told.context.ring is not None:
            self._ring(draft, self._ring_of(told.context, told.context.ring))

    def say(self, message: str, *, level: int = _INFO, **fields: Any) -> None:
        """Tell of ourselves."""
        told = Happening(
            level=level,
            logger=OWN_NAME,
            message=message,
            fields=fields,
            wall_ns=self.now_ns(),
            sequence=self.next_sequence(),
            context=current(),
        )
        self.take(told, written=True)

    def keep(self, ring: DebugRing) -> None:
        """Write what a ring holds and, from now on, what it would be given."""
        drafts = ring.close(RingState.KEPT)
        for draft in drafts:
            self._emit(draft)
        if ring.dropped:
            self.say("debug_lines_missing", dropped=ring.dropped, kept=len(drafts))

    def _ring_of(self, context: RequestContext, ring: DebugRing | RingOnDemand) -> DebugRing:
        if isinstance(ring, DebugRing):
            return ring
        own = ring.ring_of(context)
        if self._sampled(context.trace_id):
            own.close(RingState.KEPT)  # nothing need wait for how this request ends
        return own

    def _ring(self, draft: Draft, ring: DebugRing) -> None:
        if ring.state is RingState.OPEN:
            for cause in ring.add(draft):
                self._on_dropped(cause)
        elif ring.state is RingState.KEPT:
            self._emit(draft)

    def _emit(self, draft: Draft) -> dict[str, Any]:
        failures: list[Exception] = []
        entry = self.shape.entry(draft, failures)
        self._write(entry)
        for error in failures:
            self.guard.failed("logs.redaction", error)
        return entry

    def _emit_judged(self, draft: Draft, told: Happening) -> None:
        judge = self.judge
        if judge is None or (draft.stack is None and told.level < _CRITICAL):
            self._emit(draft)
            return
        try:
            draft.verdict = judge.judge(told, draft, self.shape.insert_id(draft.sequence))
        except Exception as error:  # noqa: BLE001 - the line goes out as if nobody judged
            self.guard.failed("errors.judge", error)
        entry = self._emit(draft)
        if draft.verdict is not None and draft.verdict.is_event:
            self._report(judge, draft.verdict, entry, told)

    def _report(
        self, judge: ErrorJudge, verdict: Verdict, entry: dict[str, Any], told: Happening
    ) -> None:
        try:
            judge.report(verdict, entry, told)
        except Exception as error:  # noqa: BLE001 - the line is out; the report never fails us
            self.guard.failed("errors.report", error)

    def _write_remains(self, told: Happening, error: Exception) -> None:
        kind = type(error).__name__
        self._write(
            {
                "severity": severity_of(told.level, told.level_name),
                "time": rfc3339(told.wall_ns),
                "message": "log_record_could_not_be_shown",
                "logger": told.logger,
                LABELS: self.shape.labels,
                NOTES: [f"all fields: could not be shown ({kind})"],
            }
        )
        self.guard.failed("logs.record", error)
