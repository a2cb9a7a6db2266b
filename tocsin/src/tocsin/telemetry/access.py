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

Whatever is the same for all requests of one method, route and outcome is encoded once,
with holes for the rest; a line costs one filling of the holes. Only a request with bound
fields, and a log that people read, take the long way over a dict.

Shape: https://cloud.google.com/logging/docs/structured-logging and
https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#HttpRequest (its
64-bit sizes are text in JSON).
"""

import json
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any, Final

import orjson

from tocsin.telemetry.context import RequestContext
from tocsin.telemetry.exchange import (
    CLIENT_GONE_STATUS,
    EXCEPTION,
    FIRST_CLIENT_ERROR,
    FIRST_SERVER_ERROR,
    Exchange,
)
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.logs import LogPipeline
from tocsin.telemetry.logs.entry import LABELS, NOTES, SAMPLED, SPAN, TRACE, renamed
from tocsin.telemetry.logs.plain import plain, trimmed_value
from tocsin.telemetry.logs.timestamps import rfc3339
from tocsin.telemetry.redaction import WITHHELD, Redactor
from tocsin.telemetry.settings import TelemetrySettings
from tocsin.telemetry.websocket import Conversation

LOGGER: Final = "tocsin.access"

_AGENTS_REMEMBERED: Final = 1024
_AGENT_BYTES: Final = 256
_PATHS_REMEMBERED: Final = 4096
_PATH_CHARS: Final = 256
_TEMPLATES_REMEMBERED: Final = 4096
_USER_AGENT: Final = b"user-agent"
_PROTOCOLS: Final = {"1.0": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2", "3": "HTTP/3"}
_US_PER_S: Final = 1_000_000
_NS_PER_US: Final = 1_000
_NS_PER_S: Final = 1_000_000_000
_COMPACT: Final = (",", ":")
_HOLES: Final = (
    ',"time":"%%s.%%06dZ","httpRequest":{"requestMethod":"%s","status":%d,"requestUrl":%%s,'
    '"requestSize":"%%d","responseSize":"%%d","latency":"%%d.%%06ds","protocol":"%%s"%%s}%s,'
    '"request_id":"%%s","correlation_id":"%%s","logging.googleapis.com/trace":"%s%%s",'
    '"logging.googleapis.com/spanId":"%%s","logging.googleapis.com/trace_sampled":%%s,'
    '"client":"%%s"}\n'
)
"""What differs between requests of one template; each value is safe within JSON's quotes."""
_FIRST_BYTE: Final = ',"first_byte_s":%d.%06d'
_NO_FIRST_BYTE: Final = "%.0s%.0s"  # takes the two numbers and shows nothing

_quoted = encode_basestring_ascii

Kind = tuple[str, str, str, int, int, str]
"""Method, route, outcome, status, status sent, severity: requests of one kind share a template."""
Facts = tuple[Kind, str, str, bytes | None, int, int, int, int, int, RequestContext]
"""Kind, path, HTTP version, user agent, bytes in and out, wall time, ns to the last byte
and to the first, context."""


class AccessLines:
    """Writes the access line of a finished exchange or conversation."""

    def __init__(
        self,
        settings: TelemetrySettings,
        *,
        redactor: Redactor,
        guard: Guard,
        logs: LogPipeline,
    ) -> None:
        self._redactor = redactor
        self._guard = guard
        self._logs = logs
        self._write_later = logs.write_later
        self._is_for_people = settings.log_format != "json"
        self._shape = logs.shape
        self._templates: dict[Kind, str] = {}
        self._second = (-1, "")
        self._short_path = lru_cache(maxsize=_PATHS_REMEMBERED)(self._path_part)
        self._agent = lru_cache(maxsize=_AGENTS_REMEMBERED)(self._agent_part)

    def write(
        self, exchange: Exchange, method: str, route: str, wall_ns: int, severity: str = ""
    ) -> None:
        """Write the line of one request; ``severity`` replaces that of its status.

        Only what may change is taken down here; the line itself is made with those of
        its neighbours when the sink wants them, in a quarter of the time.
        """
        context, scope, started_ns = exchange.context, exchange.scope, exchange.started_ns
        facts = (
            (method, route, exchange.outcome, exchange.status, exchange.status_sent, severity),
            scope["path"],
            scope["http_version"],
            exchange.headers.get(_USER_AGENT),
            exchange.request_bytes,
            exchange.response_bytes,
            wall_ns,
            exchange.last_byte_ns - started_ns,
            exchange.first_byte_ns - started_ns,
            context,
        )
        if context.fields or self._is_for_people:
            self._write_with_fields(facts)
        else:
            self._write_later(self._line, facts)

    def _line(self, facts: Facts) -> bytes:
        """The line of one request whose context has no fields of the application's."""
        kind, path, http_version, agent, received, sent, wall_ns, took_ns, first_ns, context = facts
        template = self._templates.get(kind)
        if template is None:
            template = self._template(*kind)
        second, rest_ns = divmod(wall_ns, _NS_PER_S)
        known, text = self._second  # one tuple: another thread may be making lines too
        if second != known:
            text = rfc3339(wall_ns).partition(".")[0]
            self._second = (second, text)
        line = template % (
            text,
            rest_ns // _NS_PER_US,
            # A path without parameters is what we declared ourselves.
            _quoted(path) if path == kind[1] else self._path(path),
            received,
            sent,
            took_ns // _NS_PER_S,
            took_ns // _NS_PER_US % _US_PER_S,
            _PROTOCOLS.get(http_version, "HTTP"),
            self._agent(agent[:_AGENT_BYTES]) if agent else "",
            first_ns // _NS_PER_S,
            first_ns // _NS_PER_US % _US_PER_S,
            context.request_id,
            context.correlation_id,
            context.trace_id,
            context.span_id,
            "true" if context.sampled else "false",
            context.client,
        )
        if context.user:
            line = _with_user(line, context)
        return line.encode()

    def _write_with_fields(self, facts: Facts) -> None:
        context = facts[-1]
        entry = orjson.loads(self._line(facts))
        if context.fields:
            self._add_bound(entry, context.fields)
        self._logs.write(entry)

    def write_conversation(
        self, conversation: Conversation, *, route: str, duration_s: float, wall_ns: int
    ) -> None:
        """Write the line of a whole WebSocket; ``status`` is that of its handshake."""
        context, status = conversation.context, conversation.status or CLIENT_GONE_STATUS
        failed = conversation.outcome == EXCEPTION
        entry = {
            "severity": "ERROR" if failed else severity_of_status(status),
            "message": f"WEBSOCKET {route} {conversation.close_code or status}",
            "logger": LOGGER,
            "route": route,
            "outcome": conversation.outcome,
            LABELS: self._shape.labels,
            "time": rfc3339(wall_ns),
            "httpRequest": {
                "requestMethod": "GET",
                "requestUrl": json.loads(self._path(conversation.scope["path"])),
                "status": status,
                "latency": f"{duration_s:.6f}s",
                "protocol": "websocket",
            },
            "messages_received": conversation.received,
            "messages_sent": conversation.sent,
            "request_id": context.request_id,
            "correlation_id": context.correlation_id,
            TRACE: self._shape.trace_name(context.trace_id),
            SPAN: context.span_id,
            SAMPLED: context.sampled,
            "client": context.client,
        }
        if conversation.close_code:
            entry["close_code"] = conversation.close_code
        if context.user:
            entry["user"], entry["user_role"] = context.user, context.user_role
        if context.fields:
            self._add_bound(entry, context.fields)
        self._logs.write(entry)

    def _template(  # noqa: PLR0917 - the parts of one key
        self, method: str, route: str, outcome: str, status: int, sent: int, severity: str
    ) -> str:
        fixed: dict[str, Any] = {
            "severity": severity or severity_of_status(status),
            "message": f"{method} {route} {status}",
            "logger": LOGGER,
            "route": route,
            "outcome": outcome,
            LABELS: self._shape.labels,
        }
        if sent != status:
            fixed["status_sent"] = sent
        beginning = json.dumps(fixed, separators=_COMPACT)[:-1].replace("%", "%%")
        prefix = json.dumps(self._shape.trace_name(""))[1:-1].replace("%", "%%")
        first_byte = _FIRST_BYTE if sent else _NO_FIRST_BYTE
        template = beginning + _HOLES % (method, status, first_byte, prefix)
        # Methods, routes and outcomes are few; an application may answer any status.
        if len(self._templates) < _TEMPLATES_REMEMBERED:
            self._templates[method, route, outcome, status, sent, severity] = template
        return template

    def _path(self, path: str) -> str:
        """``path`` for a line; the same few are asked for again and again, as by polling."""
        return self._short_path(path) if len(path) <= _PATH_CHARS else self._path_part(path)

    def _path_part(self, path: str) -> str:
        try:
            return _quoted(self._redactor.url_path(path))
        except Exception as error:  # noqa: BLE001 - what could not be vetted stays here
            self._guard.failed("access.path", error)
            return _quoted(WITHHELD)

    def _agent_part(self, raw: bytes) -> str:
        try:
            text = self._redactor.text(raw.decode("latin-1"))
        except Exception as error:  # noqa: BLE001 - what could not be vetted stays here
            self._guard.failed("access.user_agent", error)
            text = WITHHELD
        return f',"userAgent":{_quoted(text)}'

    def _add_bound(self, entry: dict[str, Any], fields: dict[str, Any]) -> None:
        """Add what the application bound, redacted, never over a field of ours."""
        try:
            bound = {name: plain(name, value, []) for name, value in dict(fields).items()}
            redacted = self._redactor.event(bound)
        except Exception as error:  # noqa: BLE001 - what could not be vetted stays here
            self._guard.failed("access.bound_fields", error)
            entry[NOTES] = ["bound fields: withheld, redaction failed"]
            return
        for name, value in redacted.items():
            free = renamed(name, redacted)
            entry[f"field_{name}" if free in entry else free] = trimmed_value(value)


def _with_user(line: str, context: RequestContext) -> str:
    user, role = _quoted(context.user), _quoted(context.user_role)
    return f'{line[:-2]},"user":{user},"user_role":{role}}}\n'


def severity_of_status(status: int) -> str:
    """The severity of a request that ended with ``status``.

    >>> severity_of_status(204), severity_of_status(404), severity_of_status(503)
    ('INFO', 'WARNING', 'ERROR')
    """
    if status < FIRST_CLIENT_ERROR:
        return "INFO"
    return "WARNING" if status < FIRST_SERVER_ERROR else "ERROR"
