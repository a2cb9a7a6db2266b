"""The cloud's HTTP side: REST forms of the methods, the services' own routes, the page.

uvicorn serves it behind a :class:`~tocsin.rehearsal.cloud.relay.Relay`, so that a
connection can be cut here too.

>>> HttpFront(routes=[]).relay is None
True
"""

import asyncio
import contextlib
import socket
from collections.abc import Sequence

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import BaseRoute

from tocsin.rehearsal.cloud.relay import Relay


class HttpFront:
    """One uvicorn server in a loop that is not its own."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self.relay: Relay | None = None
        self._app = Starlette(routes=list(routes))
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def open(self, host: str, port: int) -> int:
        """Serve on ``port`` (0: any free one) and tell which it is."""
        inner = socket.create_server(("127.0.0.1", 0), backlog=512)
        config = uvicorn.Config(
            self._app, lifespan="off", ws="none", log_config=None, access_log=False
        )
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[inner]))
        while not self._server.started:  # noqa: ASYNC110 - uvicorn tells it by this flag only
            await asyncio.sleep(0.005)
        self.relay = Relay(upstream_port=inner.getsockname()[1])
        return await self.relay.listen(host, port)

    async def close(self) -> None:
        """Stop at once: requests that hang are dropped."""
        if self.relay is not None:
            await self.relay.close()
        if self._server is not None and self._serving is not None:
            self._server.should_exit = self._server.force_exit = True
            with contextlib.suppress(asyncio.CancelledError):
                await self._serving

    def cut(self, request: Request) -> None:
        """Reset the connection on which ``request`` came."""
        if self.relay is not None and request.client is not None:
            self.relay.cut(request.client.port)
