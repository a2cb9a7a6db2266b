"""uvicorn's end of one request, in memory, for tests that need to leave, break or wait.

``receive`` gives the body in its chunks, then waits for the end, as uvicorn does; ``send``
after the client has left does nothing, as in uvicorn, or raises OSError, as servers of
ASGI 2.4 do.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any


class Wire:
    """One request; ``await wire.ask(app)`` serves it and keeps what came back."""

    def __init__(
        self,
        method: str = "GET",
        path: str = "/",
        *,
        headers: dict[str, str] | None = None,
        chunks: Sequence[bytes] = (b"",),
        client: tuple[str, int] | None = ("192.0.2.7", 51034),
        leaves_after: int | None = None,
        raises_when_gone: bool = False,
        on_message: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> None:
        path, _, query = path.partition("?")
        self.scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4" if raises_when_gone else "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [
                (name.lower().encode(), value.encode("latin-1"))
                for name, value in (headers or {}).items()
            ],
            "server": ("127.0.0.1", 8000),
            "client": client,
            "state": {},
        }
        self.messages: list[dict[str, Any]] = []
        self.error: BaseException | None = None
        self._chunks = list(chunks)
        self._leaves_after = leaves_after
        self._raises_when_gone = raises_when_gone
        self._on_message = on_message
        self._over = asyncio.Event()
        if leaves_after == 0:
            self._over.set()

    @property
    def status(self) -> int:
        return next((one["status"] for one in self.messages if "status" in one), 0)

    @property
    def headers(self) -> dict[str, str]:
        pairs = next((one["headers"] for one in self.messages if "headers" in one), [])
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), f"a header was sent twice: {pairs}"
        return {name.decode(): value.decode("latin-1") for name, value in pairs}

    @property
    def body(self) -> bytes:
        return b"".join(bytes(one.get("body", b"")) for one in self.messages)

    @property
    def whole(self) -> bool:
        """Whether the last body message was sent."""
        last = self.messages[-1] if self.messages else {}
        return last.get("type") == "http.response.body" and not last.get("more_body", False)

    def leave(self) -> None:
        """The client goes away now."""
        self._over.set()
        self._leaves_after = 0

    async def receive(self) -> dict[str, Any]:
        if self._chunks:
            chunk = self._chunks.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(self._chunks)}
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if self._leaves_after is not None and len(self.messages) >= self._leaves_after:
            self._over.set()
            if self._raises_when_gone:
                raise OSError("the client is gone")
            await asyncio.sleep(0)  # lets whoever waits for the disconnect hear of it
            return
        self.messages.append(message)
        self._on_message(message)
        if self.whole:
            self._over.set()

    async def ask(self, app) -> "Wire":
        """Serve it, keeping the exception that the server would have logged."""
        try:
            await app(self.scope, self.receive, self.send)
        except BaseException as error:
            self.error = error
            if isinstance(error, asyncio.CancelledError):
                raise
        return self


async def ask(app, method: str = "GET", path: str = "/", **more: Any) -> Wire:
    """One request, served."""
    return await Wire(method, path, **more).ask(app)
