"""One call on its way through the cloud: the faults it meets, then its handler.

Both fronts, gRPC and REST, carry every call through here, so that a fault means the same
on either. What each fault does stands in ``tocsin/docs/cloud-faults.md``. A front tells how
its connection is cut.

>>> import asyncio
>>> from google.protobuf.empty_pb2 import Empty
>>> from tocsin.rehearsal.cloud.rpc import Rpc
>>> nothing = Rpc("example.v1.Nothing", "Do", Empty, Empty, handle=lambda request: request)
>>> asyncio.run(Carriage(World()).carry(nothing, Empty(), cut=lambda: None)) == Empty()
True
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from google.protobuf.message import Message

from tocsin.rehearsal.cloud.faults import Fault
from tocsin.rehearsal.cloud.refusals import Refusal
from tocsin.rehearsal.cloud.rpc import Rpc
from tocsin.rehearsal.cloud.world import World

_log = logging.getLogger("tocsin.rehearsal.cloud")

# The words are ours, in the manner of Google's; a client must not read them.
ANSWERED: Final = {
    "unavailable": (14, "The service is currently unavailable."),
    "deadline_exceeded": (4, "Deadline expired before operation could complete."),
    "resource_exhausted": (8, "Quota exceeded for quota metric and limit of this service."),
    "internal": (13, "Internal error encountered."),
}
CARRIED: Final = (*ANSWERED, "slow", "hang", "reset", "lost_answer", "wrong_order")
"""The faults of transport; ``partial_failure`` is met by the services themselves."""
_NEXT_WITHIN_S: Final = 10.0


class ConnectionCutError(Exception):
    """The client's connection is gone: there is nobody to answer."""


class Carriage:
    """Carries the calls of one cloud; used from its loop only."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._passed: dict[str, asyncio.Event] = {}

    async def carry(self, rpc: Rpc, request: Message, *, cut: Callable[[], None]) -> Message:
        """Handle ``request``, with the fault it runs into.

        Raises:
            Refusal: the answer is not OK.
            ConnectionCutError: ``cut`` was called, there will be no answer.
        """
        name = f"{rpc.service}/{rpc.method}"
        fault = self._world.faults.take(name, *CARRIED)
        if fault is not None and fault.kind == "wrong_order":
            await self._let_the_next_pass(name, fault)
        elif fault is not None:
            await _before(fault, cut)
        answer = self._handle(rpc, request)
        if (waiting := self._passed.pop(name, None)) is not None:
            waiting.set()
        if fault is not None and fault.kind == "lost_answer":
            cut()
            raise ConnectionCutError
        return answer

    def _handle(self, rpc: Rpc, request: Message) -> Message:
        try:
            with self._world.lock:
                return rpc.handle(request)
        except Refusal:
            raise
        except Exception as error:
            _log.exception("%s/%s failed", rpc.service, rpc.method)
            raise Refusal(13, f"the rehearsal cloud failed: {error!r}") from error

    async def _let_the_next_pass(self, name: str, fault: Fault) -> None:
        passed = self._passed.setdefault(name, asyncio.Event())
        try:
            await asyncio.wait_for(passed.wait(), fault.seconds or _NEXT_WITHIN_S)
        except TimeoutError:
            self._passed.pop(name, None)


async def _before(fault: Fault, cut: Callable[[], None]) -> None:
    """What a fault does ahead of the handler."""
    if fault.kind in ANSWERED:
        raise Refusal(*ANSWERED[fault.kind])
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
    if fault.kind == "hang":
        await asyncio.Event().wait()
    if fault.kind == "reset":
        cut()
        raise ConnectionCutError
