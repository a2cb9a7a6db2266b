"""A process that counts and exports, to be frozen, forked and ended by tests.

    python monitored_program.py ADDRESS (serve | preload | fork-late)

It prints one line of JSON: how much it counted.
"""

import json
import os
import signal
import sys
import threading

from prometheus_client import Counter, Histogram

from tocsin.telemetry.delivery import Delivery, DeliveryMetrics, Inheritance
from tocsin.telemetry.exporters.cloud_monitoring import metrics_courier
from tocsin.telemetry.exporters.google import GoogleEndpoint
from tocsin.telemetry.metrics import MetricsClient, Resource
from tocsin.telemetry.resource import Writer

TIMEOUT_S = 5.0
BEFORE_FORK, IN_CHILD, CHILDREN = 7, 10, 3

client = MetricsClient("shop")
orders = client.counter("orders_total", "Orders.")
waits = client.histogram("wait_seconds", "Waits.")
hits = Counter("cache_hits", "Another library's.", registry=client.registry)
sizes = Histogram("cache_size_bytes", "Another library's.", registry=client.registry)


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def delivery_to(address: str) -> Delivery:
    inheritance = Inheritance(client)
    courier = metrics_courier(
        client,
        GoogleEndpoint(project="shop-test", address=address, insecure=True),
        Writer(Resource("shop", "test", instance="localhost"), project="shop-test"),
        every_s=1.0,
        timeout_s=TIMEOUT_S,
        inheritance=inheritance,
    )
    return Delivery([courier], metrics=DeliveryMetrics(client), inheritance=inheritance)


def serve(delivery: Delivery) -> None:
    """Count until SIGTERM, as a server's lifespan does."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    delivery.start()
    counted = 0
    say("up")
    while not ended.wait(0.005):
        orders.inc()
        counted += 1
    went_well = delivery.close()
    say({"counted": counted, "went_well": went_well})


def child(delivery: Delivery) -> int:
    delivery.start()
    for _ in range(IN_CHILD):
        orders.inc()
        waits.observe(0.1)
        hits.inc()
        sizes.observe(3)
    return os.EX_OK if delivery.close() else os.EX_TEMPFAIL


def fork_children(delivery: Delivery, number: int) -> list[int]:
    children = []
    for _ in range(number):
        pid = os.fork()
        if not pid:
            os._exit(child(delivery))
        children.append(pid)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]


def preload(delivery: Delivery) -> None:
    """Count, fork workers, count again, fork one more; never export in the parent."""
    for _ in range(BEFORE_FORK):
        orders.inc()
        waits.observe(0.5)
        hits.inc()
        sizes.observe(5)
    helper = os.fork()
    if not helper:
        os._exit(0)
    os.waitpid(helper, 0)
    ended = fork_children(delivery, CHILDREN)
    orders.inc()
    ended += fork_children(delivery, 1)
    say({"ended": ended})


def fork_late(delivery: Delivery) -> None:
    """Deliver in the parent, and fork a child that counts on and delivers for itself."""
    for _ in range(BEFORE_FORK):
        orders.inc()
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    delivery.start()
    went_well = delivery.close()
    say({"went_well": went_well})


if __name__ == "__main__":
    {"serve": serve, "preload": preload, "fork-late": fork_late}[sys.argv[2]](
        delivery_to(sys.argv[1])
    )
