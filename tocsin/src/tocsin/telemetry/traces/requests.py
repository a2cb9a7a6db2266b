"""The span of a request or a WebSocket: what is noted when it is over, and what it says.

On the request's path a dozen values are put into two tuples; attributes are made of them
where spans leave, those that many requests share only once. Names and attributes are
those of OpenTelemetry's stable conventions for HTTP servers
(https://opentelemetry.io/docs/specs/semconv/http/http-spans/), without ``url.path``,
``url.query``, ``server.address`` and ``client.address``: users are minors, and a path or
an address may name one. The client is there by its pseudonym (``tocsin.client``), the
user as ``enduser.pseudo.id``. Status, outcome and route are those of the metrics and of
the access line (:mod:`tocsin.telemetry.exchange`).

>>> kind = ("GET", "/lessons/{id}", 503, 503, "server_error", "https", "1.1")
>>> shared = shared_by(kind)
>>> shared.name, shared.failed, shared.attributes["error.type"]
('GET /lessons/{id}', True, '503')
"""

from collections.abc import Callable
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from opentelemetry.trace import SpanKind

from tocsin.telemetry.context import RequestContext
from tocsin.telemetry.http_metrics import OTHER_METHOD
from tocsin.telemetry.routes import UNMATCHED
from tocsin.telemetry.traces.live import ERROR_TYPE, OUTCOME, SPAN_BYTES, LiveSpan

if TYPE_CHECKING:
    from tocsin.telemetry.exchange import Exchange
    from tocsin.telemetry.traces.tracing import Tracing
    from tocsin.telemetry.websocket import Conversation

FIRST_SERVER_ERROR: Final = 500
_FAILED: Final = frozenset({"exception", "stream_failed", "incomplete"})
_SCHEMES: Final = frozenset({"http", "https", "ws", "wss"})
_VERSIONS: Final = frozenset({"1.0", "1.1", "2", "3"})
_AGENT_BYTES: Final = 256
_KINDS_REMEMBERED: Final = 4096
_USER_AGENT: Final = b"user-agent"
_WEBSOCKET: Final = "WEBSOCKET"
_NO_ATTRIBUTES: Final[dict[str, Any]] = {}

Kind = tuple[str, str, int, int, str, str, str]
"""Method, route, status, status sent, outcome, scheme, HTTP version: requests of one kind
share their name, their status and most attributes."""
Own = tuple[bytes, str, str, str, str, int, int]
"""User agent, client, user, request id, correlation id, bytes in and out."""


class Shared(NamedTuple):
    """What all requests of one kind say."""

    name: str
    failed: bool
    """The service failed; a client's error or departure is no failure of ours."""
    attributes: MappingProxyType[str, Any]


class RequestSpan(LiveSpan):
    """The one span of a request or WebSocket."""

    kind = SpanKind.SERVER
    remote_parent = True
    of_kind: Kind
    own: Own

    def __init__(self, tracing: "Tracing", context: RequestContext, parent_id: str) -> None:
        self.tracing = tracing
        self.trace_id = context.trace_id
        self.span_id = context.span_id
        self.parent_id = parent_id
        clock = tracing.clock
        self._began_ns = clock.monotonic_ns()
        self.start_ns = clock.wall_ns()

    def over(self, exchange: "Exchange", method: str, route: str) -> None:
        """Finish the span of a request whose response is over."""
        context, scope = exchange.context, exchange.scope
        self.of_kind = (
            method,
            route,
            exchange.status,
            exchange.status_sent,
            exchange.outcome,
            scope["scheme"],
            scope["http_version"],
        )
        self.own = (
            # Cut here: a long one would outweigh what the queue was told of the span.
            exchange.headers.get(_USER_AGENT, b"")[:_AGENT_BYTES],
            context.client,
            context.user,
            context.request_id,
            context.correlation_id,
            exchange.request_bytes,
            exchange.response_bytes,
        )
        # Inlined: each call would cost what ten assignments do.
        if not self.end_ns:
            started_ns = exchange.started_ns
            start_ns = self.start_ns = self.start_ns + started_ns - self._began_ns
            self.end_ns = start_ns + exchange.last_byte_ns - started_ns
            plain = self.attributes is None and self.events is None
            self.tracing.put(self, SPAN_BYTES if plain else self._size())

    def conversation_over(self, conversation: "Conversation", route: str) -> None:
        """Finish the span of a WebSocket, from handshake to close: one, whatever was said."""
        context, scope = conversation.context, conversation.scope
        self.set_attribute("tocsin.messages_received", conversation.received)
        self.set_attribute("tocsin.messages_sent", conversation.sent)
        if conversation.close_code:
            self.set_attribute("tocsin.close_code", conversation.close_code)
        self.of_kind = (
            _WEBSOCKET,
            route,
            conversation.status,
            conversation.status,
            conversation.outcome,
            scope.get("scheme", "ws"),
            scope.get("http_version", "1.1"),
        )
        self.own = (
            dict(scope["headers"]).get(_USER_AGENT, b"")[:_AGENT_BYTES],
            context.client,
            context.user,
            context.request_id,
            context.correlation_id,
            0,
            0,
        )
        self._finish(conversation.started_ns, conversation.ended_ns)

    def end(self, end_time: int | None = None) -> None:
        """Do nothing: it ends with its request, whatever an application thinks of it."""

    def update_name(self, name: str) -> None:
        """Do nothing: its name is that of its route."""

    def own_attributes(self, shared: Shared, agent: Callable[[bytes], str]) -> dict[str, Any]:
        """All that it says of itself; ``agent`` makes a user agent fit to leave.

        All else is safe by its making: numbers, words of ours, identifiers of checked form.
        """
        user_agent, client, user, request_id, correlation_id, received, sent = self.own
        attributes = {
            **shared.attributes,
            "http.request.body.size": received,
            "http.response.body.size": sent,
            "tocsin.request_id": request_id,
            "tocsin.correlation_id": correlation_id,
        }
        if client:
            attributes["tocsin.client"] = client
        if user:
            attributes["enduser.pseudo.id"] = user
        if user_agent:
            attributes["user_agent.original"] = agent(user_agent)
        return attributes

    def _finish(self, started_ns: int, ended_ns: int) -> None:
        # The request began a moment before its span was made.
        self.start_ns += started_ns - self._began_ns
        self.end_ns = self.start_ns + max(0, ended_ns - started_ns)
        self.tracing.put(self, self._size())


@lru_cache(maxsize=_KINDS_REMEMBERED)
def shared_by(kind: Kind) -> Shared:
    """What requests of ``kind`` share."""
    method, route, status, status_sent, outcome, scheme, http_version = kind
    is_websocket = method == _WEBSOCKET
    failed = status >= FIRST_SERVER_ERROR or outcome in _FAILED
    attributes: dict[str, Any] = {
        "http.request.method": "GET" if is_websocket else method,
        "url.scheme": scheme if scheme in _SCHEMES else "http",
        OUTCOME: outcome,
    }
    if route != UNMATCHED:
        attributes["http.route"] = route
    if status:
        attributes["http.response.status_code"] = status
    if status_sent != status:
        attributes["tocsin.status_sent"] = status_sent
    if http_version in _VERSIONS:
        attributes["network.protocol.version"] = http_version
    if is_websocket:
        attributes["network.protocol.name"] = "websocket"
    if failed:
        # An exception's own type, if there was one, stands over this.
        attributes[ERROR_TYPE] = str(status) if status_sent else outcome
    word = "HTTP" if method == OTHER_METHOD else method
    name = word if route == UNMATCHED else f"{word} {route}"
    return Shared(name, failed, MappingProxyType(attributes))
