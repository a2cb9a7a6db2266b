"""Small differences: all variants in one process, taking turns every few milliseconds.

Same heap, same hash seed, neighbours in time: it resolves about a microsecond while
other programs share the machine. Each launch gives one number per variant, the median
over its blocks of the difference to ``bare`` in the same round; the table shows the
median over launches. Whatever changes the process for others cannot run here.
"""

import asyncio
import gc
import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import uvloop

from overhead.table import Finding, Row
from overhead.variant import VARIANTS, Built, missing_evidence
from overhead.workload import drive, request_pool

_WARM_UP: Final = 600
_ROUNDS_BETWEEN_CLEANING: Final = 20
_PACKAGE: Final = Path(__file__).parent.parent


def measure(names: list[str], *, launches: int, blocks: int, block: int) -> list[dict[str, Any]]:
    """The blocks' microseconds per request of each launch, by variant.

    Raises:
        SystemExit: a launch failed, or a variant did not show its evidence.
    """
    found = []
    for launch in range(launches):
        command = [sys.executable, "-m", "overhead", "fine-launch", ",".join(names)]
        command += [str(blocks), str(block), str(launch)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=_PACKAGE, check=False)
        if done.returncode:
            raise SystemExit(done.stderr[-3000:])
        found.append(json.loads(done.stdout.splitlines()[-1]))
        print(f"launch {launch + 1} of {launches}", file=sys.stderr, flush=True)
    return found


def findings(launches: list[dict[str, list[float]]]) -> Finding:
    """What the launches say."""
    rows = []
    for name in launches[0]:
        over, ratio = [], []
        for blocks in launches:
            pairs = list(zip(blocks[name], blocks["bare"], strict=True))
            over.append(statistics.median(one - bare for one, bare in pairs))
            ratio.append(statistics.median(one / bare for one, bare in pairs))
        cpu_us = statistics.median(statistics.median(blocks[name]) for blocks in launches)
        rows.append(Row(name, VARIANTS[name].what, cpu_us, over, ratio))
    return Finding("fine", rows)


def launch(names: list[str], blocks: int, block: int, seed: int) -> None:
    """One launch: measure in this process and print the result as the last line."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(_Turns(names, seed).take(blocks, block))
    print(json.dumps(result), flush=True)
    os._exit(0)  # exporters' threads need not be waited for: the clock has stopped


class _Turns:
    def __init__(self, names: list[str], seed: int) -> None:
        self._names = names
        self._random = random.Random(seed)
        self._pool = request_pool()
        self._driven = dict.fromkeys(names, 0)
        self._built: dict[str, Built] = {}

    async def take(self, blocks: int, block: int) -> dict[str, list[float]]:
        self._built = {name: VARIANTS[name].build() for name in self._names}
        for name in self._names:
            await self._block(name, _WARM_UP)
        found: dict[str, list[float]] = {name: [] for name in self._names}
        for number in range(blocks):
            if number % _ROUNDS_BETWEEN_CLEANING == 0:
                self._clean()
            order = self._random.sample(self._names, len(self._names))
            for name in order:
                found[name].append(await self._block(name, block))
        self._demand_evidence()
        return found

    async def _block(self, name: str, count: int) -> float:
        built = self._built[name]
        first = self._driven[name]
        self._driven[name] += count
        began_ns = time.process_time_ns()
        await drive(built.app, self._pool, first, count)
        if built.drain is not None:
            built.drain()
        return (time.process_time_ns() - began_ns) / count / 1e3

    def _clean(self) -> None:
        for built in self._built.values():
            if built.between is not None:
                built.between()
        gc.collect()

    def _demand_evidence(self) -> None:
        for name, built in self._built.items():
            missing = missing_evidence(VARIANTS[name], built.evidence(), self._driven[name])
            if missing:
                raise SystemExit("; ".join(missing))
            if built.check is not None:
                built.check()
