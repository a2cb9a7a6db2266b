"""A worker in a process of its own: the same parts, no API.

Its metrics join the API's page where both are given one PROMETHEUS_MULTIPROC_DIR.
"""

import asyncio
import signal

from app.composition import compose
from app.core.config import Settings
from app.core.telling import end_telemetry
from app.lifecycle import Lifecycle
from app.lifespan import start_parts
from tocsin.clock import SystemClock
from tocsin.health import Phase


async def work(settings: Settings) -> None:
    """Work off the queue until SIGTERM or Ctrl-C; then end in order.

    Raises:
        ConfigurationError: a setting cannot work, or the database is not migrated.
    """
    clock = SystemClock()
    services = compose(settings, clock=clock)
    services.telemetry.install()
    stop = asyncio.Event()

    def end() -> None:
        services.health.life.enter(Phase.DRAINING)
        stop.set()

    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, end)
    try:
        async with Lifecycle(clock) as life:
            services.exporting.start()
            await start_parts(life, services)
            services.health.life.enter(Phase.READY)
            await services.lessons.worker.run_forever(stop)
    finally:
        services.health.life.enter(Phase.STOPPED)
        end_telemetry(services.telemetry, services.exporting, outlived_by_server=True)
