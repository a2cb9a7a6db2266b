"""Peers that do one thing each, set up as their documents say."""

import time

from overhead.service import service
from overhead.sink import Sink
from overhead.variant import Built

ENOUGH = "1000000000/day"  # never refuses, and forgets no hit within the run


def build_asgi_correlation_id() -> Built:
    from asgi_correlation_id import CorrelationIdMiddleware

    app = service()
    app.add_middleware(CorrelationIdMiddleware)
    return Built(app)


def build_prom_instrumentator() -> Built:
    from prometheus_fastapi_instrumentator import Instrumentator

    app = service()
    Instrumentator().instrument(app).expose(app)
    return Built(app, evidence=lambda: {"counted": counted_by_instrumentator()})


def counted_by_instrumentator() -> int:
    from prometheus_client import REGISTRY

    return int(
        sum(
            sample.value
            for metric in REGISTRY.collect()
            for sample in metric.samples
            if sample.name == "http_requests_total"
        )
    )


def structlog_logger(sink: Sink):
    """A logger of its own, so that no other variant's configuration can change it."""
    import orjson
    import structlog

    return structlog.wrap_logger(
        structlog.BytesLogger(sink.file),
        wrapper_class=structlog.make_filtering_bound_logger(20),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        cache_logger_on_first_use=True,
    ).bind()


class AccessLine:
    """The leanest middleware that can log a line, so that the logger is what is measured."""

    def __init__(self, app, log):
        self.app = app
        self.log = log

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter_ns()
        status = 500

        async def watched(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            self.log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                duration_ms=(time.perf_counter_ns() - started) / 1e6,
                client=scope["client"][0],
                query=scope["query_string"].decode(),
                http_version=scope["http_version"],
                scheme=scope["scheme"],
            )


def build_structlog_line() -> Built:
    sink = Sink("structlog_line")
    app = service()
    app.add_middleware(AccessLine, log=structlog_logger(sink))
    return Built(app, between=sink.between, evidence=lambda: {"lines": sink.lines()})


def limited(app):
    """slowapi as documented; returns how to count its hits."""
    from slowapi import Limiter
    from slowapi.util import get_remote_address

    limiter = app.state.limiter = Limiter(key_func=get_remote_address, default_limits=[ENOUGH])
    return lambda: sum(limiter._storage.storage.values())  # noqa: SLF001 - shown nowhere else


def build_slowapi() -> Built:
    from slowapi.middleware import SlowAPIMiddleware

    app = service()
    hits = limited(app)
    app.add_middleware(SlowAPIMiddleware)
    return Built(app, evidence=lambda: {"hits": hits()})
