"""One worker process that counts what it is told: for tests of several workers.

Reads a line of Python per command from stdin, runs it with ``client``, ``orders``,
``waits`` and the rest at hand, and answers with the value's ``repr`` or ``None``.
"""

import os
import resource
import sys
import time
from pathlib import Path

from tocsin.clock import SystemClock
from tocsin.telemetry.metrics import MetricsClient, bounded, one_of, pseudonym
from tocsin.telemetry.metrics.worker_directory import WorkerDirectory
from tocsin.telemetry.process_metrics import ProcessMetrics


class SkippingClock(SystemClock):
    """The machine's clocks, with hours that can be skipped."""

    skipped_ns = 0

    def monotonic_ns(self) -> int:
        """The machine's reading, and what was skipped."""
        return SystemClock.monotonic_ns() + self.skipped_ns

    def skip(self, hours: float) -> None:
        """Let that much time have passed."""
        self.skipped_ns += round(hours * 3600e9)


clock = SkippingClock()
client = MetricsClient("shop", clock=clock)
orders = client.counter("orders_total", "Orders.", labels=(one_of("kind", "new", "again"),))
waits = client.histogram("waits_seconds", buckets=(1, 10))
refusals = client.counter("refusals_total", labels=(pseudonym("client", 3),))
in_flight = client.gauge("requests_running").bind()
pool = client.gauge("pool_connections", across_workers="livemax")
free = client.gauge("pool_free_connections", across_workers="livemin")
depth = client.gauge("queue_items", across_workers="mostrecent")
peak = client.gauge("peak_items", across_workers="max")
process = ProcessMetrics(client)
directory = WorkerDirectory(
    Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]),
    "shop",
    displaced=client.self_metrics.displaced.spec.shape,
)


def count_late(pages: int) -> None:
    """Count in a metric for which the worker's file has no room set aside."""
    late = client.counter("late_total", labels=(bounded("page", pages),), max_series=pages + 2)
    for number in range(pages):
        late.inc(page=f"/{'long/' * 35}{number}")


def fork_and_count(amount: int) -> int:
    """Fork a child that counts, and wait for its end."""
    child = os.fork()
    if not child:
        for _ in range(amount):
            orders.inc(kind="new")
            in_flight.inc()
        os._exit(0)
    return os.waitpid(child, 0)[1]


def fork_and_linger() -> int:
    """Fork a child that does nothing for a minute; returns when it is under way."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, b"here")
        time.sleep(60)
        os._exit(0)
    os.read(reading, 4)
    return child


assert resource  # at hand for commands that make the disk small


def main() -> None:
    """Answer commands until stdin ends."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        try:
            answer = repr(eval(line, globals()))  # noqa: S307 - the test's own words
        except Exception as error:  # noqa: BLE001 - the test reads it
            answer = f"raised {type(error).__name__}: {error}"
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
