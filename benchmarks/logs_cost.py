"""What one log line costs on this machine, by its way through the pipeline.

    python benchmarks/logs_cost.py [FILE]      # the log goes to FILE, else to a temporary one

Microseconds of processor time per call, the least of fifteen rounds. The access-like
entry has 14 fields and an httpRequest of 8; it is written as the middleware does, within
a running loop, one or several per iteration of it (an empty iteration is subtracted).
"""

import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

from tocsin.clock import SystemClock
from tocsin.telemetry.context import RequestContext, request_context
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.logs import LogPipeline, encode, get_logger, rfc3339
from tocsin.telemetry.redaction import Redactor
from tocsin.telemetry.settings import Environment, TelemetrySettings

ROUNDS = 15
CALLS = 2_000
FIELDS = {"a": 1, "b": "two", "c": 3.5, "d": True, "e": None, "f": "hello world", "g": 7, "h": "x"}
ENTRY = {
    "severity": "INFO",
    "time": rfc3339(1_790_000_000_000_000_000),
    "message": "GET /api/v1/content/requests/{request_id} 200",
    "logger": "access",
    "route": "/api/v1/content/requests/{request_id}",
    "outcome": "answered",
    "httpRequest": {
        "requestMethod": "GET",
        "requestUrl": "/api/v1/content/requests/0f8fad5b-d9cb-469f-a165-70867728950e",
        "requestSize": "0",
        "status": 200,
        "responseSize": "512",
        "latency": "0.012345s",
        "protocol": "HTTP/1.1",
        "userAgent": "Mozilla/5.0",
    },
    "first_byte_s": 0.0123,
    "request_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "correlation_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "logging.googleapis.com/trace": "projects/p-1/traces/4bf92f3577b34da6a3ce929d0e0e4736",
    "logging.googleapis.com/spanId": "00f067aa0ba902b7",
    "logging.googleapis.com/trace_sampled": False,
    "logging.googleapis.com/labels": {
        "service": "vividly-api",
        "environment": "production",
        "version": "1.0.0",
        "instance": "instance-1",
    },
    "client": "0123456789ab",
    "user": "ba9876543210",
}


def cost_us(call):
    """The least time of a call over the rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time_ns()
        for _ in range(CALLS):
            call()
        best = min(best, time.process_time_ns() - began)
    return best / CALLS / 1000


async def cost_in_loop_us(call, per_iteration):
    """The same within a loop, without the iteration itself."""
    best, iterations = float("inf"), CALLS // per_iteration
    for _ in range(ROUNDS):
        began = time.process_time_ns()
        for _ in range(iterations):
            for _ in range(per_iteration):
                call()
            await asyncio.sleep(0)
        ended = time.process_time_ns()
        for _ in range(iterations):
            await asyncio.sleep(0)
        empty = time.process_time_ns() - ended
        best = min(best, ended - began - empty)
    return best / (iterations * per_iteration) / 1000


def costs(pipeline):
    """Each way by its name."""
    log, library = get_logger("shop.cart"), logging.getLogger("library")

    def write():
        pipeline.write(ENTRY)

    def ten_in_a_ring():
        ring = pipeline.ring()
        with request_context(RequestContext("req-1", ring=ring)):
            for number in range(10):
                log.debug("step", number=number)
        pipeline.discard(ring)

    yield "encode an access-like entry", cost_us(lambda: encode(ENTRY))
    yield "write(entry), no loop", cost_us(write)
    for count in (1, 4, 16, 64):
        cost = asyncio.run(cost_in_loop_us(write, count))
        yield f"write(entry), {count} per loop iteration", cost
    yield "event without fields", cost_us(lambda: log.info("lesson_finished"))
    yield "event with 8 fields", cost_us(lambda: log.info("lesson_finished", **FIELDS))
    yield "the same, standard library", cost_us(lambda: library.info("finished", extra=FIELDS))
    yield "DEBUG event, disabled", cost_us(lambda: log.debug("step", number=1))
    yield "DEBUG event, into a ring", cost_us(ten_in_a_ring) / 10
    yield "ring() and discard()", cost_us(lambda: pipeline.discard(pipeline.ring()))
    yield "debug_sampled()", cost_us(lambda: pipeline.debug_sampled("4bf92f3577b34da6"))


def main(path):
    """Print the table."""
    guard = Guard()
    with path.open("wb") as stream:
        pipeline = LogPipeline(
            TelemetrySettings(service="vividly-api", environment=Environment.PRODUCTION),
            redactor=Redactor(guard=guard),
            guard=guard,
            clock=SystemClock(),
            stream=stream,
        )
        pipeline.install()
        for name, cost in costs(pipeline):
            print(f"{name:<40}{cost:8.2f} µs")
        pipeline.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder) / "log")
