"""The life of an API process: what starts in which order, and ends in the opposite one.

The server finishes the requests in flight before it asks us to end; then the process
says that it is not ready, stops its worker, its samplers and its connections, and
flushes its logs and its exports last, so that the end itself is told.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.composition import Services
from app.core.logging import get_logger
from app.core.metrics import (
    DATABASE_POOL_IN_USE,
    DATABASE_POOL_SIZE,
    DATABASE_SERVER_CONNECTIONS,
    DATABASE_SERVER_MAX,
    HEALTH,
    PROCESS,
    RELEASE,
)
from app.core.sampling import Sampler, Sampling
from app.core.telling import end_telemetry
from app.lifecycle import Lifecycle, Stop
from app.models.revision import require_current
from app.workers.content_worker import ContentWorker
from tocsin.health import HealthPort, Phase
from tocsin.health.draining import draining_on_signals

_PROCESS_EVERY_S = 5.0
_POOL_EVERY_S = 5.0
_SERVER_EVERY_S = 15.0
_SESSIONS_EVERY_S = 10.0
_QUEUE_EVERY_S = 5.0
_RECENT_EVERY_S = 10.0
_HEALTH_EVERY_S = 10.0
_JOURNEY_EVERY_S = 600.0

_log = get_logger(__name__)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Start the parts of ``app.state.services``; stop them at the block's end."""
    services: Services = app.state.services
    services.telemetry.install()
    try:
        async with Lifecycle(services.clock) as life:
            services.exporting.start()
            await start_parts(life, services)
            if services.settings.embedded_worker:
                await _start_worker(life, services.lessons.worker)
            services.health.life.enter(Phase.READY)
            with draining_on_signals(
                services.health.life, notice_s=services.settings.drain_notice_s
            ):
                yield
            services.health.life.enter(Phase.DRAINING)
    finally:
        services.health.life.enter(Phase.STOPPED)
        end_telemetry(
            services.telemetry,
            services.exporting,
            outlived_by_server=app.state.outlived_by_server,
        )


async def start_parts(life: Lifecycle, services: Services) -> None:
    """Start what every process of the service stands on, the worker's too."""
    RELEASE.tell(version=services.settings.version, revision=services.settings.revision)
    async with life.step("loop_watch", stop=_of(services.health.loop.stop)):
        services.health.loop.start()
    if services.settings.health_port is not None:
        port = HealthPort(
            services.health, host=services.settings.host, port=services.settings.health_port
        )
        async with life.step("health_port", stop=_of(port.stop)):
            port.start()
    async with life.step("database", stop=services.database.close):
        await require_current(services.database)
    async with life.step("sign_in", stop=_of(services.sign_in.close)):
        await services.sign_in.make_demo_admin()
    if services.redis is not None:
        async with life.step("shared_store", stop=services.close_shared_store):
            pass  # connected to at the first question
    async with life.step("health_checks", stop=services.health.checkup.close):
        pass  # asked for the first time by the sampler, or by a probe
    sampling = Sampling(samplers(services), services.telemetry.guard)
    async with life.step("sampling", stop=sampling.stop):
        sampling.start()


async def _start_worker(life: Lifecycle, worker: ContentWorker) -> None:
    stop = asyncio.Event()

    async def end() -> None:
        stop.set()
        await working

    async with life.step("worker", stop=end):
        working = asyncio.create_task(worker.run_forever(stop))
        working.add_done_callback(_tell_if_it_crashed)


def _tell_if_it_crashed(working: "asyncio.Task[None]") -> None:
    if not working.cancelled() and (error := working.exception()) is not None:
        # Questions are still taken and wait; other processes' workers may go on with them.
        _log.critical("embedded_worker_crashed", exc_info=error)


def samplers(services: Services) -> list[Sampler]:
    """What is read every few seconds, because no request moves it."""
    database = services.database

    async def read_process() -> None:
        PROCESS.sample()

    async def read_pool() -> None:
        DATABASE_POOL_IN_USE.set(database.take_pool_peak())
        DATABASE_POOL_SIZE.set(database.pool_size())

    async def read_server() -> None:
        if (found := await database.server_connections()) is not None:
            DATABASE_SERVER_CONNECTIONS.set(found.used)
            DATABASE_SERVER_MAX.set(found.most)

    async def note_recent() -> None:
        if services.health.recent is not None:
            services.health.recent.note()

    async def read_health() -> None:
        HEALTH.note(await services.health.checkup.results())

    chosen = [
        Sampler("process", _PROCESS_EVERY_S, read_process),
        Sampler("database_pool", _POOL_EVERY_S, read_pool),
        Sampler("database_server", _SERVER_EVERY_S, read_server),
        Sampler("sessions", _SESSIONS_EVERY_S, services.sweeper.sweep),
        Sampler("queue", _QUEUE_EVERY_S, services.lessons.queue.sample),
        Sampler("recent_requests", _RECENT_EVERY_S, note_recent),
        Sampler("health", _HEALTH_EVERY_S, read_health),
    ]
    if services.settings.journey_email:
        chosen.append(Sampler("journey_lessons", _JOURNEY_EVERY_S, services.journey_lessons.sweep))
    return chosen


def _of(close: Callable[[], object]) -> Stop:
    """A blocking close, on a thread of its own."""

    async def stop() -> None:
        await asyncio.to_thread(close)

    return stop
