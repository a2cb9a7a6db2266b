"""Which release a process is of: a series that is 1, and says it by its labels.

On a panel the series of one release end where those of the next begin, so a deploy shows as a
mark beside whatever it changed. The sum of all is how many processes run of each.

>>> from tocsin.telemetry.metrics import MetricsClient
>>> release = ReleaseMetrics(MetricsClient("shop"))
>>> release.tell(version="1.4.0", revision="shop-00042")
>>> release.processes.value(version="1.4.0", revision="shop-00042")
1.0
"""

from typing import Final

from tocsin.telemetry.metrics.client import MetricsClient
from tocsin.telemetry.metrics.labels import bounded

_RELEASES_AT_MOST: Final = 5
"""A process has one; those of one folder of worker files may have had others."""


class ReleaseMetrics:
    """The instrument."""

    def __init__(self, client: MetricsClient) -> None:
        self.processes = client.gauge(
            "release_processes",
            "1 of each process, labelled with its release and its revision.",
            labels=(
                bounded("version", _RELEASES_AT_MOST),
                bounded("revision", _RELEASES_AT_MOST),
            ),
            across_workers="livesum",
        )

    def tell(self, *, version: str, revision: str) -> None:
        """Say it, once at the start; what is not known is said to be ``unknown``."""
        self.processes.set(1.0, version=version or "unknown", revision=revision or "unknown")
