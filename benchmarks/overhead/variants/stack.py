"""What a team would install today for what we do in one, as each part's documents say."""

import time

from asgi_correlation_id import CorrelationIdMiddleware, correlation_id
from opentelemetry import trace
from prometheus_fastapi_instrumentator import Instrumentator
from slowapi.middleware import SlowAPIMiddleware

from overhead.service import service
from overhead.sink import Sink
from overhead.variant import Built
from overhead.variants.limits import limited
from overhead.variants.lines import structlog_logger
from overhead.variants.metrics import counted_by_instrumentator
from overhead.variants.tracing import traced


def build_stack_today() -> Built:
    sink = Sink("stack_today")
    app = service()
    hits = limited(app)
    # Starlette puts the middleware that is added last outermost.
    app.add_middleware(SlowAPIMiddleware)
    Instrumentator().instrument(app).expose(app)
    _log_requests(app, structlog_logger(sink))
    app.add_middleware(CorrelationIdMiddleware)
    provider, exporter = traced(app)
    return Built(
        app,
        drain=provider.force_flush,
        between=sink.between,
        evidence=lambda: {
            "lines": sink.lines(),
            "counted": counted_by_instrumentator(),
            "hits": hits(),
            "spans": exporter.spans,
        },
    )


def _log_requests(app, log) -> None:
    @app.middleware("http")
    async def access_line(request, call_next):
        started = time.perf_counter_ns()
        response = await call_next(request)
        span = trace.get_current_span().get_span_context()
        log.info(
            "request",
            method=request.method,
            path=request.url.path,
            status=response.status_code,
            duration_ms=(time.perf_counter_ns() - started) / 1e6,
            client=request.client.host,
            query=request.url.query,
            request_id=correlation_id.get(),
            trace_id=f"{span.trace_id:032x}",
        )
        return response
