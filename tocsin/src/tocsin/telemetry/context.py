"""What is known of the request (or job) that is being served right now.

One mutable object per request hangs in one context variable, set by the outermost
middleware. Threads and tasks that are started during the request copy the variable but
share the object, so a user that a synchronous dependency finds still reaches the access
line; a context variable per field would be lost there (see ``peers.md`` 2.7).

>>> with request_context(RequestContext("req-12345678")) as context:
...     bind(lesson="photosynthesis")
...     current() is context, context.fields
(True, {'lesson': 'photosynthesis'})
>>> current() is None
True
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tocsin.telemetry.logs.ring import DebugRing, RingOnDemand
    from tocsin.telemetry.traces.live import LiveSpan


class RequestContext:
    """Identifiers and bound fields of one request or one background job.

    ``user`` is a pseudonym (see :mod:`tocsin.telemetry.identity`), never a name or an
    address. ``trace_id`` is 32 and ``span_id`` 16 lower-case hex digits, or empty.
    ``span`` is there while it is recorded what the request did, and only then.
    """

    __slots__ = (
        "client",
        "correlation_id",
        "fields",
        "request_id",
        "ring",
        "sampled",
        "span",
        "span_id",
        "trace_id",
        "user",
        "user_role",
    )

    def __init__(
        self,
        request_id: str,
        correlation_id: str = "",
        *,
        trace_id: str = "",
        span_id: str = "",
        sampled: bool = False,
        ring: "DebugRing | RingOnDemand | None" = None,
    ) -> None:
        self.request_id = request_id
        self.correlation_id = correlation_id or request_id
        self.trace_id = trace_id
        self.span_id = span_id
        self.sampled = sampled
        self.span: LiveSpan | None = None
        self.ring = ring
        self.client = ""
        self.user = ""
        self.user_role = ""
        self.fields: dict[str, Any] = {}


_CURRENT: ContextVar[RequestContext | None] = ContextVar("tocsin_request", default=None)

# The middleware sets and resets the variable itself: a generator costs it 1 µs a request.
set_current = _CURRENT.set
reset_current = _CURRENT.reset
current = _CURRENT.get


def bind(**fields: Any) -> None:
    """Add fields to every later log line of this request; outside of one, do nothing."""
    context = _CURRENT.get()
    if context is not None:
        context.fields.update(fields)


def bind_user(pseudonym: str, role: str = "") -> None:
    """Say who is being served, by pseudonym; outside of a request, do nothing."""
    context = _CURRENT.get()
    if context is not None:
        context.user = pseudonym
        context.user_role = role


@contextmanager
def request_context(context: RequestContext) -> Iterator[RequestContext]:
    """Make ``context`` the current one inside the block: for workers and tests."""
    token = _CURRENT.set(context)
    try:
        yield context
    finally:
        _CURRENT.reset(token)
