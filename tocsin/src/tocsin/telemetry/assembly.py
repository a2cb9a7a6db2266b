"""The one place where the toolkit's parts are put together for a service.

    telemetry = Telemetry(settings, metrics=metrics_client, http=HTTP, pseudonym_key=key)
    telemetry.install()      # once per process: logging speaks in our shape from here on
    telemetry.wrap(app)      # before the first request
    ...
    telemetry.close()        # in the lifespan's shutdown: under SIGTERM no atexit runs

>>> from tocsin.telemetry.testing import CapturedTelemetry
>>> captured = CapturedTelemetry()
>>> with captured, captured.telemetry.job(correlation_id="lesson-42", name="render"):
...     get_logger("shop.worker").info("rendered", seconds=3.2)
>>> captured.line("rendered")["correlation_id"]
'lesson-42'
"""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final

from starlette.applications import Starlette
from starlette.types import ASGIApp

from tocsin.clock import Clock, SystemClock
from tocsin.errors import TelemetryMisuseError
from tocsin.telemetry.access import AccessLines
from tocsin.telemetry.context import RequestContext, request_context
from tocsin.telemetry.errors import ErrorReports, StormLimiter
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.http_metrics import HttpMetrics
from tocsin.telemetry.identity import Pseudonyms
from tocsin.telemetry.intake import Intake
from tocsin.telemetry.logs import LogPipeline, get_logger
from tocsin.telemetry.logs.forks import renew_after_fork
from tocsin.telemetry.metrics import MetricsClient, Resource
from tocsin.telemetry.middleware import TelemetryMiddleware
from tocsin.telemetry.propagation import (
    SPAN_ID_DIGITS,
    TRACE_ID_DIGITS,
    HexDigits,
    parse_traceparent,
)
from tocsin.telemetry.recording import Recorder
from tocsin.telemetry.redaction import Redactor
from tocsin.telemetry.routes import RouteTable
from tocsin.telemetry.settings import TelemetrySettings
from tocsin.telemetry.traces import SpanSink, begin

if TYPE_CHECKING:
    from tocsin.telemetry.traces.tracing import Tracing

_FLUSH_WITHIN_S: Final = 5.0

_log = get_logger("tocsin.telemetry")


class Telemetry:
    """Everything that one process says about itself."""

    def __init__(
        self,
        settings: TelemetrySettings,
        *,
        metrics: MetricsClient,
        http: HttpMetrics,
        pseudonym_key: bytes,
        redactor: Redactor | None = None,
        stream: BinaryIO | None = None,
        clock: Clock | None = None,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """Put the parts together; nothing global changes before :meth:`install`.

        Args:
            settings: what the service told.
            metrics: the service's metrics client; its guard becomes ours.
            http: the service's HTTP instruments, declared on that client.
            pseudonym_key: at least 16 secret bytes, the same in every process.
            redactor: hides what must not leave; one with the default rules if none.
            stream: where log lines go; standard output if none.
            clock: the machine's if none.
            random_bytes: the source of identifiers.

        Raises:
            DeclarationError: the key is too short, or a level is unknown.
        """
        self.settings = settings
        self.clock: Clock = clock if clock is not None else SystemClock()
        self.metrics = metrics
        self.http = http
        told = metrics.self_metrics
        self.guard = metrics.guard = Guard(strict=settings.strict, on_failure=told.failed)
        metrics.resource = Resource(
            service=settings.service,
            environment=settings.environment.value,
            version=settings.version,
            instance=settings.instance,
            process=settings.process,
        )
        self.pseudonyms = Pseudonyms(pseudonym_key)
        self.redactor = redactor if redactor is not None else Redactor(guard=self.guard)
        self.logs = LogPipeline(
            settings,
            redactor=self.redactor,
            guard=self.guard,
            stream=stream,
            clock=self.clock,
            on_dropped=told.log_line_dropped,
        )
        self.errors = ErrorReports(
            self.logs,
            limiter=StormLimiter(self.clock),
            guard=self.guard,
            told=told,
            wall_ns=self.clock.wall_ns,
        )
        self.digits = HexDigits(random_bytes)
        renew_after_fork(self.digits)
        self.tracing: Tracing | None = None
        self._has_middleware = False
        self._lines = AccessLines(
            settings, redactor=self.redactor, guard=self.guard, logs=self.logs
        )

    def install(self) -> None:
        """Have every logger of the process speak in our shape; repeating it changes nothing."""
        self.logs.install()

    def close(self, timeout_s: float = _FLUSH_WITHIN_S) -> bool:
        """Write what is still here and give logging back; whether all of it got out."""
        with self.guard("telemetry.errors"):
            self.errors.close()
        return self.logs.close(timeout_s)

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """The whole life of a service that has no lifespan of its own: ``FastAPI(lifespan=…)``.

        One that has calls :meth:`install` and :meth:`close` there.
        """
        self.install()
        try:
            yield
        finally:
            self.close()

    def trace_to(self, sink: SpanSink) -> "Tracing":
        """Have sampled requests and jobs leave spans in ``sink``, from here on.

        Called before the first request. What waits in ``sink`` is raw: it leaves by a
        carrier that the answer's ``carrier()`` made.

        Raises:
            DeclarationError: OpenTelemetry is not installed, or the ratio is none.
            TelemetryMisuseError: the application has begun to serve already.
        """
        if self._has_middleware:
            raise TelemetryMisuseError(
                "tracing is turned on for an application that serves already: "
                "call trace_to(sink) where the application is made"
            )
        self.tracing = begin(self, sink)
        return self.tracing

    def wrap(self, app: Starlette) -> None:
        """Put the middleware around the whole of ``app``, Starlette's own layers included.

        ``add_middleware`` would put it inside of ``ServerErrorMiddleware``, where it
        never sees the answer to an unhandled exception. Whatever is put around the stack
        later stands outside and is told of at start-up.

        Raises:
            TelemetryMisuseError: the application has begun to serve already.
        """
        if app.middleware_stack is not None:
            raise TelemetryMisuseError(
                "telemetry is wrapped around an application that serves already: "
                "call wrap(app) where the application is made"
            )
        build = app.build_middleware_stack

        def build_with_telemetry() -> ASGIApp:
            routes = RouteTable(app)
            self._reserve(routes)
            return self.middleware(build(), routes)

        app.build_middleware_stack = build_with_telemetry  # type: ignore[method-assign]

    def middleware(self, app: ASGIApp, routes: RouteTable) -> TelemetryMiddleware:
        """The middleware around any ASGI application whose routes ``routes`` knows."""
        self._has_middleware = True
        intake = Intake(
            self.settings,
            digits=self.digits,
            pseudonyms=self.pseudonyms,
            redactor=self.redactor,
            guard=self.guard,
            ring=self.logs.ring_on_demand,
            tracing=self.tracing,
        )
        recorder = Recorder(
            self.settings,
            clock=self.clock,
            guard=self.guard,
            logs=self.logs,
            lines=self._lines,
            http=self.http,
            routes=routes,
            errors=self.errors,
        )
        return TelemetryMiddleware(
            app, intake=intake, recorder=recorder, probe_paths=self.settings.probe_paths
        )

    def _reserve(self, routes: RouteTable) -> None:
        """Give the service's own routes their series before strangers come."""
        with self.guard("telemetry.known_routes"):
            left_out = self.http.known_routes(routes.declared())
            if left_out:
                _log.warning("routes_without_series", count=len(left_out), first=left_out[0])

    @contextmanager
    def job(
        self, *, correlation_id: str, trace_id: str = "", name: str = "", parent: str = ""
    ) -> Iterator[RequestContext]:
        """The context of a background job: its lines carry the request's identifiers.

        ``parent`` is the ``traceparent`` that was stored with the work
        (:func:`~tocsin.telemetry.traces.current_traceparent`): the job is a span of its
        own in that trace, if that trace is sampled. DEBUG lines of a job that raises are
        kept, as those of a failed request are.
        """
        digits = self.digits.take()
        theirs = parse_traceparent(parent.encode("latin-1", "replace")) if parent else None
        context = RequestContext(
            digits[:TRACE_ID_DIGITS],
            correlation_id,
            trace_id=trace_id or digits[TRACE_ID_DIGITS + SPAN_ID_DIGITS :],
            span_id=digits[TRACE_ID_DIGITS:][:SPAN_ID_DIGITS],
            ring=self.logs.ring_on_demand,
        )
        parent_id = ""
        if theirs is not None:
            context.trace_id, parent_id, context.sampled = theirs
        if name:
            context.fields["job"] = name
        failed = True
        try:
            with request_context(context), self._job_span(context, parent_id, name):
                yield context
                failed = False
        finally:
            with self.guard("telemetry.job"):
                self.logs.settle(context, keep=failed)

    @contextmanager
    def _job_span(self, context: RequestContext, parent_id: str, name: str) -> Iterator[None]:
        tracing = self.tracing
        if tracing is None:
            yield
            return
        with self.guard("telemetry.job_span"):
            tracing.begin_job(context, parent_id, name)
        ended_by: BaseException | None = None
        try:
            yield
        except BaseException as error:
            ended_by = error
            raise
        finally:
            with self.guard("telemetry.job_span"):
                tracing.job_over(context, ended_by)
