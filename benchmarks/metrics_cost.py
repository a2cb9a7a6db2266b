"""What one recording costs, beside prometheus_client's own, on this machine.

    python benchmarks/metrics_cost.py                                    # one process
    PROMETHEUS_MULTIPROC_DIR=DIRECTORY python benchmarks/metrics_cost.py # one worker of several

Nanoseconds of processor time per call, the least of fifteen rounds, an empty call subtracted.
"""

import itertools
import random
import time

from prometheus_client import CollectorRegistry, Counter, Histogram

from tocsin.telemetry.http_metrics import HttpMetrics
from tocsin.telemetry.metrics import MetricsClient, bounded, one_of, pseudonym

ROUNDS = 15
CALLS = 20_000


def cost_ns(call):
    """The least time of a call over the rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time_ns()
        for _ in range(CALLS):
            call()
        best = min(best, (time.process_time_ns() - began) / CALLS)
    return best


def theirs():
    """prometheus_client's ways to record."""
    registry = CollectorRegistry()
    counter = Counter("c", "-", ["method", "endpoint"], registry=registry)
    histogram = Histogram("h", "-", ["method", "endpoint"], registry=registry)
    inc = counter.labels("GET", "/things").inc
    observe = histogram.labels("GET", "/things").observe
    return {
        "prometheus_client counter, bound": inc,
        "prometheus_client histogram, bound": lambda: observe(0.03),
        "prometheus_client counter, by labels": lambda: counter.labels(
            method="GET", endpoint="/things"
        ).inc(),
    }


def ours():
    """tocsin's ways to record."""
    client = MetricsClient("bench")
    http = HttpMetrics(client)
    http.known_routes([("GET", "/things/{id}")])
    labels = (one_of("status", "ok", "failed"), bounded("endpoint", 40))
    counter = client.counter("calls_total", labels=labels)
    histogram = client.histogram("calls_seconds", labels=labels)
    by_client = (bounded("endpoint", 40), pseudonym("ip_address", 50))
    hits = client.counter("hits_total", labels=by_client)
    bound = counter.bind(status="ok", endpoint="/things")
    timed = histogram.bind(status="ok", endpoint="/things")
    draw = random.Random(1)
    strangers = itertools.cycle([f"{draw.getrandbits(48):012x}" for _ in range(50_000)])
    client.start()
    return {
        "counter, bound": bound.inc,
        "histogram, bound": lambda: timed.observe(0.03),
        "gauge, bound": http.in_flight.inc,
        "counter, by labels": lambda: counter.inc(status="ok", endpoint="/things"),
        "counter, by name": lambda: client.increment("calls_total", status="ok", endpoint="/a"),
        "counter, client with a seat": lambda: hits.inc(endpoint="/a", ip_address="aaaaaaaaaaaa"),
        "counter, strange clients": lambda: hits.inc(endpoint="/a", ip_address=next(strangers)),
        "finished (5 series)": lambda: http.finished(
            "GET", "/things/{id}", 200, 0.012, 0.011, 0, 512
        ),
        "finished, streamed": lambda: http.finished(
            "GET", "/things/{id}", 200, 9.0, 0.011, 0, 512, streamed=True
        ),
        "finished, invented method": lambda: http.finished(
            "BREW", "/things/{id}", 405, 0.012, 0.011, 0, 512
        ),
    }


def main():
    """Print the table."""
    empty_ns = cost_ns(lambda: None)
    for name, call in {**theirs(), **ours()}.items():
        print(f"{name:40} {cost_ns(call) - empty_ns:6.0f} ns")


if __name__ == "__main__":
    main()
