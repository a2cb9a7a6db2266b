"""The one middleware: identifiers, context, metrics and the access line of every request.

Pure ASGI and outermost, outside Starlette's own ``ServerErrorMiddleware``, so that a
refused request, a CORS preflight and an unhandled exception all have an id, a log line
and a place in the metrics (defects D31 to D35). What it sees of one request lies in one
:class:`~tocsin.telemetry.exchange.Exchange`; nothing is kept on the middleware, so two
requests cannot exchange anything (behaviour 14).

Request and correlation id come from ``X-Request-ID`` and ``X-Correlation-ID`` when they
are well-formed and look like no secret, else they are made here; both go out on every
response. Trace context comes from ``traceparent``, else ``X-Cloud-Trace-Context``, else
a new trace begins. The span id is that of our own work on the request.

Put it in place with :meth:`tocsin.telemetry.assembly.Telemetry.wrap`.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.telemetry.client_address import client_address
from tocsin.telemetry.context import RequestContext, reset_current, set_current
from tocsin.telemetry.exchange import CORRELATION_ID_HEADER, REQUEST_ID_HEADER, Exchange
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.identity import Pseudonyms
from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.propagation import (
    TRACE_ID_DIGITS,
    HexDigits,
    parse_cloud_trace,
    parse_traceparent,
    well_formed_id,
)
from tocsin.telemetry.recording import Recorder
from tocsin.telemetry.redaction import Redactor
from tocsin.telemetry.settings import TelemetrySettings
from tocsin.telemetry.websocket import Conversation

_TRACEPARENT: Final = b"traceparent"
_CLOUD_TRACE: Final = b"x-cloud-trace-context"
_USUAL_ID: Final = re.compile(
    rb"(?:[0-9a-f]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\Z"
)
_CLIENTS_REMEMBERED: Final = 4096
SERVED: Final = "tocsin.context"
"""Marks a scope that is watched already, as when a mounted application is wrapped too."""

_log = get_logger("tocsin.telemetry")

Headers = Mapping[bytes, bytes]


class Intake:
    """Makes the context of a request out of its headers; total over what strangers send."""

    def __init__(
        self,
        settings: TelemetrySettings,
        *,
        digits: HexDigits,
        pseudonyms: Pseudonyms,
        redactor: Redactor,
        guard: Guard,
    ) -> None:
        self._probe_paths = settings.probe_paths
        self._digits = digits
        # The same clients come again and again: a look-up in C, not a call in Python.
        self._pseudonym = lru_cache(maxsize=_CLIENTS_REMEMBERED)(pseudonyms.client)
        self._redactor = redactor
        self._guard = guard
        self._trusted_proxies = settings.trusted_proxies

    def exchange(self, recorder: Recorder, scope: Scope, receive: Receive, send: Send) -> Exchange:
        """Begin to watch the request in ``scope``."""
        started_ns = recorder.now_ns()
        headers = dict(scope["headers"])
        context = scope[SERVED] = self.context(scope, headers)
        context.ring = recorder.ring
        probe = scope["path"] in self._probe_paths
        if not probe:
            recorder.begun()
        return Exchange(recorder, scope, receive, send, headers, context, started_ns, probe)

    def context(self, scope: Scope, headers: Headers) -> RequestContext:
        """The context of the request in ``scope``, whatever it brings along."""
        digits = self._digits.take()
        request_id = correlation_id = digits[:TRACE_ID_DIGITS]
        if REQUEST_ID_HEADER in headers or CORRELATION_ID_HEADER in headers:
            request_id = self._id(headers, REQUEST_ID_HEADER) or request_id
            correlation_id = self._id(headers, CORRELATION_ID_HEADER) or request_id
        trace = None
        if _TRACEPARENT in headers:
            trace = parse_traceparent(headers[_TRACEPARENT])
        if trace is None and _CLOUD_TRACE in headers:
            trace = parse_cloud_trace(headers[_CLOUD_TRACE])
        if trace is None:
            trace = (self._digits.take()[:TRACE_ID_DIGITS], "", False)
        context = RequestContext(
            request_id,
            correlation_id,
            trace_id=trace[0],
            span_id=digits[TRACE_ID_DIGITS:],
            sampled=trace[2],
        )
        try:
            address = client_address(scope, self._trusted_proxies)
            if address:
                context.client = self._pseudonym(address)
        except Exception as error:  # noqa: BLE001 - a request is served without its pseudonym
            self._guard.failed("intake.client", error)
        return context

    def _id(self, headers: Headers, name: bytes) -> str:
        raw = headers.get(name)
        if raw is None:
            return ""
        text = well_formed_id(raw)
        if not text or _USUAL_ID.match(raw) is not None:
            return text
        try:
            # A key or token sent in the wrong header must not become the name of a request.
            return text if self._redactor.text(text) == text else ""
        except Exception as error:  # noqa: BLE001 - what could not be vetted is not taken
            self._guard.failed("intake.ids", error)
            return ""


class TelemetryMiddleware:
    """Serves ``app`` and records what happens."""

    def __init__(self, app: ASGIApp, *, intake: Intake, recorder: Recorder) -> None:
        self.app = app
        self._intake = intake
        self._recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; a connection or the lifespan take the other way."""
        if scope["type"] != "http" or SERVED in scope:
            await self._serve_other(scope, receive, send)
            return
        try:
            exchange = self._intake.exchange(self._recorder, scope, receive, send)
        except Exception as error:  # noqa: BLE001 - served unwatched is served
            self._recorder.guard.failed("middleware.begin", error)
            await self.app(scope, receive, send)
            return
        token = set_current(exchange.context)
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except BaseException as error:
            await exchange.raised(error)
            raise
        else:
            if not exchange.recorded:
                await exchange.returned()
        finally:
            if exchange.keep_debug_lines or exchange.context.ring is not self._recorder.ring:
                self._recorder.settle_debug_lines(exchange.context, keep=exchange.keep_debug_lines)
            reset_current(token)

    async def _serve_other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and SERVED not in scope:
            await self._converse(scope, receive, send)
            return
        if scope["type"] == "lifespan":
            self._check_place(scope)
        await self.app(scope, receive, send)

    async def _converse(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            context = scope[SERVED] = self._intake.context(scope, dict(scope["headers"]))
            conversation = Conversation(self._recorder, scope, receive, send, context)
        except Exception as error:  # noqa: BLE001 - served unwatched is served
            self._recorder.guard.failed("middleware.begin", error)
            await self.app(scope, receive, send)
            return
        token = set_current(context)
        try:
            await self.app(scope, conversation.receive, conversation.send)
        except BaseException as error:
            conversation.ended(error)
            raise
        else:
            conversation.ended(None)
        finally:
            reset_current(token)

    def _check_place(self, scope: Scope) -> None:
        """At start-up: a layer outside of us answers requests that we never see (D31)."""
        stack = getattr(scope.get("app"), "middleware_stack", self)
        if stack is not self:
            _log.warning("telemetry_not_outermost", outer_layer=type(stack).__qualname__)
