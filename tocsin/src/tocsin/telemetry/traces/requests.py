"""The span of a request, a WebSocket or a job: what is noted when it is over, and what it says.

On the request's path a dozen values are put into a tuple; attributes are made of them
where spans leave. Names and attributes are those of OpenTelemetry's stable conventions
for HTTP servers (https://opentelemetry.io/docs/specs/semconv/http/http-spans/), without
``url.path``, ``url.query``, ``server.address`` and ``client.address``: users are minors,
and a path or an address may name one. The client is there by its pseudonym
(``tocsin.client``), the user as ``enduser.pseudo.id``. Status, outcome and route are
those of the metrics and of the access line (:mod:`tocsin.telemetry.exchange`).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from opentelemetry.trace import StatusCode

from tocsin.telemetry.http_metrics import OTHER_METHOD
from tocsin.telemetry.routes import UNMATCHED
from tocsin.telemetry.traces.live import ERROR_TYPE, OUTCOME, LiveSpan

if TYPE_CHECKING:
    from tocsin.telemetry.exchange import Exchange
    from tocsin.telemetry.websocket import Conversation

FIRST_SERVER_ERROR: Final = 500
_FAILED: Final = frozenset({"exception", "stream_failed", "incomplete"})
_SCHEMES: Final = frozenset({"http", "https", "ws", "wss"})
_VERSIONS: Final = frozenset({"1.0", "1.1", "2", "3"})
_AGENT_BYTES: Final = 256
_USER_AGENT: Final = b"user-agent"
_WEBSOCKET: Final = "WEBSOCKET"


class Told(NamedTuple):
    """What is known of one request or conversation when it is over."""

    method: str
    route: str
    status: int
    status_sent: int
    outcome: str
    scheme: str
    http_version: str
    user_agent: bytes
    client: str
    user: str
    request_id: str
    correlation_id: str
    request_bytes: int
    response_bytes: int
    close_code: int = 0

    @property
    def name(self) -> str:
        """The span's name: of few, whatever strangers send."""
        method = "HTTP" if self.method == OTHER_METHOD else self.method
        return method if self.route == UNMATCHED else f"{method} {self.route}"

    @property
    def failed(self) -> bool:
        """Whether the service failed: a client's error or departure is no failure of ours."""
        return self.status >= FIRST_SERVER_ERROR or self.outcome in _FAILED


def request_over(span: LiveSpan, exchange: "Exchange", method: str, route: str) -> None:
    """Finish the span of a request whose response is over."""
    context, scope = exchange.context, exchange.scope
    span.told = Told(
        method,
        route,
        exchange.status,
        exchange.status_sent,
        exchange.outcome,
        scope.get("scheme", "http"),
        scope["http_version"],
        exchange.headers.get(_USER_AGENT, b"")[:_AGENT_BYTES],
        context.client,
        context.user,
        context.request_id,
        context.correlation_id,
        exchange.request_bytes,
        exchange.response_bytes,
    )
    span.finish(exchange.started_ns, exchange.last_byte_ns)


def conversation_over(span: LiveSpan, conversation: "Conversation", route: str) -> None:
    """Finish the span of a WebSocket, from handshake to close: one, whatever was said."""
    context, scope = conversation.context, conversation.scope
    span.set_attribute("tocsin.messages_received", conversation.received)
    span.set_attribute("tocsin.messages_sent", conversation.sent)
    span.told = Told(
        _WEBSOCKET,
        route,
        conversation.status,
        conversation.status,
        conversation.outcome,
        scope.get("scheme", "ws"),
        scope.get("http_version", "1.1"),
        dict(scope["headers"]).get(_USER_AGENT, b"")[:_AGENT_BYTES],
        context.client,
        context.user,
        context.request_id,
        context.correlation_id,
        0,
        0,
        conversation.close_code,
    )
    span.finish(conversation.started_ns, conversation.ended_ns)


def attributes_of(told: Told, agent: Callable[[bytes], str]) -> dict[str, Any]:
    """The attributes of a request's span; ``agent`` makes a user agent fit to leave.

    All else is safe by its making: numbers, words of ours, identifiers of checked form.
    """
    is_websocket = told.method == _WEBSOCKET
    attributes: dict[str, Any] = {
        "http.request.method": "GET" if is_websocket else told.method,
        "url.scheme": told.scheme if told.scheme in _SCHEMES else "http",
        OUTCOME: told.outcome,
        "tocsin.request_id": told.request_id,
        "tocsin.correlation_id": told.correlation_id,
    }
    if told.status:
        attributes["http.response.status_code"] = told.status
    if told.status_sent != told.status:
        attributes["tocsin.status_sent"] = told.status_sent
    if told.route != UNMATCHED:
        attributes["http.route"] = told.route
    if told.http_version in _VERSIONS:
        attributes["network.protocol.version"] = told.http_version
    if told.user_agent:
        attributes["user_agent.original"] = agent(told.user_agent)
    if told.client:
        attributes["tocsin.client"] = told.client
    if told.user:
        attributes["enduser.pseudo.id"] = told.user
    _add_measures(attributes, told)
    if told.failed:
        # An exception's own type, if there was one, stands over this.
        attributes[ERROR_TYPE] = str(told.status) if told.status_sent else told.outcome
    return attributes


def _add_measures(attributes: dict[str, Any], told: Told) -> None:
    if told.method == _WEBSOCKET:
        attributes["network.protocol.name"] = "websocket"
        if told.close_code:
            attributes["tocsin.close_code"] = told.close_code
    else:
        attributes["http.request.body.size"] = told.request_bytes
        attributes["http.response.body.size"] = told.response_bytes


def status_of(told: Told) -> StatusCode:
    """ERROR for what the service failed at; else nothing is said, as conventions want."""
    return StatusCode.ERROR if told.failed else StatusCode.UNSET
