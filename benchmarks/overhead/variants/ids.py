"""A request id and nothing else."""

from asgi_correlation_id import CorrelationIdMiddleware

from overhead.service import service
from overhead.variant import Built


def build_asgi_correlation_id() -> Built:
    app = service()
    app.add_middleware(CorrelationIdMiddleware)
    return Built(app)
