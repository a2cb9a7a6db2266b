r"""Clients by the hundred: each from an address of its own, each asking again and again.

Linux lets a client choose any address of 127.0.0.0/8 as its own. HTTP is spoken over plain
streams, because what sends a flood must cost less than what takes it.

>>> request("GET", "/health")[:27]
b'GET /health HTTP/1.1\r\nhost:'
>>> with Crowd("http://127.0.0.1:9") as crowd:
...     sum(crowd.statuses.values())
0
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from tocsin.rehearsal.receivers.loop_thread import LoopThread

_AGAIN_AFTER_S: Final = 0.25
_PATIENCE_S: Final = 30.0
_HEADER_BYTES_AT_MOST: Final = 65_536


def request(method: str, path: str, *, body: Any = None, token: str = "") -> bytes:
    """One request, ready to be sent; ``body`` as JSON."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "host: service.example"]
    if token:
        lines.append(f"authorization: Bearer {token}")
    if content:
        lines += ["content-type: application/json", f"content-length: {len(content)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class Crowd:
    """Whoever came, until they are told to leave; what they were answered is counted."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._to = (place.hostname or "", place.port or 80)
        self._loop = LoopThread("crowd")
        self._visitors: list[Any] = []
        self.statuses: Counter[int] = Counter()
        """0: the service could not be reached"""

    def __enter__(self) -> Self:
        self._loop.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.__exit__(kind, error, trace)

    def come(
        self,
        address: str,
        requests: Iterator[bytes],
        *,
        every_s: float = 0.0,
        after_s: float = 0.0,
    ) -> None:
        """Somebody at ``address`` sends these, one after the other, so far apart at least.

        The first comes ``after_s``.
        """

        async def visit() -> None:
            await asyncio.sleep(after_s)
            await self._visit(address, requests, every_s)

        self._visitors.append(self._loop.begin(visit()))

    def ask(self, address: str, asked: bytes) -> tuple[int, Any]:
        """Send one request and wait: status, and the body read as JSON (None if it is none)."""

        async def once() -> tuple[int, bytes]:
            visit = _Visit(self._to, address)
            try:
                return await visit.ask(asked)
            finally:
                visit.close()

        status, body = self._loop.do(once(), _PATIENCE_S)
        self.statuses[status] += 1
        return status, json.loads(body) if body[:1] in (b"{", b"[") else None

    def leave(self) -> None:
        """Everybody goes home; what is under way is broken off."""
        visitors, self._visitors = self._visitors, []
        for one in visitors:
            one.cancel()

    async def _visit(self, address: str, requests: Iterator[bytes], every_s: float) -> None:
        visit = _Visit(self._to, address)
        try:
            for asked in requests:
                try:
                    status, _ = await asyncio.wait_for(visit.ask(asked), _PATIENCE_S)
                except (OSError, ValueError, EOFError, TimeoutError):
                    status = 0
                    visit.close()
                    await asyncio.sleep(_AGAIN_AFTER_S)
                self.statuses[status] += 1
                await asyncio.sleep(every_s)
        finally:
            visit.close()


class _Visit:
    """One caller's connection, opened anew when it was closed."""

    def __init__(self, to: tuple[str, int], address: str) -> None:
        self._to = to
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, asked: bytes) -> tuple[int, bytes]:
        was_open = self._streams is not None
        try:
            return await self._once(asked)
        except (ConnectionError, EOFError):
            self.close()
            if not was_open:
                raise
            return await self._once(asked)  # the server had closed what was idle

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _once(self, asked: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                *self._to, local_addr=(self._address, 0), limit=_HEADER_BYTES_AT_MOST
            )
        reader, writer = self._streams
        writer.write(asked)
        head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        status = int(head[0].split(b" ")[1])
        headers = dict(_headers(head[1:]))
        body = await reader.readexactly(int(headers.get(b"content-length", b"0")))
        if headers.get(b"connection", b"").lower() == b"close":
            self.close()
        return status, body


def _headers(lines: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    for line in lines:
        name, colon, value = line.partition(b":")
        if colon:
            yield name.lower(), value.strip()
