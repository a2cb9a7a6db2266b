"""Where one variant's time goes: the standard profiler, which inflates calls."""

import asyncio
import cProfile
import pstats

import uvloop

from overhead.variant import VARIANTS
from overhead.workload import drive, request_pool

_WARM_UP = 2000


def profile(name: str, requests: int) -> None:
    """Print the functions with the most time of their own."""

    pool = request_pool()
    profiler = cProfile.Profile()

    async def measured() -> None:
        built = VARIANTS[name].build()
        await drive(built.app, pool, 0, _WARM_UP)
        profiler.enable()
        await drive(built.app, pool, 0, requests)
        profiler.disable()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measured())
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(45)
