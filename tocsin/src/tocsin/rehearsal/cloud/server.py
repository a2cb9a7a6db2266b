"""The doors of one cloud, opened and closed together in one asyncio loop.

>>> Server(World(), parts={}).http_port
0
"""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.routing import BaseRoute

from tocsin.rehearsal.cloud.carriage import Carriage
from tocsin.rehearsal.cloud.grpc_front import GrpcFront
from tocsin.rehearsal.cloud.http_front import HttpFront
from tocsin.rehearsal.cloud.rest_front import RestFront
from tocsin.rehearsal.cloud.world import World


class Server:
    """Serves ``parts`` over gRPC and HTTP."""

    def __init__(
        self, world: World, parts: Mapping[str, Any], *, page: Sequence[BaseRoute] = ()
    ) -> None:
        carriage = Carriage(world)
        rpcs = [rpc for part in parts.values() for rpc in part.rpcs()]
        self._parts = parts
        self._grpc = GrpcFront(rpcs, carriage=carriage)
        rest = RestFront(rpcs, carriage=carriage)
        routes = [route for part in parts.values() for route in _own_routes(part)]
        self._http = HttpFront([*page, *routes, *rest.routes()])
        rest.cut = self._http.cut
        self.http_port = 0
        self.grpc_port = 0

    async def open(self, host: str, *, http_port: int = 0, grpc_port: int = 0) -> None:
        """Open both doors; 0 stands for any free port."""
        self.grpc_port = await self._grpc.open(host, grpc_port)
        self.http_port = await self._http.open(host, http_port)
        for part in self._parts.values():
            if hasattr(part, "opened"):
                await part.opened(f"http://127.0.0.1:{self.http_port}")

    async def close(self) -> None:
        """Close both doors at once, whoever is still in them."""
        for part in self._parts.values():
            if hasattr(part, "closed"):
                await part.closed()
        await self._http.close()
        await self._grpc.close()


def _own_routes(part: Any) -> list[Any]:
    return list(part.asgi_routes()) if hasattr(part, "asgi_routes") else []
