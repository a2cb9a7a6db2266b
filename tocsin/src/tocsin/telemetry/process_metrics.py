"""What the process itself uses: processor, memory, files, threads.

Read on call, by whoever runs every few seconds (``sample``), so that a request never pays
for it. Names are those of Prometheus' process metrics, under the service's namespace. Linux
tells all in ``/proc``; elsewhere the standard library tells most, and what it does not know
is left at 0.

>>> from tocsin.telemetry.metrics import MetricsClient
>>> process = ProcessMetrics(MetricsClient("shop"))
>>> process.sample()
>>> process.resident_memory.value() > 1_000_000
True
"""

import gc
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tocsin.telemetry.metrics.client import MetricsClient
from tocsin.telemetry.metrics.labels import one_of

_NANOSECONDS: Final = 1e9
_PROC: Final = Path("/proc")
_GENERATIONS: Final = ("0", "1", "2")


class ProcessMetrics:
    """The instruments, and ``sample`` to read them; with several workers they add up.

    ``cpu_ns`` gives the processor time of this process, all threads, in nanoseconds.
    """

    def __init__(
        self,
        client: MetricsClient,
        *,
        cpu_ns: Callable[[], int] = time.process_time_ns,
        proc: Path = _PROC,
    ) -> None:
        self._client = client
        self._clock = client.store.clock
        self._cpu_ns = cpu_ns
        self._proc = proc
        self._declare(client)
        self._pid = 0
        self._cpu_counted_ns = 0
        self._looked_ns = 0
        self._cpu_looked_ns = 0
        self._collected = [0] * len(_GENERATIONS)
        self._started_s = 0.0

    def _declare(self, client: MetricsClient) -> None:
        self.cpu = client.counter("process_cpu_seconds_total", "Processor time used.")
        self.cpu_utilisation = client.gauge(
            "process_cpu_utilisation_ratio",
            "Share of the processors it may use that it used since the last look; of all workers.",
        )
        self.resident_memory = client.gauge(
            "process_resident_memory_bytes", "Memory held in RAM; of all workers."
        )
        self.open_files = client.gauge(
            "process_open_fds",
            "Open file descriptors; of the worker that has most.",
            across_workers="livemax",
        )
        self.open_files_at_most = client.gauge(
            "process_max_fds", "File descriptors that one may open.", across_workers="livemin"
        )
        self.threads = client.gauge("process_threads", "Threads; of all workers.")
        self.started = client.gauge(
            "process_start_time_seconds",
            "When it started, Unix time; of the youngest worker.",
            across_workers="livemax",
        )
        self.collections = client.counter(
            "process_gc_collections_total",
            "Runs of Python's garbage collector.",
            labels=(one_of("generation", *_GENERATIONS),),
        )

    def sample(self) -> None:
        """Read everything once; never raises."""
        with self._client.guard("process_metrics.sample"):
            if self._pid != os.getpid():
                self._begin()
            self._sample_cpu()
            self._sample_collections()
            self.resident_memory.set(self._resident_bytes())
            self.open_files.set(self._open_files())
            self.open_files_at_most.set(self._open_files_at_most())
            self.threads.set(threading.active_count())
            self.started.set(self._started_s)

    def _begin(self) -> None:
        """Start from nothing: the first time, and in the child of a fork."""
        self._pid = os.getpid()
        self._cpu_counted_ns = 0
        self._looked_ns = self._clock.monotonic_ns()
        self._cpu_looked_ns = self._cpu_ns()
        self._collected = _collections()
        self._started_s = self._start_time_s()

    def _sample_cpu(self) -> None:
        used_ns, now_ns = self._cpu_ns(), self._clock.monotonic_ns()
        self.cpu.inc(max(0, used_ns - self._cpu_counted_ns) / _NANOSECONDS)
        self._cpu_counted_ns = used_ns
        passed_ns = now_ns - self._looked_ns
        if passed_ns > 0:
            share = (used_ns - self._cpu_looked_ns) / passed_ns / _processors()
            self.cpu_utilisation.set(max(0.0, share))
            self._looked_ns, self._cpu_looked_ns = now_ns, used_ns

    def _sample_collections(self) -> None:
        runs = _collections()
        for generation, now, before in zip(_GENERATIONS, runs, self._collected, strict=True):
            self.collections.inc(max(0, now - before), generation=generation)
        self._collected = runs

    def _resident_bytes(self) -> float:
        try:
            pages = int((self._proc / "self/statm").read_text().split()[1])
        except OSError:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            return peak if sys.platform == "darwin" else peak * 1024
        return pages * resource.getpagesize()

    def _open_files(self) -> int:
        for folder in (self._proc / "self/fd", Path("/dev/fd")):
            try:
                # The listing itself holds one open.
                return len(list(folder.iterdir())) - 1
            except OSError:
                continue
        return 0

    def _start_time_s(self) -> float:
        """The kernel's word; where it has none, the moment of declaration."""
        try:
            # The name in brackets may hold blanks: the fields are counted behind it.
            fields = (self._proc / "self/stat").read_text().rpartition(")")[2].split()
            boot = (self._proc / "stat").read_text().partition("btime ")[2].split()
            return int(boot[0]) + int(fields[19]) / os.sysconf("SC_CLK_TCK")
        except (OSError, IndexError, ValueError):
            return self._clock.wall_ns() / _NANOSECONDS

    @staticmethod
    def _open_files_at_most() -> float:
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return 0 if soft == resource.RLIM_INFINITY else soft


def _collections() -> list[int]:
    return [stats["collections"] for stats in gc.get_stats()[: len(_GENERATIONS)]]


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1
