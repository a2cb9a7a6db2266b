"""A worker in a process of its own: the same parts, no API.

Its metrics join the API's page where both are given one PROMETHEUS_MULTIPROC_DIR.
"""

import asyncio
import signal

from app.composition import compose
from app.core.config import Settings
from app.lifecycle import Lifecycle
from app.lifespan import end_telemetry, start_parts
from tocsin.clock import SystemClock


async def work(settings: Settings) -> None:
    """Work off the queue until SIGTERM or Ctrl-C; then end in order.

    Raises:
        ConfigurationError: a setting cannot work, or the database is not migrated.
    """
    clock = SystemClock()
    services = compose(settings, clock=clock)
    services.telemetry.install()
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    try:
        async with Lifecycle(clock) as life:
            services.exporting.start()
            await start_parts(life, services)
            await services.lessons.worker.run_forever(stop)
    finally:
        end_telemetry(services, outlived_by_server=True)
