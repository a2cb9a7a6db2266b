"""The page that Prometheus reads, of one process or of many.

The format is prometheus_client's own writing; the version stated is 0.0.4, which every
reader knows (https://prometheus.io/docs/instrumenting/exposition_formats/), unless OpenMetrics
is asked for.

>>> from tocsin.telemetry.metrics import MetricsClient
>>> client = MetricsClient("shop")
>>> client.counter("orders_total", "Orders taken.").inc()
>>> b"shop_orders_total 1.0" in client.exposition()[0]
True
"""

from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.openmetrics import exposition as openmetrics_text

from tocsin.telemetry.metrics.families import family
from tocsin.telemetry.metrics.snapshot import Snapshot


class _Families:
    """A collector of what is known already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def text_of_registry(
    registry: CollectorRegistry, *, openmetrics: bool = False
) -> tuple[bytes, str]:
    """What one process recorded, third-party collectors included."""
    if openmetrics:
        text: bytes = openmetrics_text.generate_latest(registry)  # type: ignore[no-untyped-call]
        return text, openmetrics_text.CONTENT_TYPE_LATEST
    return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4


def text_of_workers(
    merged: Snapshot, directory: Path, *, openmetrics: bool = False
) -> tuple[bytes, str]:
    """What all workers recorded; with what prometheus_client's own metrics left there.

    Collectors that compute their numbers when asked know one process only, and are left out,
    as in prometheus_client's own multi-process mode.
    """
    registry = CollectorRegistry()
    registry.register(
        _Families(
            family(shape, merged.series[name].items())
            for name, shape in sorted(merged.shapes.items())
        )
    )
    if any(directory.glob("*.db")):
        MultiProcessCollector(registry, str(directory))  # type: ignore[no-untyped-call]
    return text_of_registry(registry, openmetrics=openmetrics)
