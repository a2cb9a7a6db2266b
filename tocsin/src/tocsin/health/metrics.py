"""How the checks stand, as metrics: what a dashboard shows and an alarm may ask for.

Told by whoever asks the checks every few seconds, not by probes: where nobody probes, a lost
dependency is seen all the same.

>>> import asyncio
>>> from tocsin.clock import SystemClock
>>> from tocsin.health import Check, Checkup
>>> from tocsin.telemetry.metrics import MetricsClient
>>> told = HealthMetrics(MetricsClient("shop"), "database")
>>> async def gone() -> None:
...     raise ConnectionRefusedError
>>> checkup = Checkup([Check(name="database", ask=gone)], clock=SystemClock())
>>> told.note(asyncio.run(checkup.results()))
>>> told.failing.value(check="database")
1.0
"""

from collections.abc import Iterable
from typing import Final

from tocsin.health.check import Status
from tocsin.health.checkup import Result
from tocsin.telemetry.metrics import MetricsClient, one_of

_MS: Final = 1000.0


class HealthMetrics:
    """The instruments; ``checks`` are the names of all that a process may have."""

    def __init__(self, client: MetricsClient, *checks: str) -> None:
        labels = (one_of("check", *checks),)
        self.failing = client.gauge(
            "health_check_failing",
            "1 while a dependency fails, else 0, also of one that this process does not have.",
            labels=labels,
            across_workers="livemax",
        )
        self.duration = client.gauge(
            "health_check_duration_ms",
            "Time that the last answer of a dependency took, in milliseconds.",
            labels=labels,
            across_workers="livemax",
        )

    def note(self, results: Iterable[Result]) -> None:
        """Take over how each check stands."""
        for one in results:
            self.failing.set(float(one.status is Status.FAIL), check=one.check.name)
            self.duration.set(one.took_s * _MS, check=one.check.name)
