"""Checks that many services need, each of which asks the real thing.

No library is imported here: a database is whatever gives a connection that executes, Redis
whatever answers to ``ping``.

>>> import asyncio
>>> from pathlib import Path
>>> asyncio.run(folder(Path("/tmp"))()).status
<Status.PASS: 'pass'>
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from tocsin.clock import Clock
from tocsin.health.check import Ask, Finding, Status

_NS: Final = 1_000_000_000
LEAST_FREE_RATIO: Final = 0.05
LEAST_FREE_BYTES: Final = 256 * 1024**2


def folder(
    path: Path,
    *,
    least_free_bytes: int = LEAST_FREE_BYTES,
    least_free_ratio: float = LEAST_FREE_RATIO,
    make: bool = False,
) -> Ask:
    """Whether a folder can be written to; observes the free share of its disk.

    Little room, by both measures, is a warning: what is written still arrives. With ``make``
    one that is missing is made, as its users would.
    """

    def write() -> Finding:
        if make:
            path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as file:
            file.write(b"\0")
            os.fsync(file.fileno())
        usage = shutil.disk_usage(path)
        ratio = usage.free / usage.total
        is_tight = usage.free < least_free_bytes and ratio < least_free_ratio
        return Finding(Status.WARN if is_tight else Status.PASS, round(ratio, 4), "ratio")

    return lambda: asyncio.to_thread(write)


def heartbeat(last_ns: Callable[[], Awaitable[int | None]], *, clock: Clock, late_s: float) -> Ask:
    """Whether somebody gave a sign of life within ``late_s``; ``last_ns`` is its wall time."""

    async def ask() -> Finding:
        last = await last_ns()
        if last is None:
            return Finding(Status.UNKNOWN)
        age_s = max(0.0, (clock.wall_ns() - last) / _NS)
        return Finding(Status.FAIL if age_s > late_s else Status.PASS, round(age_s, 3), "s")

    return ask


def clock_skew(
    reference_ns: Callable[[], Awaitable[int]], *, clock: Clock, most_s: float = 2.0
) -> Ask:
    """How far this machine's clock is from another's, half of the asking counted out.

    Tokens, points and spans carry our time: seconds of skew are refused elsewhere.
    """

    async def ask() -> Finding:
        before = clock.wall_ns()
        theirs = await reference_ns()
        ours = (before + clock.wall_ns()) // 2
        skew_s = (ours - theirs) / _NS
        return Finding(Status.WARN if abs(skew_s) > most_s else Status.PASS, round(skew_s, 3), "s")

    return ask


def outcomes(
    counted: Callable[[], tuple[float, float]], *, least: float = 5, most_failed_ratio: float = 0.5
) -> Ask:
    """How the real calls to a provider went, of which a probe must not buy more.

    ``counted`` gives all calls and failed ones since the start. Judged is what came since the
    last asking that had ``least`` new calls; before there were any, nothing is known.
    """
    seen = (0.0, 0.0)
    held = Finding(Status.UNKNOWN)

    async def ask() -> Finding:
        nonlocal seen, held
        calls, failed = counted()
        new = calls - seen[0]
        if new >= least:
            ratio = (failed - seen[1]) / new
            seen = (calls, failed)
            bad = ratio > most_failed_ratio
            held = Finding(Status.FAIL if bad else Status.PASS, round(ratio, 4), "ratio")
        return held

    return ask
