"""No request's body is larger than what any endpoint of ours has a use for.

The framework's own limit answers in plain text; this one answers with a problem like
everything else. A body that declares its size is refused unread; one that does not
(chunked) is refused when it has grown too large.

>>> BODY_AT_MOST_BYTES
65536
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import Problem

BODY_AT_MOST_BYTES: Final = 64 * 1024


class BodyLimitMiddleware:
    """Refuses bodies above ``at_most_bytes`` with 413."""

    def __init__(self, app: ASGIApp, *, at_most_bytes: int = BODY_AT_MOST_BYTES) -> None:
        self._app = app
        self._at_most_bytes = at_most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a counted body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._declared_bytes(scope) > self._at_most_bytes:
            await Problem.of_status(413).response()(scope, receive, send)
        else:
            await self._app(scope, self._counted(receive), send)

    @staticmethod
    def _declared_bytes(scope: Scope) -> int:
        declared = Headers(scope=scope).get("content-length", "")
        return int(declared) if declared.isdecimal() else 0

    def _counted(self, receive: Receive) -> Receive:
        received_bytes = 0

        async def receive_counted() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > self._at_most_bytes:
                raise HTTPException(413)
            return message

        return receive_counted
