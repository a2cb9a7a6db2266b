"""A TCP proxy between a service and what it stands on, which can be made bad on request.

It stands in for a network: it delays, it refuses, it hangs; the server behind it stays well.

>>> with TroubledProxy("127.0.0.1", 9) as proxy:
...     proxy.delay(0.5)
...     proxy.pass_on()
...     proxy.port > 0
True
"""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from tocsin.rehearsal.receivers.loop_thread import LoopThread

_HOST: Final = "127.0.0.1"
_CHUNK_BYTES: Final = 65_536


class TroubledProxy:
    """Open as long as its block runs."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._loop = LoopThread("proxy")
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._delay_s = 0.0
        self._refuses = False
        self.port = 0

    def __enter__(self) -> Self:
        self._loop.__enter__()
        self._loop.do(self._open())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.do(self._close())
        self._loop.__exit__(kind, error, trace)

    def pass_on(self) -> None:
        """Be a good network again."""
        self._delay_s, self._refuses = 0.0, False

    def delay(self, seconds: float) -> None:
        """Have every question arrive so much later."""
        self._delay_s = seconds

    def refuse(self) -> None:
        """Cut every connection, and every new one at once."""
        self._refuses = True
        self._loop.do(self._cut())

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._meet, _HOST, 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._cut()

    async def _cut(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        try:
            there_reader, there_writer = await asyncio.open_connection(*self._to)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, there_writer}
        try:
            await asyncio.gather(
                self._carry(reader, there_writer, delayed=True),
                self._carry(there_reader, writer, delayed=False),
            )
        finally:
            self._writers -= {writer, there_writer}

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, delayed: bool
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK_BYTES):
                if delayed and self._delay_s:
                    await asyncio.sleep(self._delay_s)
                writer.write(chunk)
                await writer.drain()
        writer.close()
