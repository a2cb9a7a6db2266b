"""One failure is one event, whoever else speaks of it.

What becomes an event:

===================================================== ====================== =============
what happened                                         event                  ``kind``
===================================================== ====================== =============
exception of a request that nothing handled           its one line           request
exception after the last byte (background task)       its one line           background_task
exception in a job's context, logged at ERROR         that line              job
exception logged at ERROR elsewhere                   that line              logged
anything logged at CRITICAL, with or without one      that line              crash
5xx that the application answered on purpose          to Sentry alone        answered
the same exception (or one raised from it) again      no: ``repeated``
more of one fingerprint than the limiter lets pass    no: ``suppressed``
exception logged below ERROR; cancellation            no: ``handled``
ERROR line without an exception                       no: a fact, for metrics and alerts
4xx, a client that left, a cancelled request          no
===================================================== ====================== =============

The line is written in any case; ``error_event`` says why it is no event. The limiter's
count reaches the next event of its kind (``suppressed_errors``), the line that
:meth:`ErrorReports.close` writes, and a metric.

>>> from tocsin.telemetry.testing import CapturedTelemetry
>>> from tocsin.telemetry.logs import get_logger
>>> with CapturedTelemetry() as captured:
...     try:
...         {}["lesson"]
...     except KeyError:
...         get_logger("shop").exception("no_lesson")
...         get_logger("shop").exception("still_no_lesson")
>>> "stack_trace" in captured.line("no_lesson"), captured.line("still_no_lesson")["error_event"]
(True, 'repeated')
"""

import logging
from asyncio import CancelledError
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tocsin.telemetry.context import RequestContext
from tocsin.telemetry.errors.fingerprints import fingerprint_of, innermost_own
from tocsin.telemetry.errors.marks import event_of, mark_event
from tocsin.telemetry.errors.storms import StormLimiter
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.logs import LogPipeline
from tocsin.telemetry.logs.draft import Draft, Happening
from tocsin.telemetry.logs.error_events import ErrorRequest, Verdict
from tocsin.telemetry.metrics import SelfMetrics

REQUEST: Final = "request"
BACKGROUND_TASK: Final = "background_task"
JOB: Final = "job"
CRASH: Final = "crash"
LOGGED: Final = "logged"
ANSWERED: Final = "answered"

HANDLED: Final = "handled"
REPEATED: Final = "repeated"
SUPPRESSED: Final = "suppressed"

_CANCELLATIONS: Final = (CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit)
_REQUESTS: Final = 1_024
_TOLD_AT_CLOSE: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEvent:
    """One event for a reporter.

    ``entry`` is the finished log entry, redacted; of ``error`` only what has passed a
    redactor may leave.
    """

    verdict: Verdict
    entry: Mapping[str, Any]
    error: BaseException | None = None
    request: ErrorRequest | None = None
    context: RequestContext | None = None
    wall_ns: int = 0


class Reporter(Protocol):
    """Takes events elsewhere than to the log; never waits."""

    takes_answers: bool
    """Whether it wants to hear of a 5xx that the application answered on purpose."""

    def report(self, event: ErrorEvent) -> None:
        """Take one event."""
        ...


class ErrorReports:
    """The errors of one process, from its log pipeline to whoever is told of them."""

    def __init__(
        self,
        logs: LogPipeline,
        *,
        limiter: StormLimiter,
        guard: Guard,
        told: SelfMetrics,
        wall_ns: Callable[[], int],
    ) -> None:
        """Judge the errors of ``logs`` from here on.

        ``in_line`` says whether the log line itself is the event; an exporter that
        reports by API sets it to False, so that one error is not two events.
        """
        self.in_line = True
        self._reporters: tuple[Reporter, ...] = ()
        self._logs = logs
        self._limiter = limiter
        self._guard = guard
        self._told = told
        self._wall_ns = wall_ns
        self._requests: OrderedDict[str, None] = OrderedDict()
        logs.judge_errors(self)

    def add(self, reporter: Reporter, *, instead_of_lines: bool = False) -> None:
        """Tell ``reporter`` too; ``instead_of_lines`` if Error Reporting hears it from there."""
        self._reporters = (*self._reporters, reporter)
        if instead_of_lines:
            self.in_line = False

    def unhandled(
        self,
        message: str,
        error: BaseException,
        *,
        kind: str,
        request: ErrorRequest,
        context: RequestContext,
        **fields: Any,
    ) -> None:
        """Write the one line of an exception that nothing handled."""
        told = Happening(
            level=logging.ERROR,
            logger="tocsin.request",
            message=message,
            fields=fields,
            wall_ns=self._wall_ns(),
            sequence=self._logs.next_sequence(),
            error=error,
            location=innermost_own(error),
            context=context,
            request=request,
            error_kind=kind,
        )
        self._logs.take(told, written=True)

    def answered(
        self, request: ErrorRequest, error: BaseException | None, context: RequestContext
    ) -> None:
        """Hear of a 5xx that was answered on purpose; a request that was told of stays one."""
        takers = [one for one in self._reporters if one.takes_answers]
        if not takers or context.request_id in self._requests:
            return
        place = f"{request.method} {request.route} {request.status}"
        verdict = self._admitted(ANSWERED, f"{ANSWERED}|{place}")
        if not verdict.is_event:
            return
        event = ErrorEvent(
            verdict=verdict,
            entry={"severity": "ERROR", "message": place, "logger": "tocsin.request"},
            error=error,
            request=request,
            context=context,
            wall_ns=self._wall_ns(),
        )
        self._tell(event, takers)

    def judge(self, told: Happening, draft: Draft, insert_id: str) -> Verdict | None:
        """The verdict on an exception, or on a CRITICAL line (for the log pipeline)."""
        error, kind = told.error, _kind(told)
        if told.level < logging.ERROR or isinstance(error, _CANCELLATIONS):
            return Verdict(kind, standing=HANDLED)
        if error is None:
            if draft.stack is not None and _tells_of_cancellation(draft.stack.whole()):
                return Verdict(kind, standing=HANDLED)
            return self._admitted(kind, f"{told.logger}|{draft.message[:200]}")
        before = event_of(error)
        if before is not None:
            return Verdict(kind, standing=REPEATED, reported_as=before)
        mark_event(error, insert_id)
        if told.context is not None:
            self._remember(told.context.request_id)
        return self._admitted(kind, fingerprint_of(error))

    def report(self, verdict: Verdict, entry: Mapping[str, Any], told: Happening) -> None:
        """Tell the reporters of an event (for the log pipeline)."""
        event = ErrorEvent(
            verdict=verdict,
            entry=entry,
            error=told.error,
            request=told.request,
            context=told.context,
            wall_ns=told.wall_ns,
        )
        self._tell(event, self._reporters)

    def close(self) -> int:
        """Say how many errors were suppressed that no event told of; repeating it is free."""
        untold = self._limiter.untold()
        total = sum(untold.values())
        if total:
            most = sorted(untold, key=untold.__getitem__, reverse=True)[:_TOLD_AT_CLOSE]
            told = Happening(
                level=logging.WARNING,
                logger="tocsin.telemetry.errors",
                message="errors_suppressed_untold",
                fields={
                    "suppressed_total": total,
                    "by_fingerprint": [{"error": one, "count": untold[one]} for one in most],
                },
                wall_ns=self._wall_ns(),
                sequence=self._logs.next_sequence(),
            )
            self._logs.take(told, written=True)
        return total

    def _admitted(self, kind: str, fingerprint: str) -> Verdict:
        before = self._limiter.admit(fingerprint)
        if before is None:
            self._told.error_event_suppressed()
            return Verdict(kind, fingerprint, standing=SUPPRESSED)
        self._told.error_event(kind)
        return Verdict(kind, fingerprint, suppressed_before=before, in_line=self.in_line)

    def _tell(self, event: ErrorEvent, reporters: tuple[Reporter, ...] | list[Reporter]) -> None:
        for reporter in reporters:
            try:
                reporter.report(event)
            except Exception as error:  # noqa: BLE001 - one reporter costs no other
                self._guard.failed("errors.reporter", error)

    def _remember(self, request_id: str) -> None:
        self._requests[request_id] = None
        if len(self._requests) > _REQUESTS:
            self._requests.popitem(last=False)


def _tells_of_cancellation(stack: str) -> bool:
    last = stack.rstrip().rpartition("\n")[2].partition(":")[0]
    return last.rpartition(".")[2] in {one.__name__ for one in _CANCELLATIONS}


def _kind(told: Happening) -> str:
    if told.error_kind:
        return told.error_kind
    if told.level >= logging.CRITICAL:
        return CRASH
    in_job = told.context is not None and "job" in told.context.fields
    return JOB if in_job else LOGGED
