"""Start the parts of a process one after another; stop them in the opposite order.

Each step is logged with its duration, so that a slow start or a hanging end has a name.
A part that fails to stop is logged and does not keep the others from stopping: the last
of them flushes the logs.

>>> import asyncio
>>> from tocsin.clock import SystemClock
>>> async def live() -> list[str]:
...     told = []
...     async def end() -> None:
...         told.append("ended")
...     async with Lifecycle(SystemClock()) as lifecycle:
...         async with lifecycle.step("database", stop=end):
...             told.append("begun")
...     return told
>>> asyncio.run(live())
['begun', 'ended']
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from app.core.logging import get_logger
from tocsin.clock import Clock

Stop = Callable[[], Awaitable[object]]

_log = get_logger(__name__)
_NS = 1_000_000_000


class Lifecycle:
    """The steps of one process's life; an asynchronous context manager."""

    def __init__(self, clock: Clock, *, stop_within_s: float = 10.0) -> None:
        self._clock = clock
        self._stop_within_s = stop_within_s
        self._stops: list[tuple[str, Stop]] = []

    @asynccontextmanager
    async def step(self, name: str, *, stop: Stop | None = None) -> AsyncIterator[None]:
        """Start one part inside the block; ``stop`` is owed from its beginning on."""
        if stop is not None:
            self._stops.append((name, stop))
        began_ns = self._clock.monotonic_ns()
        yield
        _log.info("part_started", part=name, seconds=self._since(began_ns))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        while self._stops:
            name, stop = self._stops.pop()
            await self._stop(name, stop)

    async def _stop(self, name: str, stop: Stop) -> None:
        began_ns = self._clock.monotonic_ns()
        try:
            async with asyncio.timeout(self._stop_within_s):
                await stop()
        except Exception:  # noqa: BLE001 - the other parts must still be stopped
            _log.exception("part_stop_failed", part=name, seconds=self._since(began_ns))
        else:
            _log.info("part_stopped", part=name, seconds=self._since(began_ns))

    def _since(self, began_ns: int) -> float:
        return round((self._clock.monotonic_ns() - began_ns) / _NS, 6)
