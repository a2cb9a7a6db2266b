"""The cloud's gRPC side: every service's methods on one ``grpc.aio`` server.

A refusal travels as Google sends it: status, message, and the ``google.rpc.Status`` in
``grpc-status-details-bin`` (https://grpc.io/docs/guides/error/#richer-error-model).

>>> GrpcFront([], carriage=None).service_names
()
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf.message import Message

from tocsin.rehearsal.cloud.carriage import Carriage, ConnectionCutError
from tocsin.rehearsal.cloud.refusals import Refusal
from tocsin.rehearsal.cloud.relay import Relay
from tocsin.rehearsal.cloud.rpc import Rpc

# Wide enough that a log write of more than 10 MB is refused by Google's rule, with Google's
# words, and not by the transport (whose default is 4 MB).
MESSAGE_BYTES: Final = 32 << 20
_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


class GrpcFront:
    """Serves ``rpcs`` behind a relay that can cut connections."""

    def __init__(self, rpcs: Iterable[Rpc], *, carriage: Carriage | None) -> None:
        self._carriage = carriage
        self._by_service: dict[str, dict[str, Rpc]] = defaultdict(dict)
        for rpc in rpcs:
            self._by_service[rpc.service][rpc.method] = rpc
        self._server: Any = None
        self._relay: Relay | None = None

    @property
    def service_names(self) -> tuple[str, ...]:
        """The services, as gRPC names them."""
        return tuple(sorted(self._by_service))

    async def open(self, host: str, port: int) -> int:
        """Serve on ``port`` (0: any free one) and tell which it is."""
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", MESSAGE_BYTES),
                ("grpc.max_send_message_length", MESSAGE_BYTES),
                ("grpc.so_reuseport", 0),
            ]
        )
        for service, methods in self._by_service.items():
            handlers = {name: self._handler(rpc) for name, rpc in methods.items()}
            self._server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(service, handlers),)
            )
        inner_port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        self._relay = Relay(upstream_port=inner_port)
        return await self._relay.listen(host, port)

    async def close(self) -> None:
        """Stop at once: calls that hang are cancelled."""
        if self._relay is not None:
            await self._relay.close()
        if self._server is not None:
            await self._server.stop(grace=None)

    def _handler(self, rpc: Rpc) -> Any:
        async def serve(request: Message, context: Any) -> Message:
            return await self._serve(rpc, request, context)

        return grpc.unary_unary_rpc_method_handler(
            serve,
            request_deserializer=rpc.request.FromString,
            response_serializer=rpc.response.SerializeToString,
        )

    async def _serve(self, rpc: Rpc, request: Message, context: Any) -> Message:
        assert self._carriage is not None  # noqa: S101 - a front without one serves nothing
        try:
            return await self._carriage.carry(rpc, request, cut=lambda: self._cut(context))
        except Refusal as refusal:
            context.set_trailing_metadata(
                (("grpc-status-details-bin", refusal.as_status().SerializeToString()),)
            )
            await context.abort(_CODES[refusal.code], refusal.message)
        except ConnectionCutError:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the connection was cut")
        raise AssertionError("abort always raises")

    def _cut(self, context: Any) -> None:
        if self._relay is not None:
            self._relay.cut(int(context.peer().rpartition(":")[2]))
