"""One WebSocket, from its handshake to its close, as the middleware watches it go by.

A conversation is counted when it is accepted and again when it ends, with its length,
its messages each way and its close code; there is one span and one line
for it, and none per message. The
handshake's response carries the identifiers, and one line tells of the whole.

====================================== =============== ==========================
what happened                          outcome         close code
====================================== =============== ==========================
either side closed                     ok              as sent; 1005 without one
connection lost                        client_gone     1006
exception that nothing handled         exception       1011
server cancelled it                    cancelled       1012
handshake refused by the application   client_error    none; HTTP 403, or as sent
====================================== =============== ==========================

Codes are those of RFC 6455, section 7.4.1, and of IANA's registry (1012, service
restart); whatever an application or a client invents is one ``other``.
"""

from typing import TYPE_CHECKING, Final

from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from tocsin.telemetry.context import RequestContext
from tocsin.telemetry.exchange import (
    CANCELLED,
    CLIENT_ERROR,
    CLIENT_GONE,
    EXCEPTION,
    OK,
)
from tocsin.telemetry.intake import CORRELATION_ID_HEADER, REQUEST_ID_HEADER

if TYPE_CHECKING:
    from tocsin.telemetry.recording import Recorder

NO_CODE: Final = 1005
LOST: Final = 1006
INTERNAL_ERROR: Final = 1011
SERVICE_RESTART: Final = 1012
SWITCHING_PROTOCOLS: Final = 101
REFUSED: Final = 403

_NORMAL: Final = 1000
_HANDSHAKE: Final = frozenset({"websocket.accept", "websocket.http.response.start"})


class Conversation:
    """Watches one WebSocket; hands itself to the recorder once, when it has ended."""

    __slots__ = (
        "_receive",
        "_recorder",
        "_send",
        "accepted",
        "close_code",
        "context",
        "ended_ns",
        "outcome",
        "received",
        "scope",
        "sent",
        "started_ns",
        "status",
    )

    def __init__(
        self,
        recorder: "Recorder",
        scope: Scope,
        receive: Receive,
        send: Send,
        context: RequestContext,
    ) -> None:
        self._recorder = recorder
        self._receive = receive
        self._send = send
        self.scope = scope
        self.context = context
        self.started_ns = recorder.now_ns()
        self.ended_ns = 0
        self.accepted = False
        self.received = self.sent = 0
        self.close_code = 0
        self.status = 0
        self.outcome = ""

    async def receive(self) -> Message:
        """Pass a message of the client on."""
        message = await self._receive()
        kind = message["type"]
        if kind == "websocket.receive":
            self.received += 1
            self._recorder.message_passed(self, "received")
        elif kind == "websocket.disconnect":
            self._closed(message.get("code"), NO_CODE)
        return message

    async def send(self, message: Message) -> None:
        """Pass a message of the application on, with our headers on the handshake."""
        kind = message["type"]
        if kind in _HANDSHAKE:
            await self._send(self._with_identifiers(message))
            self._answered(message)
            return
        await self._send(message)
        if kind == "websocket.send":
            self.sent += 1
            self._recorder.message_passed(self, "sent")
        elif kind == "websocket.close":
            if self.accepted:
                self._closed(message.get("code"), _NORMAL)
            self.status = self.status or REFUSED

    def ended(self, error: BaseException | None) -> None:
        """Record the conversation, which is over for whatever cause."""
        self.ended_ns = self._recorder.now_ns()
        self.outcome = self._verdict(error)
        if error is not None:
            self._recorder.raised(self, error, self.outcome)
        self._recorder.conversation_ended(self)

    def _with_identifiers(self, message: Message) -> Message:
        headers = [
            *message.get("headers", ()),
            (REQUEST_ID_HEADER, self.context.request_id.encode()),
            (CORRELATION_ID_HEADER, self.context.correlation_id.encode()),
        ]
        return {**message, "headers": headers}

    def _answered(self, message: Message) -> None:
        if message["type"] == "websocket.accept":
            self.accepted = True
            self.status = SWITCHING_PROTOCOLS
            self._recorder.conversation_begun()
        else:
            self.status = message["status"]

    def _closed(self, code: int | None, default: int) -> None:
        # The first close counts: the other side's is its echo.
        self.close_code = self.close_code or code or default

    def _verdict(self, error: BaseException | None) -> str:
        if isinstance(error, Exception) and not isinstance(error, WebSocketDisconnect):
            self._closed(INTERNAL_ERROR, INTERNAL_ERROR)
            return EXCEPTION
        if error is not None and not isinstance(error, Exception):
            self._closed(SERVICE_RESTART, SERVICE_RESTART)
            return CANCELLED
        if not self.accepted:
            return CLIENT_GONE if not self.status else CLIENT_ERROR
        self._closed(None, LOST)
        return CLIENT_GONE if self.close_code == LOST else OK
