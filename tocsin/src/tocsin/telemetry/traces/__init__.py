"""What a sampled request did, as spans: one for the request, one per piece of work in it.

Work of the service's own is told by :func:`span`, from anywhere below a request or a job.
Of a request that is not sampled, and outside of any, it is one shared object that does
nothing. Log lines carry the span id of the request (or job), never that of a piece of
work in it: lines of one request belong together, whichever task or thread wrote them.

This module knows nothing of OpenTelemetry, so a service that does not install it imports
and runs, with tracing off; :meth:`tocsin.telemetry.assembly.Telemetry.trace_to` turns it on.

>>> with span("pipeline.script", words=250) as script:
...     script.set(model="small")
>>> current_traceparent()
''
"""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from tocsin.errors import DeclarationError
from tocsin.telemetry.context import current as current_context

if TYPE_CHECKING:
    from tocsin.telemetry.assembly import Telemetry
    from tocsin.telemetry.traces.tracing import Tracing

__all__ = ["NOTHING", "SpanSink", "Work", "begin", "current_traceparent", "span"]


class SpanSink(Protocol):
    """Where finished spans wait for their carrier: a courier's queue, as a rule.

    They are raw: the carrier must be one that
    :meth:`tocsin.telemetry.traces.tracing.Tracing.carrier` made, which vets them.
    """

    def put(self, item: Any, size: int, /) -> object:
        """Take one span of about ``size`` bytes; never block, never raise."""
        ...


class Work(Protocol):
    """A piece of work that is being done; inside its ``with`` block."""

    def set(self, **attributes: Any) -> None:
        """Say more of it. What could name a person is redacted before it leaves."""
        ...


class _Nothing:
    """Work that nobody follows."""

    __slots__ = ()

    def set(self, **attributes: Any) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        return None


NOTHING: Final = _Nothing()
"""What :func:`span` answers when nothing is recorded: one for all, so it costs no memory."""


def span(name: str, /, **attributes: Any) -> AbstractContextManager[Work]:
    """A piece of work within the request or job that is being served.

    An exception that leaves the block is recorded once, in the innermost span, and marks
    the span as failed; a cancellation is no failure. ``name`` is one of few.
    """
    context = current_context()
    if context is None or context.span is None:
        return NOTHING
    return context.span.work(name, attributes)


def current_traceparent() -> str:
    """The W3C ``traceparent`` of what is being done, to be stored with work for later.

    Give it to :meth:`tocsin.telemetry.assembly.Telemetry.job` when the work is done:
    its span is then part of this trace. Empty outside of any request. Of a request that
    is not sampled it says so (flag 00), and the job is not sampled either.
    """
    context = current_context()
    if context is None or not context.trace_id:
        return ""
    if context.span is not None:
        return context.span.traceparent()
    return f"00-{context.trace_id}-{context.span_id}-{'01' if context.sampled else '00'}"


def begin(telemetry: "Telemetry", sink: SpanSink) -> "Tracing":
    """Tracing for ``telemetry``; called by its ``trace_to``.

    Raises:
        DeclarationError: OpenTelemetry is not installed.
    """
    try:
        # Here, and not above: a service without the extra must import this module.
        from tocsin.telemetry.traces.tracing import Tracing  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise DeclarationError(
            "tracing needs OpenTelemetry, which is not installed: "
            'pip install "tocsin[otlp]", or leave tracing off'
        ) from error
    return Tracing(
        telemetry.settings,
        sink=sink,
        redactor=telemetry.redactor,
        guard=telemetry.guard,
        clock=telemetry.clock,
        digits=telemetry.digits,
    )
