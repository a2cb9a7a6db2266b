"""The process that walks: once, or every few minutes until it is told to stop.

One walk at a time: the next one begins when it is due and the last one is over. A probe has no
database and no secret of the service's. With ``HEALTH_PORT`` it says of itself whether it is
alive, and whether its walks go on, well or ill; how the service is, its metrics say.
"""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import httpx

from app.core.config import ConfigurationError
from app.core.exporting import Exporting
from app.core.logging import get_logger
from app.core.telling import end_telemetry, make_telemetry
from app.journey.settings import ProbeSettings
from app.journey.telling import exit_status, told
from app.journey.walk import Limits, Taken, walked
from tocsin.clock import Clock
from tocsin.health import Check, Health, HealthPort, Phase
from tocsin.health.dependencies import heartbeat

AGENT: Final = "vividly-journey/1"
JITTER: Final = 0.1
LATE_WALKS: Final = 3
OURS: Final = ("vividly_journey_", "vividly_telemetry_")
_NS: Final = 1_000_000_000

_log = get_logger(__name__)


def _is_ours(name: str) -> bool:
    # A zero of the service's own would be taken for the service: TelemetrySilent would hear it.
    return name.startswith(OURS)


class Record(Protocol):
    """Keeps how one part of the service fared: :meth:`tocsin.health.history.History.record`."""

    def __call__(
        self, part: str, *, well: bool, at: datetime, took_ms: float | None = None
    ) -> object:
        """Keep it; may block."""
        ...


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """Where to walk, how often, within what; ``every_s`` None: once."""

    url: str
    every_s: float | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def late_s(self) -> float:
        """How long after the end of a walk the next one should have ended, generously."""
        return LATE_WALKS * (self.every_s or 0.0) + self.limits.walk_s


class Probe:
    """Belongs to one event loop; ``say`` is told each step, ``record`` each part's state."""

    def __init__(
        self,
        settings: ProbeSettings,
        rounds: Rounds,
        *,
        clock: Clock,
        chance: random.Random,
        say: Callable[[Taken], object],
        record: Record | None = None,
    ) -> None:
        self._settings = settings
        self._rounds = rounds
        self._clock = clock
        self._chance = chance
        self._say = say
        self._record = record
        self._ended_ns = clock.wall_ns()
        self._stop = asyncio.Event()

    async def run(self) -> int:
        """Walk until all is done or SIGTERM comes, and return the exit status.

        Raises:
            ConfigurationError: an exporter cannot work with these settings, or the port for
                health cannot be had.
        """
        async with self._at_work():
            if self._rounds.every_s is None:
                return exit_status(await self._unless_stopped(self._walk) or [])
            await self._walk_on()
            return 0

    def first_pause_s(self) -> float:
        """Probes that start together, with a deploy, are not to knock in the same second."""
        return self._chance.uniform(0.0, JITTER * (self._rounds.every_s or 0.0))

    def pause_s(self, *, walked_s: float) -> float:
        """Until the next walk, after one that took so long; each a little different."""
        due_s = (self._rounds.every_s or 0.0) * self._chance.uniform(1 - JITTER, 1 + JITTER)
        return max(0.0, due_s - walked_s)

    async def _walk_on(self) -> None:
        pause_s = self.first_pause_s()
        while not await self._stopped_within(pause_s):
            began_ns = self._clock.monotonic_ns()
            await self._unless_stopped(self._walk)
            pause_s = self.pause_s(walked_s=(self._clock.monotonic_ns() - began_ns) / _NS)

    async def _walk(self) -> list[Taken]:
        steps, limits = [], self._rounds.limits
        async with AsyncExitStack() as stack:
            http = httpx.AsyncClient(
                base_url=self._rounds.url, headers={"user-agent": AGENT}, timeout=limits.walk_s
            )
            await stack.enter_async_context(http)
            way = walked(http, self._settings.account, clock=self._clock, limits=limits)
            # Cut short between two steps, it is to sign out now and not when it is collected.
            await stack.enter_async_context(aclosing(way))
            async for taken in way:
                steps.append(told(taken))
                self._say(taken)
                await self._keep(taken)
        self._ended_ns = self._clock.wall_ns()
        return steps

    async def _keep(self, taken: Taken) -> None:
        """A history that cannot be written is no reason to walk no more."""
        if self._record is None:
            return
        at = datetime.fromtimestamp(self._clock.wall_ns() / _NS, UTC)
        try:
            await asyncio.to_thread(
                self._record, taken.step.value, well=taken.is_well, at=at, took_ms=taken.took_ms
            )
        except (OSError, ValueError) as error:
            _log.warning("journey_not_kept", error=type(error).__name__)

    async def _unless_stopped(
        self, work: Callable[[], Coroutine[Any, Any, list[Taken]]]
    ) -> list[Taken] | None:
        """What ``work`` comes to; None if it is told to stop before, and has let go."""
        working, stopped = asyncio.create_task(work()), asyncio.create_task(self._stop.wait())
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if working.done():
            return working.result()
        working.cancel()
        await asyncio.wait({working})
        return None

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._stop.wait()
        except TimeoutError:
            return False

    @asynccontextmanager
    async def _at_work(self) -> AsyncIterator[None]:
        """Telemetry, exports, signals and the port for health, and their end in order."""
        telemetry = make_telemetry(self._settings, clock=self._clock)
        exporting = Exporting.build(self._settings, telemetry, clock=self._clock, wanted=_is_ours)
        telemetry.install()
        loop = asyncio.get_running_loop()
        for one in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(one, self._stop.set)
        async with AsyncExitStack() as stack:
            stack.callback(end_telemetry, telemetry, exporting, outlived_by_server=False)
            exporting.start()
            self._open_health(stack)
            yield

    def _open_health(self, stack: AsyncExitStack) -> None:
        if self._settings.health_port is None:
            return
        health = self._health()
        health.loop.start()
        stack.callback(health.loop.stop)
        port = HealthPort(health, host=self._settings.host, port=self._settings.health_port)
        try:
            port.start()
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise ConfigurationError([f"HEALTH_PORT: cannot be listened on: {reason}"]) from None
        stack.push_async_callback(asyncio.to_thread, port.stop)
        stack.push_async_callback(health.checkup.close)
        health.life.enter(Phase.READY)

    def _health(self) -> Health:
        async def ended_ns() -> int:
            return self._ended_ns

        walks = heartbeat(ended_ns, clock=self._clock, late_s=self._rounds.late_s)
        return Health.build([Check(name="walks", ask=walks, fails_after=1)], clock=self._clock)
