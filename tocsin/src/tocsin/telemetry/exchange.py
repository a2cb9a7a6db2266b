"""One HTTP request and its response, as the middleware watches them go by.

The exchange stands between the server's ``receive``/``send`` and the application. It
counts bytes instead of trusting headers, notes when the first and the last message of
the response were handed to the server, and puts the identifiers on the response,
whoever made it. It changes nothing else and never fails: what goes wrong in here is met
by the guard.

The response is over when its last body message was sent. That is the moment when the
request is recorded, so a background task of ten minutes lengthens no latency, holds no
place among the requests in flight and delays no log line. One exception: while an
exception is being handled, a 5xx waits until the application returns, because only then
is it known whether the exception was handled or goes on to the server
(``ServerErrorMiddleware`` answers and raises again).

Outcomes, each counted once (`status` is what metrics and access line say; where it
differs from the status line that went out, the line carries that as `status_sent`):

====================================================== ============== ============
what happened                                          outcome        status
====================================================== ============== ============
answered below 400                                     ok             as sent
answered 4xx: refused, not found, invalid              client_error   as sent
answered 5xx, or an exception that a handler answered  server_error   as sent
exception that nothing handled, also in a handler      exception      as sent, 500
exception after the response had begun                 stream_failed  500
application returned without finishing the response    incomplete     500
client left before the last byte                       client_gone    499
server cancelled the request, as when it shuts down    cancelled      503
====================================================== ============== ============

Whatever fails after the last byte (a background task, the closing half of a dependency)
cannot change what the client got: the request keeps its outcome, and the failure counts
as a background failure of that route. A stream that breaks below Starlette's
``BaseHTTPMiddleware`` belongs here too, since that class ends the broken body properly
before it raises: the client sees a whole response.
"""

import sys
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from tocsin.telemetry.context import RequestContext
from tocsin.telemetry.intake import CORRELATION_ID_HEADER, REQUEST_ID_HEADER

if TYPE_CHECKING:
    from tocsin.telemetry.recording import Recorder

OK: Final = "ok"
CLIENT_ERROR: Final = "client_error"
SERVER_ERROR: Final = "server_error"
EXCEPTION: Final = "exception"
STREAM_FAILED: Final = "stream_failed"
INCOMPLETE: Final = "incomplete"
CLIENT_GONE: Final = "client_gone"
CANCELLED: Final = "cancelled"

CLIENT_GONE_STATUS: Final = 499
"""What nginx writes for a client that left; no server sends it."""
CANCELLED_STATUS: Final = 503
FAILED_STATUS: Final = 500
FIRST_CLIENT_ERROR: Final = 400
FIRST_SERVER_ERROR: Final = 500

_OURS: Final = frozenset({REQUEST_ID_HEADER, CORRELATION_ID_HEADER})
_EVENT_STREAM: Final = b"text/event-stream"
_PATHSEND: Final = "http.response.pathsend"
_BODIES: Final = frozenset({"http.response.body", _PATHSEND})
_ANSWERED_HERE: Final = frozenset({EXCEPTION, INCOMPLETE})
_OPAQUE_500: Final = (
    b'{"type":"about:blank","title":"Internal Server Error","status":500,"request_id":"%b"}'
)


class Exchange:
    """Watches one request; hands itself to the recorder once, when the response is over.

    Times are readings of the monotonic clock in nanoseconds, 0 for what did not happen;
    sizes are bytes of bodies as they went by.
    """

    __slots__ = (
        "_departure",
        "_in_hand",
        "_receive",
        "_recorder",
        "_response_headers",
        "_send",
        "chunked",
        "complete",
        "context",
        "first_byte_ns",
        "gone",
        "headers",
        "keep_debug_lines",
        "last_byte_ns",
        "outcome",
        "probe",
        "recorded",
        "request_bytes",
        "response_bytes",
        "scope",
        "started_ns",
        "status",
        "status_sent",
    )

    def __init__(  # noqa: PLR0917 - keywords cost a tenth of a microsecond a request
        self,
        recorder: "Recorder",
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: Mapping[bytes, bytes],
        context: RequestContext,
        started_ns: int,
        probe: bool,  # noqa: FBT001 - as above
    ) -> None:
        self._recorder = recorder
        self._receive = receive
        self._send = send
        self.scope = scope
        self.headers = headers
        self.context = context
        self.started_ns = started_ns
        self.probe = probe
        self.first_byte_ns = self.last_byte_ns = 0
        self.request_bytes = self.response_bytes = 0
        self.status = self.status_sent = 0
        self.outcome = ""
        self.gone = self.complete = self.recorded = False
        self.chunked = self.keep_debug_lines = False
        self._departure: BaseException | None = None
        self._in_hand: BaseException | None = None
        self._response_headers: list[tuple[bytes, bytes]] = []

    @property
    def in_hand(self) -> BaseException | None:
        """The exception that was being handled when a 5xx began, if any."""
        return self._in_hand

    @property
    def event_stream(self) -> bool:
        """Whether the response is a stream of events: open for as long as someone listens."""
        return self.chunked and any(
            name.lower() == b"content-type" and value.startswith(_EVENT_STREAM)
            for name, value in self._response_headers
        )

    async def receive(self) -> Message:
        """Pass a message of the server on, counting the body and noting who left."""
        message = await self._receive()
        kind = message["type"]
        if kind == "http.request":
            body = message.get("body")
            if body:
                self.request_bytes += len(body)
        elif kind == "http.disconnect" and not self.complete:
            self.gone = True
        return message

    def send(self, message: Message) -> Awaitable[None]:
        """Pass a message of the application on, with our headers on the first.

        No coroutine of its own for the head: only the body has an end to wait for.
        """
        kind = message["type"]
        if kind in _BODIES:
            return self._send_body(message)
        if kind == "http.response.start":
            message = self._started(message)
        return self._send(message)

    async def returned(self) -> None:
        """The application returned, and the response is not recorded yet."""
        await self._close(None)

    async def raised(self, error: BaseException) -> None:
        """The application raised ``error``, which goes on to the server after this."""
        if self.recorded:
            self.keep_debug_lines = True
            self._recorder.failed_afterwards(self, error)
        else:
            await self._close(error)

    def _started(self, message: Message) -> Message:
        try:
            self.first_byte_ns = self._recorder.now_ns()
            self.status = status = message["status"]
            if status >= FIRST_SERVER_ERROR:
                self._in_hand = sys.exception()
            theirs = message.get("headers", ())
            for name, _ in theirs:
                if name in _OURS:
                    theirs = [pair for pair in theirs if pair[0] not in _OURS]
                    break
            context = self.context
            request_id = correlation_id = context.request_id.encode()
            if context.correlation_id is not context.request_id:
                correlation_id = context.correlation_id.encode()
            # A new list: the application may send the same one with its next response.
            self._response_headers = headers = [
                *theirs,
                (REQUEST_ID_HEADER, request_id),
                (CORRELATION_ID_HEADER, correlation_id),
            ]
            message = {**message, "headers": headers}
        except Exception as error:  # noqa: BLE001 - the response goes out as it came
            self._recorder.guard.failed("exchange.response_start", error)
        return message

    async def _send_body(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError as error:
            # Servers of ASGI 2.4 say so when the client has left.
            self.gone = True
            self._departure = error
            raise
        body = message.get("body")
        self.response_bytes += len(body) if type(body) is bytes else self._size(message)
        if message.get("more_body", False):
            self.chunked = True
            return
        self.last_byte_ns = self._recorder.now_ns()
        self.complete = True
        status = self.status
        if status < FIRST_CLIENT_ERROR and not self.gone:
            self._recorder.finished(self, OK, status)
        elif self._in_hand is None:
            self._recorder.finished(self, *self._verdict(None))

    def _size(self, message: Message) -> int:
        """The size of a body that is not plain bytes: a view, none, or a file's path."""
        try:
            if message["type"] == _PATHSEND:  # the server reads the file; nothing to count
                declared = dict(self._response_headers).get(b"content-length", b"0")
                return int(declared)
            return memoryview(message.get("body") or b"").nbytes
        except (TypeError, ValueError) as error:
            self._recorder.guard.failed("exchange.response_size", error)
            return 0

    async def _close(self, error: BaseException | None) -> None:
        outcome, status = self._verdict(error)
        if not self.status and outcome in _ANSWERED_HERE:
            await self._answer()
        if error is not None:
            self._recorder.raised(self, error, outcome)
        self._recorder.finished(self, outcome, status)

    def _verdict(self, error: BaseException | None) -> tuple[str, int]:
        status = self.status
        if isinstance(error, Exception) and not self._is_departure(error):
            if self.complete:
                return EXCEPTION, status
            return STREAM_FAILED if status else EXCEPTION, FAILED_STATUS
        if self.gone:
            return CLIENT_GONE, CLIENT_GONE_STATUS
        if not self.complete:
            return (INCOMPLETE, FAILED_STATUS) if error is None else (CANCELLED, CANCELLED_STATUS)
        if status < FIRST_CLIENT_ERROR:
            return OK, status
        return CLIENT_ERROR if status < FIRST_SERVER_ERROR else SERVER_ERROR, status

    def _is_departure(self, error: Exception) -> bool:
        return self.gone and (isinstance(error, ClientDisconnect) or error is self._departure)

    async def _answer(self) -> None:
        """Answer for an application that did not, so that the caller has its id."""
        body = _OPAQUE_500 % self.context.request_id.encode()
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", b"%d" % len(body)),
        ]
        start = {"type": "http.response.start", "status": FAILED_STATUS, "headers": headers}
        # The application's own exception is what the server must hear of, not this one.
        with suppress(Exception):
            await self._send(self._started(start))
            await self._send({"type": "http.response.body", "body": body, "more_body": False})
            self.response_bytes = len(body)
            self.last_byte_ns = self._recorder.now_ns()
