"""Large differences: one process per variant, all alive together, taking turns.

For what changes its process (patches, global registries) and for whole stacks. A bare
block stands before and after every two others, and each block is compared with the mean
of its two bare neighbours in time. Trust no difference below about 15 µs here.
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

from overhead.sink import OUT
from overhead.table import Finding, Row
from overhead.variant import VARIANTS, missing_evidence
from overhead.workload import drive, request_pool

_PACKAGE: Final = Path(__file__).parent.parent
_GROUP: Final = 2
_WARM_UP: Final = 800
_GOODBYE_S: Final = 10


class Worker:
    """A process that measures one variant when told to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._complaints = OUT / f"{name}.stderr"
        OUT.mkdir(exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "overhead", "worker", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints.open("w"),
            text=True,
            bufsize=1,
            cwd=_PACKAGE,
        )

    def ask(self, **what: Any) -> dict[str, Any]:
        """One order, one answer.

        Raises:
            SystemExit: the worker has died; its last words are the text.
        """
        self._process.stdin.write(json.dumps(what) + "\n")
        answer = self._process.stdout.readline()
        if not answer:
            self._process.wait(_GOODBYE_S)
            raise SystemExit(f"{self.name}: {self._complaints.read_text()[-3000:]}")
        return json.loads(answer)

    def cpu_us(self, requests: int) -> float:
        return self.ask(requests=requests)["cpu_us"]

    def close(self) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()


def measure(names: list[str], *, launches: int, rounds: int, requests: int) -> Finding:
    """Measure each variant in a process of its own."""
    pairs: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for launch in range(launches):
        workers = {name: Worker(name) for name in names}
        try:
            for worker in workers.values():
                worker.cpu_us(_WARM_UP)
            for number in range(rounds):
                _round(workers, random.Random(launch * 1000 + number), requests, pairs)
            for worker in workers.values():
                worker.ask(evidence=True)
        finally:
            for worker in workers.values():
                worker.close()
        print(f"launch {launch + 1} of {launches}", file=sys.stderr, flush=True)
    return Finding("run", [_row(name, pairs[name]) for name in names])


def _round(
    workers: dict[str, Worker],
    chance: random.Random,
    requests: int,
    pairs: dict[str, list[tuple[float, float]]],
) -> None:
    order = [name for name in workers if name != "bare"]
    chance.shuffle(order)
    bare = workers["bare"]
    before = bare.cpu_us(requests)
    for start in range(0, len(order), _GROUP):
        group = [(name, workers[name].cpu_us(requests)) for name in order[start : start + _GROUP]]
        after = bare.cpu_us(requests)
        near = (before + after) / 2
        for name, cpu_us in (*group, ("bare", before)):
            pairs[name].append((cpu_us, near))
        before = after


def _row(name: str, pairs: list[tuple[float, float]]) -> Row:
    return Row(
        name,
        VARIANTS[name].what,
        statistics.median(one for one, _ in pairs),
        [one - bare for one, bare in pairs],
        [one / bare for one, bare in pairs],
    )


def serve(name: str) -> None:
    """The worker's side: read orders from standard input until it closes."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a library that prints must not be an answer
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

    pool = request_pool()
    driven = 0
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:

        async def built():
            return VARIANTS[name].build()

        variant = runner.run(built())
        for line in sys.stdin:
            order = json.loads(line)
            if "evidence" in order:
                evidence = variant.evidence()
                missing = missing_evidence(VARIANTS[name], evidence, driven)
                if missing:
                    raise SystemExit("; ".join(missing))
                if variant.check is not None:
                    variant.check()
                print(json.dumps(evidence), file=answers)
                continue
            count = order["requests"]
            if variant.between is not None:
                variant.between()
            gc.collect()
            began_ns = time.process_time_ns()
            runner.run(drive(variant.app, pool, driven, count))
            if variant.drain is not None:
                variant.drain()
            cpu_us = (time.process_time_ns() - began_ns) / count / 1e3
            driven += count
            print(json.dumps({"cpu_us": cpu_us}), file=answers)
    os._exit(0)
