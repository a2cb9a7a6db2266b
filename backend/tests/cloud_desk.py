"""The service and the cloud that it sends to, side by side: what was sent, what arrived."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import psutil
from real.service import Service

from tocsin.rehearsal.cloud.running import RunningCloud

PROJECT = "vividly-rehearsal"
PREFIX = "custom.googleapis.com/vividly/"
COUNTED = f"{PREFIX}http_request_total"
ENDS_WITHIN_S = 10.0
"""What Cloud Run grants between SIGTERM and SIGKILL."""
_POLL_S = 0.05


def sent_to(cloud: RunningCloud, **more: str) -> dict[str, str]:
    """The settings of a service that sends all that it has to ``cloud``."""
    return {
        "GCP_PROJECT_ID": PROJECT,
        "GOOGLE_ENDPOINT": cloud.grpc_address,
        "EXPORT_METRICS": "cloud_monitoring",
        "EXPORT_TRACES": "otlp",
        "EXPORT_LOGS": "cloud_logging",
        "EXPORT_EVERY_S": "10",
        "TRACE_RATIO": "1.0",
        "EMBEDDED_WORKER": "false",
        **more,
    }


def until(holds: Callable[[], object], *, within_s: float = 30.0) -> None:
    """Look often until ``holds()``; an AssertionError says that it never did."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(_POLL_S)


def ask(service: Service, times: int, path: str = "/api/v1/auth/me") -> list[int]:
    """Send so many requests on connections of their own, so that every worker gets some."""
    return [httpx.get(f"{service.base_url}{path}", timeout=30.0).status_code for _ in range(times)]


@dataclass
class Arrived:
    """What of one service's requests the cloud holds."""

    cloud: RunningCloud

    def counted(self, **labels: str) -> float:
        """Requests, by the metric."""
        with self.cloud.world.lock:
            return self.cloud.monitoring.total(COUNTED, **labels)

    def spans(self, route: str) -> list:
        """Server spans of one route."""
        with self.cloud.world.lock:
            return [one for one in self.cloud.traces.spans() if route in one.name]

    def lines(self, route: str) -> list:
        """Access lines of one path."""
        with self.cloud.world.lock:
            entries = self.cloud.logs.entries()
        return [one for one in entries if one.http_request.request_url.endswith(route)]

    def writers(self) -> set[str]:
        """The identities under which the metric was written."""
        with self.cloud.world.lock:
            return {one.resource_labels["task_id"] for one in self.cloud.monitoring.series(COUNTED)}

    def breaches(self) -> dict[str, int]:
        """The cloud's rules that were broken; a good run breaks none."""
        return dict(self.cloud.world.rules.breaches)


def workers_of(service: Service) -> list[psutil.Process]:
    """The processes below the one that was started."""
    return psutil.Process(service.pid).children(recursive=True)


def freeze(service: Service, how: signal.Signals) -> None:
    """Stop or continue every process of the service, as a platform does with its CPU."""
    os.killpg(service.pid, how)
