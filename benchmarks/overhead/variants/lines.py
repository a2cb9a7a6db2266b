"""One JSON line per request by structlog."""

import time

import orjson
import structlog

from overhead.service import service
from overhead.sink import Sink
from overhead.variant import Built


def structlog_logger(sink: Sink):
    """A logger of its own, so that no other variant's configuration can change it."""
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
