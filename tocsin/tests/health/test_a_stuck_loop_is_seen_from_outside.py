"""A loop that does nothing is noticed by a thread, told once, and answered for on a port."""

import asyncio
import socket
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from tocsin.clock import SystemClock
from tocsin.health import Health, HealthPort, Life, LoopWatch, Phase
from tocsin.health.checkup import Checkup
from tocsin.telemetry.testing import HandClock

STUCK_AFTER_S = 0.4


def health_of(watch: LoopWatch) -> Health:
    """A process without dependencies, watched by ``watch``."""
    clock = SystemClock()
    health = Health(checkup=Checkup([], clock=clock), life=Life(clock), loop=watch)
    health.life.enter(Phase.READY)
    return health


def asked(port: HealthPort, path: str = "/health") -> tuple[int, float]:
    """The status of one probe, and how many seconds it took."""
    host, number = port.address
    began = time.monotonic()
    try:
        with urllib.request.urlopen(f"http://{host}:{number}{path}", timeout=8) as answer:
            status = answer.status
    except urllib.error.HTTPError as refused:
        status = refused.code
    return status, time.monotonic() - began


async def test_a_blocked_loop_is_not_alive_within_the_stated_time():
    """The port answers 503 within milliseconds while the loop sleeps (behaviour 33)."""
    watch = LoopWatch(stuck_after_s=STUCK_AFTER_S, beat_every_s=0.05)
    watch.start()
    port = HealthPort(health_of(watch), host="127.0.0.1", port=0)
    port.start()
    with ThreadPoolExecutor() as pool:
        before = await asyncio.wrap_future(pool.submit(asked, port))
        probe = pool.submit(lambda: (time.sleep(watch.noticed_within_s + 0.1), asked(port))[1])
        time.sleep(watch.noticed_within_s + 0.5)  # noqa: ASYNC251 - the fault itself
        during = probe.result()
        await asyncio.sleep(0.2)
        after = await asyncio.wrap_future(pool.submit(asked, port))
    port.stop()
    watch.stop()

    assert (before[0], during[0], after[0]) == (200, 503, 200)
    assert during[1] < 0.2


async def test_a_stall_is_told_once_with_the_place_and_without_values():
    """Whoever reads the log finds the line that held the loop, and no secret of it."""
    told: list[tuple[float, list[str]]] = []
    watch = LoopWatch(
        stuck_after_s=0.2, beat_every_s=0.05, on_stall=lambda *what: told.append(what)
    )
    watch.start()
    await asyncio.sleep(0.1)

    def holds_the_loop(password: str) -> None:
        time.sleep(0.8)

    holds_the_loop("Photosynthesis1")
    await asyncio.sleep(0.1)
    watch.stop()

    ((age_s, frames),) = told
    assert age_s > 0.2
    assert any("holds_the_loop" in frame for frame in frames)
    assert "Photosynthesis1" not in str(frames)


def test_a_loop_that_was_stuck_for_half_of_the_last_minute_is_not_alive():
    """A probe that slips through between two stalls must not make it well."""
    clock = HandClock()
    watch = LoopWatch(stuck_after_s=5.0, clock=clock)

    alive = []
    for _ in range(4):
        watch._beat()
        clock.advance(10.0)
        watch._beat()
        alive.append(watch.is_alive())
    clock.advance(1.0)
    watch._beat()

    assert alive == [True, True, False, False]
    assert not watch.is_stuck()


async def test_readiness_on_the_port_is_that_of_the_process():
    """A worker has its own door: ready, then draining (R125)."""
    watch = LoopWatch()
    health = health_of(watch)
    port = HealthPort(health, host="127.0.0.1", port=0)
    port.start()
    with ThreadPoolExecutor() as pool:
        ready = await asyncio.wrap_future(pool.submit(asked, port, "/health/ready"))
        health.life.enter(Phase.DRAINING)
        draining = await asyncio.wrap_future(pool.submit(asked, port, "/health/ready"))
        strange = await asyncio.wrap_future(pool.submit(asked, port, "/admin"))
    port.stop()

    assert (ready[0], draining[0], strange[0]) == (200, 503, 404)


async def test_connections_that_say_nothing_do_not_use_the_port_up():
    """Slow callers are served a few at a time, each for a second."""
    port = HealthPort(health_of(LoopWatch()), host="127.0.0.1", port=0)
    port.start()
    idle = [socket.create_connection(port.address) for _ in range(20)]
    await asyncio.sleep(1.5)

    with ThreadPoolExecutor() as pool:
        status, _ = await asyncio.wrap_future(pool.submit(asked, port))
    for one in idle:
        one.close()
    port.stop()

    assert status == 200
