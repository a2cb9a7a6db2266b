"""The usual Prometheus middleware, with its defaults."""

from prometheus_client import REGISTRY
from prometheus_fastapi_instrumentator import Instrumentator

from overhead.service import service
from overhead.variant import Built


def build_prom_instrumentator() -> Built:
    app = service()
    Instrumentator().instrument(app).expose(app)
    return Built(app, evidence=lambda: {"counted": counted_by_instrumentator()})


def counted_by_instrumentator() -> int:
    return int(
        sum(
            sample.value
            for metric in REGISTRY.collect()
            for sample in metric.samples
            if sample.name == "http_requests_total"
        )
    )
