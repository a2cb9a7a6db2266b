"""The one middleware: identifiers, context, metrics and the access line of every request.

Pure ASGI and outermost, outside Starlette's own ``ServerErrorMiddleware``, so that a
refused request, a CORS preflight and an unhandled exception all have an id, a log line
and a place in the metrics (defects D31 to D35). What it sees of one request lies in one
:class:`~tocsin.telemetry.exchange.Exchange`; nothing is kept on the middleware, so two
requests cannot exchange anything (behaviour 14).

Put it in place with :meth:`tocsin.telemetry.assembly.Telemetry.wrap`.
"""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.telemetry.context import reset_current, set_current
from tocsin.telemetry.exchange import Exchange
from tocsin.telemetry.intake import Intake
from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.recording import Recorder
from tocsin.telemetry.websocket import Conversation

SERVED: Final = "tocsin.context"
"""Marks a scope that is watched already, as when a mounted application is wrapped too."""

_log = get_logger("tocsin.telemetry")


class TelemetryMiddleware:
    """Serves ``app`` and records what happens."""

    def __init__(
        self, app: ASGIApp, *, intake: Intake, recorder: Recorder, probe_paths: frozenset[str]
    ) -> None:
        self.app = app
        self._intake = intake
        self._recorder = recorder
        self._probe_paths = probe_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; a connection or the lifespan take the other way."""
        if scope["type"] != "http" or SERVED in scope:
            await self._serve_other(scope, receive, send)
            return
        try:
            exchange = self._watched(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - served unwatched is served
            self._recorder.guard.failed("middleware.begin", error)
            await self.app(scope, receive, send)
            return
        token = set_current(exchange.context)
        span = exchange.context.span
        if span is not None:
            span.attach()
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
            if span is not None:
                span.detach()
            reset_current(token)

    def _watched(self, scope: Scope, receive: Receive, send: Send) -> Exchange:
        recorder = self._recorder
        started_ns = recorder.now_ns()
        headers = dict(scope["headers"])
        context = scope[SERVED] = self._intake.context(scope, headers)
        probe = scope["path"] in self._probe_paths
        if not probe:
            recorder.begun()
        return Exchange(recorder, scope, receive, send, headers, context, started_ns, probe)

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
        span = context.span
        if span is not None:
            span.attach()
        try:
            await self.app(scope, conversation.receive, conversation.send)
        except BaseException as error:
            conversation.ended(error)
            raise
        else:
            conversation.ended(None)
        finally:
            if span is not None:
                span.detach()
            reset_current(token)

    def _check_place(self, scope: Scope) -> None:
        """At start-up: a layer outside of us answers requests that we never see (D31)."""
        stack = getattr(scope.get("app"), "middleware_stack", self)
        if stack is not self:
            _log.warning("telemetry_not_outermost", outer_layer=type(stack).__qualname__)
