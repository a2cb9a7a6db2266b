"""One line per request, in Cloud Logging's shape.

The line is built here, field by field, from what is already safe: the route template,
numbers, identifiers of checked form, pseudonyms. Three things come from strangers or
from the application and go through the redactor: the path (never the query), the user
agent, and fields that the application bound. There is no ``remoteIp``: users are minors,
so the client is a keyed pseudonym (decision D-6).

``severity`` follows the status: 5xx ERROR, 4xx WARNING, else INFO. A request whose
outcome is no plain answer (see :mod:`tocsin.telemetry.exchange`) has a status by that
table and so a severity. Probes leave a line at DEBUG for sampled traces, and at WARNING
when they failed.

Whatever is the same for all requests of one method, route and outcome is put together
once; what a line costs is one copy of that, the changing fields and their encoding.

Shape: https://cloud.google.com/logging/docs/structured-logging and
https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#HttpRequest (its
64-bit sizes are text in JSON).
"""

from functools import lru_cache
from typing import Any, Final

from tocsin.telemetry.context import RequestContext
from tocsin.telemetry.exchange import (
    CLIENT_GONE_STATUS,
    EXCEPTION,
    FIRST_CLIENT_ERROR,
    FIRST_SERVER_ERROR,
    Exchange,
)
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.logs.entry import LABELS, SAMPLED, SPAN, TRACE, renamed
from tocsin.telemetry.logs.plain import plain
from tocsin.telemetry.logs.timestamps import rfc3339
from tocsin.telemetry.redaction import WITHHELD, Redactor
from tocsin.telemetry.routes import UNMATCHED
from tocsin.telemetry.settings import TelemetrySettings
from tocsin.telemetry.websocket import Conversation

LOGGER: Final = "tocsin.access"

_AGENTS_REMEMBERED: Final = 1024
_AGENT_CHARS: Final = 256
_PATH_CHARS: Final = 1024
_LINES_REMEMBERED: Final = 4096
_PROTOCOLS: Final = {version: f"HTTP/{version}" for version in ("1.0", "1.1", "2", "3")}
_NS_PER_S: Final = 1e9


class AccessLines:
    """Builds the access line of a finished exchange."""

    def __init__(self, settings: TelemetrySettings, *, redactor: Redactor, guard: Guard) -> None:
        self._redactor = redactor
        self._guard = guard
        self._labels = {
            "service": settings.service,
            "environment": settings.environment.value,
            "version": settings.version,
            "instance": settings.instance,
        }
        project = settings.google_project
        self._trace_prefix = f"projects/{project}/traces/" if project else ""
        self._beginnings: dict[tuple[str, str, str, int], dict[str, Any]] = {}
        self._agent = lru_cache(maxsize=_AGENTS_REMEMBERED)(self._redacted_agent)

    def line(
        self,
        exchange: Exchange,
        *,
        method: str,
        route: str,
        wall_ns: int,
        user_agent: bytes | None,
    ) -> dict[str, Any]:
        """The finished entry; every field is fit to be written as it stands."""
        context = exchange.context
        duration_s = (exchange.last_byte_ns - exchange.started_ns) / _NS_PER_S
        entry = self._beginning(method, route, exchange.outcome, exchange.status).copy()
        entry["time"] = rfc3339(wall_ns)
        entry["httpRequest"] = http_request = {
            "requestMethod": method,
            "requestUrl": self._path(route, exchange.scope["path"]),
            "requestSize": str(exchange.request_bytes),
            "status": exchange.status,
            "responseSize": str(exchange.response_bytes),
            "latency": f"{duration_s:.6f}s",
            "protocol": _PROTOCOLS.get(exchange.scope.get("http_version", ""), "HTTP"),
        }
        if user_agent:
            http_request["userAgent"] = self._agent(user_agent)
        if exchange.first_byte_ns:
            first_byte_ns = exchange.first_byte_ns - exchange.started_ns
            entry["first_byte_s"] = first_byte_ns / _NS_PER_S
        if exchange.status_sent != exchange.status:
            entry["status_sent"] = exchange.status_sent
        self.identify(entry, context)
        return entry

    def conversation(
        self, conversation: Conversation, *, route: str, duration_s: float, wall_ns: int
    ) -> dict[str, Any]:
        """The line of a whole WebSocket; ``status`` is that of its handshake."""
        status = conversation.status or CLIENT_GONE_STATUS
        severity = "ERROR" if conversation.outcome == EXCEPTION else severity_of_status(status)
        entry = {
            "severity": severity,
            "message": f"WEBSOCKET {route} {conversation.close_code or status}",
            "logger": LOGGER,
            "route": route,
            "outcome": conversation.outcome,
            LABELS: self._labels,
            "time": rfc3339(wall_ns),
            "httpRequest": {
                "requestMethod": "GET",
                "requestUrl": self._path(route, conversation.scope["path"]),
                "status": status,
                "latency": f"{duration_s:.6f}s",
                "protocol": "websocket",
            },
            "messages_received": conversation.received,
            "messages_sent": conversation.sent,
        }
        if conversation.close_code:
            entry["close_code"] = conversation.close_code
        self.identify(entry, conversation.context)
        return entry

    def identify(self, entry: dict[str, Any], context: RequestContext) -> None:
        """Add who is served and in which trace."""
        entry["request_id"] = context.request_id
        entry["correlation_id"] = context.correlation_id
        entry[TRACE] = self._trace_prefix + context.trace_id
        entry[SPAN] = context.span_id
        entry[SAMPLED] = context.sampled
        if context.client:
            entry["client"] = context.client
        if context.user:
            entry["user"] = context.user
            entry["user_role"] = context.user_role
        if context.fields:
            self._add_bound(entry, context.fields)

    def _beginning(self, method: str, route: str, outcome: str, status: int) -> dict[str, Any]:
        key = (method, route, outcome, status)
        beginning = self._beginnings.get(key)
        if beginning is None:
            beginning = {
                "severity": severity_of_status(status),
                "message": f"{method} {route} {status}",
                "logger": LOGGER,
                "route": route,
                "outcome": outcome,
                LABELS: self._labels,
            }
            # Methods, routes and outcomes are few; an application may answer any status.
            if len(self._beginnings) < _LINES_REMEMBERED:
                self._beginnings[key] = beginning
        return beginning

    def _path(self, route: str, path: str) -> str:
        if "{" not in route and route != UNMATCHED:
            return route  # a path without parameters is what we declared ourselves
        try:
            return self._redactor.url_path(path[:_PATH_CHARS])
        except Exception as error:  # noqa: BLE001 - what could not be vetted stays here
            self._guard.failed("access.path", error)
            return WITHHELD

    def _redacted_agent(self, raw: bytes) -> str:
        try:
            return self._redactor.text(raw[:_AGENT_CHARS].decode("latin-1"))
        except Exception as error:  # noqa: BLE001 - what could not be vetted stays here
            self._guard.failed("access.user_agent", error)
            return WITHHELD

    def _add_bound(self, entry: dict[str, Any], fields: dict[str, Any]) -> None:
        """Add what the application bound, redacted, never over a field of ours."""
        try:
            bound = {name: plain(name, value, []) for name, value in dict(fields).items()}
            redacted = self._redactor.event(bound)
        except Exception as error:  # noqa: BLE001 - what could not be vetted stays here
            self._guard.failed("access.bound_fields", error)
            entry["log_notes"] = ["bound fields: withheld, redaction failed"]
            return
        for name, value in redacted.items():
            free = renamed(name, redacted)
            entry[f"field_{name}" if free in entry else free] = value


def severity_of_status(status: int) -> str:
    """The severity of a request that ended with ``status``.

    >>> severity_of_status(204), severity_of_status(404), severity_of_status(503)
    ('INFO', 'WARNING', 'ERROR')
    """
    if status < FIRST_CLIENT_ERROR:
        return "INFO"
    return "WARNING" if status < FIRST_SERVER_ERROR else "ERROR"
