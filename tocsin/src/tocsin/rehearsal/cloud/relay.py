"""A small TCP relay in front of a server, so that a connection can be cut for real.

A server's library hides its sockets; a client, however, must meet a connection that dies
under it as it does on a network: a reset, no status, no goodbye. Bytes pass unchanged.
Facts: ``SO_LINGER`` with a time of 0 makes ``close`` send RST (socket(7), RFC 9293 3.10.4).

>>> Relay(upstream_port=1).connections
0
"""

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

_READ_BYTES: Final = 1 << 16
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class _Pair:
    """One client's connection and the one behind it."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter

    def cut(self) -> None:
        raw = self.client.get_extra_info("socket")
        if raw is not None:
            with suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.client.transport.abort()
        self.server.transport.abort()


class Relay:
    """Listens outside, speaks to ``upstream_port`` of this machine inside."""

    def __init__(self, *, upstream_port: int) -> None:
        self._upstream_port = upstream_port
        self._pairs: dict[int, _Pair] = {}
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        return len(self._pairs)

    async def listen(self, host: str, port: int) -> int:
        """Open ``port`` (0: any free one) and tell which it is."""
        self._server = await asyncio.start_server(self._accept, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    def cut(self, inner_port: int) -> None:
        """Reset the connection that the server behind knows by its peer's ``inner_port``."""
        if (pair := self._pairs.get(inner_port)) is not None:
            pair.cut()

    async def close(self) -> None:
        """Listen no more, and cut whoever is still connected."""
        if self._server is not None:
            self._server.close()
        for pair in list(self._pairs.values()):
            pair.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        # A cancelled accept is the cloud's stop: ended quietly, or asyncio logs it.
        with suppress(asyncio.CancelledError, OSError):
            await self._join(reader, writer)
        writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        inner_port = int(inner.get_extra_info("sockname")[1])
        self._pairs[inner_port] = _Pair(writer, inner)
        try:
            await asyncio.gather(_pump(reader, inner), _pump(inner_reader, writer))
        finally:
            del self._pairs[inner_port]
            inner.transport.abort()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Carry bytes until the source ends; then end the target too."""
    with suppress(OSError):
        while chunk := await source.read(_READ_BYTES):
            target.write(chunk)
            await target.drain()
    with suppress(OSError, RuntimeError):
        if target.can_write_eof():
            target.write_eof()
