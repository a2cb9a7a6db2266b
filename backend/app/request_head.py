"""No request's head grows without end, and nobody is switched to another protocol.

httptools gathers a header until its line ends and headers until an empty line comes, and
uvicorn sets it no limit: one caller who never ends either fills the memory. uvicorn's
other parser, h11, stops at 64 KiB (``h11_max_incomplete_event_size``); so does this.

A wish for another protocol (a WebSocket, HTTP/2) may be left unheard (RFC 9110, 7.8): the
request is answered like any other, with its limits, headers and log line.
"""

from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_AT_MOST_BYTES: Final = 64 * 1024
"""Read without an end before more is refused; what one read of the socket brings is whole."""

_REFUSAL: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class BoundedHeadProtocol(HttpToolsProtocol):
    """uvicorn's quick protocol, which refuses a head that does not end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Read on, unless too much has come without an end."""
        if self._in_head:
            if self._head_bytes > HEAD_AT_MOST_BYTES:
                self.transport.write(_REFUSAL)
                self.transport.close()
                return
            self._head_bytes += len(data)
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The head has ended; what follows is the body's, and the application's to bound."""
        self._in_head = False
        self._head_bytes = 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next head may begin."""
        self._in_head = True
        super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """Two lines of uvicorn's for every stranger's wish; the access line tells enough."""
