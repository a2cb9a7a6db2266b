"""Gauges that nobody's request moves: read every few seconds, on the event loop.

A sampler that fails or hangs is met by telemetry's guard (counted, logged once) and
asked again at its next turn; the others do not wait for it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from tocsin.telemetry.guard import Guard

STOPS_WITHIN_S: Final = 0.5
"""For a reading that is under way when the process ends."""


@dataclass(frozen=True)
class Sampler:
    """Something to read every ``every_s`` seconds; ``name`` tells its failures apart."""

    name: str
    every_s: float
    read: Callable[[], Awaitable[object]]


class Sampling:
    """Runs samplers until it is stopped; each takes its first reading at once."""

    def __init__(self, samplers: list[Sampler], guard: Guard, *, timeout_s: float = 5.0) -> None:
        self._samplers = samplers
        self._guard = guard
        self._timeout_s = timeout_s
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """Begin, on the running loop."""
        self._tasks = [asyncio.create_task(self._repeat(one)) for one in self._samplers]

    async def stop(self) -> None:
        """End every sampler and wait until it has; a reading under way gets a moment to end.

        One that is cut off leaves its connection in the middle of a call, and whoever closes
        the connections next would wait for it, or not wait and lose it.

        Raises:
            Exception: a sampler failed under a strict guard (in tests).
        """
        self._stopping.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOPS_WITHIN_S)
            for task in late:
                task.cancel()
        for ended in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended

    async def _repeat(self, sampler: Sampler) -> None:
        while not self._stopping.is_set():
            with self._guard(f"sampling.{sampler.name}"):
                async with asyncio.timeout(self._timeout_s):
                    await sampler.read()
            with suppress(TimeoutError):
                async with asyncio.timeout(sampler.every_s):
                    await self._stopping.wait()
