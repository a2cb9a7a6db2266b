"""A service whose lines, errors or both leave through real clients, for tests."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from tocsin.clock import SystemClock
from tocsin.telemetry.delivery import Backoff, Courier, Delivery, DeliveryMetrics
from tocsin.telemetry.exporters.google import GoogleEndpoint
from tocsin.telemetry.metrics import Resource
from tocsin.telemetry.resource import Writer
from tocsin.telemetry.settings import Environment
from tocsin.telemetry.testing.captured import CapturedTelemetry

PROJECT = "shop-prod"
SOON_S = 30.0


def endpoint_of(cloud: Any) -> GoogleEndpoint:
    return GoogleEndpoint(project=PROJECT, address=cloud.grpc_address, insecure=True)


def writer() -> Writer:
    who = Resource("shop", "production", instance="i-1")
    return Writer(who, project=PROJECT, location="europe-west1")


def quickly() -> Backoff:
    return Backoff(first_s=0.01, most_s=0.05)


def captured(app: Any = None, **changes: Any) -> CapturedTelemetry:
    known = {
        "version": "1.4.2",
        "service": "shop",
        "instance": "i-1",
        "environment": Environment.PRODUCTION,
        "google_project": PROJECT,
        "clock": SystemClock(),
        "app": app,
    }
    return CapturedTelemetry(**{**known, **changes})


class Leaving:
    """Couriers at work for one captured telemetry; closed at the end of its block."""

    def __init__(self, telemetry: CapturedTelemetry, couriers: Sequence[Courier]) -> None:
        self.told = DeliveryMetrics(telemetry.metrics)
        self.delivery = Delivery(couriers, guard=telemetry.telemetry.guard, metrics=self.told)
        self._telemetry = telemetry
        self.went_well = False

    def __enter__(self) -> Self:
        self.delivery.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()
        self.delivery.close(within_s=1.0)

    def flush(self, within_s: float = SOON_S) -> bool:
        self._telemetry.telemetry.logs.flush(5.0)
        self.went_well = self.delivery.flush(within_s=within_s)
        return self.went_well

    def items(self, exporter: str, outcome: str) -> float:
        return self.told.items.value(exporter=exporter, outcome=outcome)

    def dropped(self, exporter: str, cause: str) -> float:
        return self.told.drops.value(exporter=exporter, cause=cause)


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + SOON_S
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.01)
