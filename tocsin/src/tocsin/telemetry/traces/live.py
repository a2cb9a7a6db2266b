"""A span while its work goes on: of a request, a job, or a piece of work in either.

It is a ``Span`` of OpenTelemetry's API, so a library or an endpoint that asks for the
current one finds it and may say more. It is made by hand and not by the SDK's tracer,
which costs six times as much; what the API defines holds all the same. Nothing is looked
at or redacted here: that is done off the request's path, where the span leaves.

Only sampled work has one. Its clock's wall reading at the beginning and the monotonic
one after that: a span never ends before it began, whatever is done to the machine's hour.
"""

from collections.abc import Mapping
from contextvars import Token
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    get_current_span,
)

from tocsin.telemetry.logs.exceptions import StackText
from tocsin.telemetry.traces import limits
from tocsin.telemetry.traces.failures import EVENT, error_type, is_told, tell
from tocsin.telemetry.traces.otel_context import enter, leave

if TYPE_CHECKING:
    from tocsin.telemetry.traces.tracing import Tracing

ERROR_TYPE: Final = "error.type"
OUTCOME: Final = "tocsin.outcome"
CANCELLED: Final = "cancelled"
OURS: Final = ("tocsin", "", "")
"""The instrumentation scope of spans that are made here: name, version, schema."""

_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
SPAN_BYTES: Final = 1_200
"""About what a span takes in memory before it has attributes of its own."""
_EVENT_BYTES: Final = 200

Event = tuple[str, int, dict[str, Any]]
"""Name, wall time, attributes."""


class LiveSpan(Span):
    """One span, from its beginning until it lies in the sink."""

    # What most spans never change hangs on the class: to be made costs by the attribute.
    name = ""
    kind = SpanKind.INTERNAL
    scope = OURS
    remote_parent = False
    status = StatusCode.UNSET
    description = ""
    dropped_attributes = dropped_events = 0
    attributes: dict[str, Any] | None = None
    events: list[Event] | None = None
    links: list[Link] | None = None
    start_ns = end_ns = _began_ns = 0
    _context: SpanContext | None = None
    _token: Token[Context] | None = None

    def __init__(  # noqa: PLR0917 - keywords cost more than the assignments
        self,
        tracing: "Tracing",
        name: str,
        kind: SpanKind,
        trace_id: str,
        span_id: str,
        parent_id: str,
        attributes: Mapping[str, Any] | None = None,
        scope: tuple[str, str, str] = OURS,
    ) -> None:
        self.tracing = tracing
        self.name = name
        self.kind = kind
        self.trace_id = trace_id
        self.span_id = span_id
        self.parent_id = parent_id
        self.scope = scope
        if attributes:
            self.set_attributes(attributes)

    def begin(self, start_ns: int | None = None) -> Self:
        """Take the time."""
        clock = self.tracing.clock
        self._began_ns = clock.monotonic_ns()
        self.start_ns = clock.wall_ns() if start_ns is None else start_ns
        return self

    def attach(self) -> None:
        """Be the current span of OpenTelemetry's context, until :meth:`detach`."""
        try:
            self._token = enter(self)
        except Exception as error:  # noqa: BLE001 - a trace never fails a request
            self.tracing.guard.failed("traces.attach", error)

    def detach(self) -> None:
        """Give OpenTelemetry's context back as it was."""
        token, self._token = self._token, None
        if token is not None:
            try:
                leave(token)
            except Exception as error:  # noqa: BLE001 - a trace never fails a request
                self.tracing.guard.failed("traces.detach", error)

    def traceparent(self) -> str:
        """What a callee or a later job is told: the current span of this trace."""
        inner = innermost(self)
        return f"00-{inner.trace_id}-{inner.span_id}-01"

    def work(self, name: str, attributes: Mapping[str, Any]) -> "Working":
        """A ``with`` block as a span below the current one of this trace."""
        return Working(self, name, attributes)

    # What OpenTelemetry's API asks of a span.

    def get_span_context(self) -> SpanContext:
        """The identifiers, as numbers."""
        context = self._context
        if context is None:
            context = self._context = SpanContext(
                int(self.trace_id, 16), int(self.span_id, 16), is_remote=False, trace_flags=_SAMPLED
            )
        return context

    def is_recording(self) -> bool:
        """Whether it is still open."""
        return not self.end_ns

    def set_attribute(self, key: str, value: Any) -> None:
        """Say one thing more, or anew."""
        if self.end_ns:
            return
        known = self.attributes
        if known is None:
            known = self.attributes = {}
        if key not in known and len(known) >= limits.ATTRIBUTES:
            self.dropped_attributes += 1
            return
        known[key] = _kept(value)

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Say several things more, or anew."""
        for key, value in attributes.items():
            self.set_attribute(key, value)

    def add_event(
        self, name: str, attributes: Mapping[str, Any] | None = None, timestamp: int | None = None
    ) -> None:
        """Note that something happened."""
        if self.end_ns:
            return
        events = self.events
        if events is None:
            events = self.events = []
        if len(events) >= limits.EVENTS:
            self.dropped_events += 1
            return
        kept = {key: _kept(value) for key, value in list((attributes or {}).items())[:32]}
        events.append((name, timestamp or self.tracing.clock.wall_ns(), kept))

    def add_link(
        self,
        context: SpanContext,
        attributes: Mapping[str, Any] | None = None,  # noqa: ARG002 - OpenTelemetry's signature
    ) -> None:
        """Point to a span that is no parent. Its attributes are left out: nobody vets them."""
        links = self.links
        if links is None:
            links = self.links = []
        if not self.end_ns and context.is_valid and len(links) < limits.LINKS:
            links.append(Link(context))

    def update_name(self, name: str) -> None:
        """Rename it; a request's span keeps its route's name."""
        if not self.end_ns:
            self.name = name

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Say how it went. What was called good stays good; unset says nothing."""
        if isinstance(status, Status):
            code, description = status.status_code, status.description
        else:
            code = status
        if self.end_ns or code is StatusCode.UNSET or self.status is StatusCode.OK:
            return
        self.status = code
        self.description = (description or "")[: limits.VALUE_BYTES]

    def record_exception(
        self,
        exception: BaseException,
        attributes: Mapping[str, Any] | None = None,
        timestamp: int | None = None,
        escaped: bool = False,  # noqa: ARG002, FBT001, FBT002 - OpenTelemetry's signature
    ) -> None:
        """Note an exception, unless a span further in has it already."""
        if self.end_ns:
            return
        if ERROR_TYPE not in (self.attributes or {}):
            self.set_attribute(ERROR_TYPE, error_type(exception))
        if not is_told(exception, self.trace_id):
            self.add_event(
                EVENT, {**tell(exception, self.trace_id), **(attributes or {})}, timestamp
            )

    def failed(self, error: BaseException) -> None:
        """It ended by ``error``."""
        self.record_exception(error)
        self.set_status(StatusCode.ERROR)

    def end(self, end_time: int | None = None) -> None:
        """Close it, and give it to the sink."""
        if self.end_ns:
            return
        clock = self.tracing.clock
        took_ns = clock.monotonic_ns() - self._began_ns
        self.end_ns = max(self.start_ns, end_time or self.start_ns + took_ns)
        self.tracing.finished(self, self._size())

    def _size(self) -> int:
        size = SPAN_BYTES
        for key, value in (self.attributes or {}).items():
            size += len(key) + _length(value)
        for _, _, attributes in self.events or ():
            size += _EVENT_BYTES + sum(_length(value) for value in attributes.values())
        return size


class Working:
    """A ``with`` block that is a span; what :func:`tocsin.telemetry.traces.span` answers."""

    __slots__ = ("_attributes", "_name", "_span", "_within")

    def __init__(self, within: LiveSpan, name: str, attributes: Mapping[str, Any]) -> None:
        self._within = within
        self._name = name
        self._attributes = attributes
        self._span: LiveSpan | None = None

    def set(self, **attributes: Any) -> None:
        """Say more of the work."""
        if self._span is not None:
            self._span.set_attributes(attributes)

    def __enter__(self) -> Self:
        tracing = self._within.tracing
        try:
            within = innermost(self._within)
            self._span = tracing.child(within, self._name, self._attributes).begin()
            self._span.attach()
        except Exception as error:  # noqa: BLE001 - the work is done all the same
            tracing.guard.failed("traces.work", error)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        span = self._span
        if span is None:
            return
        try:
            span.detach()
            if isinstance(error, Exception):
                span.failed(error)
            elif error is not None:
                span.set_attribute(OUTCOME, CANCELLED)
            span.end()
        except Exception as failure:  # noqa: BLE001 - the work is done all the same
            span.tracing.guard.failed("traces.work", failure)


def innermost(span: LiveSpan) -> LiveSpan:
    """The current span below ``span`` in its trace, or itself."""
    inner = get_current_span()
    if isinstance(inner, LiveSpan) and inner.trace_id == span.trace_id and not inner.end_ns:
        return inner
    return span


def _kept(value: Any) -> Any:
    """``value`` as a span may hold it: plain, and bounded."""
    if isinstance(value, str):
        return value[: limits.VALUE_BYTES]
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, StackText):  # bounded already
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_kept(one) for one in list(value)[: limits.ITEMS]]
    return f"<{type(value).__name__}>"


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, StackText):
        return len(value.head) + len(value.tail)
    return 16 * len(value) if isinstance(value, list) else 8
