"""What is recorded of a finished request: its metrics, its line, its failure.

Every step stands behind the guard on its own, so that a broken metric costs no log line
and a broken log line no metric (decision D-8).
"""

from typing import TYPE_CHECKING, Final, cast

from starlette.types import Scope

from tocsin.clock import Clock
from tocsin.telemetry.access import AccessLines
from tocsin.telemetry.context import RequestContext
from tocsin.telemetry.errors import ErrorReports, ErrorRequest
from tocsin.telemetry.errors.reports import BACKGROUND_TASK, REQUEST
from tocsin.telemetry.exchange import (
    EXCEPTION,
    FAILED_STATUS,
    FIRST_SERVER_ERROR,
    INCOMPLETE,
    SERVER_ERROR,
    STREAM_FAILED,
    Exchange,
)
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.http_metrics import METHODS, OTHER_METHOD, HttpMetrics
from tocsin.telemetry.logs import LogPipeline, get_logger, mark_recorded, was_recorded
from tocsin.telemetry.routes import UNMATCHED, RouteTable
from tocsin.telemetry.settings import TelemetrySettings
from tocsin.telemetry.websocket import Conversation

if TYPE_CHECKING:
    from tocsin.telemetry.traces.requests import RequestSpan

_NS_PER_S: Final = 1e9
_ANSWERED: Final = frozenset({SERVER_ERROR, INCOMPLETE})
_log = get_logger("tocsin.request")


class Recorder:
    """Takes finished exchanges and moves metrics, lines and rings."""

    def __init__(
        self,
        settings: TelemetrySettings,
        *,
        clock: Clock,
        guard: Guard,
        logs: LogPipeline,
        lines: AccessLines,
        http: HttpMetrics,
        routes: RouteTable,
        errors: ErrorReports,
    ) -> None:
        self._errors = errors
        self.guard = guard
        self.now_ns = clock.monotonic_ns
        self._wall_ns = clock.wall_ns
        self._logs = logs
        self.ring = logs.ring_on_demand
        self._lines = lines
        self._http = http
        self.begun = http.begun
        self._routes = routes
        self._slow_ns = round(settings.slow_request_s * _NS_PER_S)

    def finished(  # noqa: C901 - one step after another; a call each would cost every request
        self, exchange: Exchange, outcome: str, status: int
    ) -> None:
        """Record a request whose response is over, once."""
        if exchange.recorded:
            return
        exchange.recorded = True
        exchange.outcome = outcome
        exchange.status_sent = exchange.status
        exchange.status = status
        try:
            if not exchange.last_byte_ns:
                exchange.last_byte_ns = self.now_ns()
            method = exchange.scope["method"]
            if method not in METHODS:
                method = OTHER_METHOD
            elif method == "HEAD":
                exchange.response_bytes = 0  # the server sends the head alone
            route = self._routes.template(exchange.scope)
        except Exception as error:  # noqa: BLE001 - what has no name is still recorded
            self.guard.failed("recording.route", error)
            method, route = OTHER_METHOD, UNMATCHED
        try:
            if exchange.probe:
                self._probed(exchange, method, route)
                return
            started_ns, first_byte_ns = exchange.started_ns, exchange.first_byte_ns
            duration_ns = exchange.last_byte_ns - started_ns
            streamed = exchange.chunked and exchange.event_stream
            if status >= FIRST_SERVER_ERROR or (duration_ns >= self._slow_ns and not streamed):
                exchange.keep_debug_lines = True
                self._noticed(exchange, route, outcome, status)
            self._http.finished(
                method,
                route,
                status,
                duration_ns / _NS_PER_S,
                (first_byte_ns - started_ns) / _NS_PER_S if first_byte_ns else None,
                exchange.request_bytes,
                exchange.response_bytes,
                streamed,
                ends_flight=True,
            )
        except Exception as error:  # noqa: BLE001 - a metric never fails a request
            self.guard.failed("recording.metrics", error)
        try:
            self._lines.write(exchange, method, route, self._wall_ns())
        except Exception as error:  # noqa: BLE001 - a log line never fails a request
            self.guard.failed("recording.access_line", error)
        span = exchange.context.span
        if span is not None:
            self._span_over(span, exchange, method, route)  # type: ignore[arg-type] # a request's

    def raised(self, exchange: Exchange | Conversation, error: BaseException, outcome: str) -> None:
        """Write the one error record of an unhandled exception, and mark it as written.

        The exception goes on to the server, whose own report of it is then left out; a
        client that left and a cancelled request are no errors and leave no record.
        """
        span = exchange.context.span
        if span is not None and outcome in (EXCEPTION, STREAM_FAILED):
            try:
                span.failed(error)
            except Exception as failure:  # noqa: BLE001 - a span never fails a request
                self.guard.failed("recording.span", failure)
        try:
            if outcome in (EXCEPTION, STREAM_FAILED) and not was_recorded(error):
                route = self.route(exchange.scope)
                self._errors.unhandled(
                    "unhandled_exception",
                    error,
                    kind=REQUEST,
                    request=_request_of(exchange, route, FAILED_STATUS),
                    context=exchange.context,
                    outcome=outcome,
                    route=route,
                )
            mark_recorded(error)
        except Exception as failure:  # noqa: BLE001 - a log line never fails a request
            self.guard.failed("recording.error_record", failure)

    def _noticed(self, exchange: Exchange, route: str, outcome: str, status: int) -> None:
        """Tell of a 5xx that no exception explains, or one that a handler answered."""
        if outcome in _ANSWERED:
            request = _request_of(exchange, route, status)
            self._errors.answered(request, exchange.in_hand, exchange.context)

    def failed_afterwards(self, exchange: Exchange, error: BaseException) -> None:
        """Record what failed after the last byte: it belongs to no response."""
        route = self.route(exchange.scope)
        try:
            self._http.background_task_failed(route)
        except Exception as failure:  # noqa: BLE001 - a metric never fails a request
            self.guard.failed("recording.background_metric", failure)
        span = exchange.context.span
        if span is not None and isinstance(error, Exception):
            try:
                span.tracing.background_failed(span, exchange.last_byte_ns, error)
            except Exception as failure:  # noqa: BLE001 - a span never fails a request
                self.guard.failed("recording.span", failure)
        try:
            if not isinstance(error, Exception):
                _log.warning("background_task_cancelled", route=route)
            elif not was_recorded(error):
                self._errors.unhandled(
                    "background_task_failed",
                    error,
                    kind=BACKGROUND_TASK,
                    request=_request_of(exchange, route, exchange.status),
                    context=exchange.context,
                    route=route,
                )
            mark_recorded(error)
        except Exception as failure:  # noqa: BLE001 - a log line never fails a request
            self.guard.failed("recording.error_record", failure)

    def conversation_begun(self) -> None:
        """Count a WebSocket that was accepted."""
        self._http.websocket_opened()

    def message_passed(self, conversation: Conversation, direction: str) -> None:
        """Count one message, ``received`` or ``sent``."""
        self._http.websocket_message(self.route(conversation.scope), direction)

    def conversation_ended(self, conversation: Conversation) -> None:
        """Record a WebSocket, or a handshake that was refused."""
        route = self.route(conversation.scope)
        duration_s = (conversation.ended_ns - conversation.started_ns) / _NS_PER_S
        if conversation.accepted:
            self._http.websocket_closed(route, conversation.close_code, duration_s)
        try:
            self._lines.write_conversation(
                conversation, route=route, duration_s=duration_s, wall_ns=self._wall_ns()
            )
        except Exception as error:  # noqa: BLE001 - a log line never fails a connection
            self.guard.failed("recording.access_line", error)
        span = conversation.context.span
        if span is not None:
            try:
                cast("RequestSpan", span).conversation_over(conversation, route)
            except Exception as error:  # noqa: BLE001 - a span never fails a connection
                self.guard.failed("recording.span", error)
        failed = conversation.outcome == EXCEPTION
        self.settle_debug_lines(conversation.context, keep=failed)

    def settle_debug_lines(self, context: RequestContext, *, keep: bool) -> None:
        """Write the request's DEBUG lines when they are wanted, or drop them."""
        try:
            self._logs.settle(context, keep=keep)
        except Exception as error:  # noqa: BLE001 - a log line never fails a request
            self.guard.failed("recording.debug_lines", error)

    def route(self, scope: Scope) -> str:
        """The template of the request in ``scope``."""
        try:
            return self._routes.template(scope)
        except Exception as error:  # noqa: BLE001 - a name never fails a request
            self.guard.failed("recording.route", error)
            return UNMATCHED

    def _span_over(self, span: "RequestSpan", exchange: Exchange, method: str, route: str) -> None:
        try:
            waited_ns = exchange.last_byte_ns
            if exchange.first_byte_ns and exchange.chunked and exchange.event_stream:
                waited_ns = exchange.first_byte_ns
            duration_s = (waited_ns - exchange.started_ns) / _NS_PER_S
            self._http.exemplify(method, route, exchange.status, duration_s, exchange.context)
            span.over(exchange, method, route)
        except Exception as error:  # noqa: BLE001 - a span never fails a request
            self.guard.failed("recording.span", error)

    def _probed(self, exchange: Exchange, method: str, route: str) -> None:
        """A probe that failed is worth a line; one that passed is worth a sampled one."""
        duration_s = (exchange.last_byte_ns - exchange.started_ns) / _NS_PER_S
        self._http.probe(route, exchange.status, duration_s)
        if exchange.status >= FIRST_SERVER_ERROR:
            severity = "WARNING"
        elif self._logs.debug_sampled(exchange.context.trace_id):
            severity = "DEBUG"
        else:
            return
        self._lines.write(exchange, method, route, self._wall_ns(), severity)


def _request_of(exchange: Exchange | Conversation, route: str, status: int) -> ErrorRequest:
    """What an error event says of the request; a handshake is a GET (RFC 6455, 4.1)."""
    scope = exchange.scope
    method = scope.get("method", "GET")
    agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"")
    return ErrorRequest(
        method if method in METHODS else OTHER_METHOD, route, status, agent.decode("latin-1")
    )
