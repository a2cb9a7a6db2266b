"""Parts start one by one and stop in the opposite order, whatever goes wrong; samplers go on."""

import asyncio

import pytest

from app.core.sampling import Sampler, Sampling
from app.lifecycle import Lifecycle
from tocsin.clock import SystemClock
from tocsin.telemetry.guard import Guard


class Parts:
    """Three parts that note what happens to them."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def stopping(self, name: str, *, error: Exception | None = None, takes_s: float = 0.0):
        """What stops the part called ``name``."""

        async def stop() -> None:
            await asyncio.sleep(takes_s)
            self.told.append(f"{name} stops")
            if error is not None:
                raise error

        return stop


async def test_parts_stop_in_the_opposite_order():
    """A part may use those that started before it, until its own end."""
    parts = Parts()

    async with Lifecycle(SystemClock()) as lifecycle:
        for name in ("database", "sampling", "worker"):
            async with lifecycle.step(name, stop=parts.stopping(name)):
                parts.told.append(f"{name} starts")

    assert parts.told == [
        "database starts",
        "sampling starts",
        "worker starts",
        "worker stops",
        "sampling stops",
        "database stops",
    ]


async def test_a_part_that_fails_to_stop_holds_up_nobody():
    """The last one flushes the logs: it must have its turn."""
    parts = Parts()

    async with Lifecycle(SystemClock(), stop_within_s=0.1) as lifecycle:
        for name, trouble in {
            "logs": {},
            "hangs": {"takes_s": 60.0},
            "fails": {"error": OSError("no")},
        }.items():
            async with lifecycle.step(name, stop=parts.stopping(name, **trouble)):
                pass

    assert parts.told == ["fails stops", "logs stops"]


async def test_a_part_that_fails_to_start_is_stopped_with_those_before_it():
    """Half a start leaves nothing behind, and the caller learns why."""
    parts = Parts()

    async def start() -> None:
        async with Lifecycle(SystemClock()) as lifecycle:
            async with lifecycle.step("logs", stop=parts.stopping("logs")):
                pass
            async with lifecycle.step("database", stop=parts.stopping("database")):
                raise ConnectionError("database")

    with pytest.raises(ConnectionError, match="database"):
        await start()

    assert parts.told == ["database stops", "logs stops"]


async def test_a_sampler_that_fails_is_counted_and_asked_again():
    """Its failure is telemetry's: the service goes on, the count says so."""
    guard, reads = Guard(strict=False), []

    async def broken() -> None:
        reads.append("broken")
        raise OSError("no")

    async def well() -> None:
        reads.append("well")

    sampling = Sampling([Sampler("broken", 0.01, broken), Sampler("well", 0.01, well)], guard)
    sampling.start()
    await asyncio.sleep(0.2)
    await sampling.stop()

    assert reads.count("well") >= 3
    assert guard.caught == {"sampling.broken": reads.count("broken")}


async def test_a_sampler_that_hangs_is_given_up_and_asked_again():
    """One reading that never comes must not be the last."""
    guard, reads = Guard(strict=False), []

    async def hangs() -> None:
        reads.append(1)
        await asyncio.Event().wait()

    sampling = Sampling([Sampler("hangs", 0.01, hangs)], guard, timeout_s=0.02)
    sampling.start()
    await asyncio.sleep(0.3)
    await sampling.stop()

    assert len(reads) >= 2
    assert guard.caught["sampling.hangs"] >= 1


async def test_sampling_that_was_stopped_reads_no_more():
    """No task of ours outlives the service."""
    reads = []

    async def read() -> None:
        reads.append(1)

    sampling = Sampling([Sampler("one", 0.01, read)], Guard(strict=True))
    sampling.start()
    await asyncio.sleep(0.05)
    await sampling.stop()
    seen = len(reads)
    await asyncio.sleep(0.05)

    assert len(reads) == seen >= 1


async def test_under_test_a_failing_sampler_is_heard_at_the_end():
    """A strict guard raises, so that no fault hides in a background task."""

    async def broken() -> None:
        raise OSError("no")

    sampling = Sampling([Sampler("broken", 0.01, broken)], Guard(strict=True))
    sampling.start()
    await asyncio.sleep(0.05)

    with pytest.raises(OSError, match="no"):
        await sampling.stop()
