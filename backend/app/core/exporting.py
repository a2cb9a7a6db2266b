"""What leaves the process and where to, built from the settings: couriers, tracing, the end.

    exporting = Exporting.build(settings, telemetry, metrics=metrics_client, clock=clock)
    exporting.start()      # in the lifespan: after every fork of the server
    ...
    exporting.close()      # in the lifespan's end: under SIGTERM no atexit runs (D07)

With every export off nothing of Google's or OpenTelemetry's is even imported. Nothing is
connected to before the first courier goes out, in its own thread, so a backend that is
down neither delays nor prevents a start (D12).

>>> from app.core.metrics import EXPORTS
>>> EXPORTS.items.name
'vividly_telemetry_export_items_total'
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Self

from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.config import ConfigurationError, Settings
from app.core.export_rules import goes_to_google
from app.core.metrics import EXPORTS
from tocsin.clock import Clock
from tocsin.errors import DeclarationError
from tocsin.telemetry.assembly import Telemetry
from tocsin.telemetry.delivery import BoundedQueue, Courier, Delivery, Inheritance, Readings
from tocsin.telemetry.resource import NO_METADATA, MetadataServer, Writer

CLOSE_WITHIN_S: Final = 4.0
"""Cloud Run kills 10 s after SIGTERM, and requests in flight may have taken 5 of them."""

CALL_WITHIN_S: Final = 2.5
"""A call that hangs when the process is told to end leaves time for another one."""

_SPANS_EVERY_S: Final = 5.0
_SPANS_AT_MOST: Final = 20_000
_SPAN_BYTES_AT_MOST: Final = 32_000_000


@dataclass(frozen=True)
class Exporting:
    """All exports of one process."""

    delivery: Delivery
    telemetry: Telemetry
    cpu_idle: bool

    @classmethod
    def build(
        cls,
        settings: Settings,
        telemetry: Telemetry,
        *,
        clock: Clock,
        wanted: Callable[[str], bool] = lambda _name: True,
    ) -> Self:
        """Put the couriers together; to be called before the first request.

        ``wanted`` says which metrics go, by name: of a process that does not do all of them.

        Raises:
            ConfigurationError: an exporter cannot work with these settings.
        """
        inheritance = Inheritance(telemetry.metrics)
        try:
            couriers = list(_Workshop(settings, telemetry, clock, inheritance, wanted).couriers())
        except DeclarationError as error:
            raise ConfigurationError([f"EXPORT_…: {error}"]) from None
        delivery = Delivery(
            couriers,
            guard=telemetry.guard,
            clock=clock,
            metrics=EXPORTS,
            inheritance=inheritance,
        )
        return cls(delivery, telemetry, settings.cpu_idle)

    def start(self) -> None:
        """Start the couriers in the process that serves."""
        if self.delivery.couriers:
            self.delivery.start()

    def instrument(self, *, engines: Iterable[Any], redis_clients: Iterable[Any]) -> None:
        """Have these leave spans, where spans are exported at all."""
        if self.telemetry.tracing is not None:
            self.telemetry.tracing.instrument(engines=engines, redis_clients=redis_clients)

    def close(self, within_s: float = CLOSE_WITHIN_S) -> bool:
        """Take out all that is here; whether all of it got out within ``within_s``.

        Lines that are written from here on stay on standard output alone.
        """
        if not self.delivery.couriers:
            return True
        self.telemetry.errors.close()
        self.telemetry.logs.send_also(None)
        return self.delivery.close(within_s)

    def while_awake(self, app: ASGIApp) -> ASGIApp:
        """A layer that lets couriers work while a request is served, where only then (D94)."""
        if not self.cpu_idle or not self.delivery.couriers:
            return app
        delivery = self.delivery

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            delivery.work_began()
            try:
                await app(scope, receive, send)
            finally:
                delivery.work_ended()

        return serve


class _Workshop:
    """Makes the couriers that the settings ask for."""

    def __init__(
        self,
        settings: Settings,
        telemetry: Telemetry,
        clock: Clock,
        inheritance: Inheritance,
        wanted: Callable[[str], bool],
    ) -> None:
        self._settings = settings
        self._wanted = wanted
        self._telemetry = telemetry
        self._clock = clock
        self._inheritance = inheritance
        # Our connections are made after every fork of a server's, and the helper programs that
        # a lesson starts have no use for gRPC's threads, which it would start anew each time.
        os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
        if telemetry.metrics.resource is None:
            raise DeclarationError("the metrics client does not know whose it is")
        self._resource = telemetry.metrics.resource
        on_google = bool(goes_to_google(settings)) and not settings.google_endpoint
        self._writer = Writer(
            self._resource,
            project=settings.google_project,
            location=settings.gcp_location,
            metadata=MetadataServer() if on_google else NO_METADATA,
            clock=clock,
        )

    def couriers(self) -> Iterator[Courier]:
        # Libraries are imported where they are asked for: a process that exports nothing
        # pays nothing for them.
        settings = self._settings
        if settings.export_traces == "otlp":
            yield self._spans()
        if settings.export_logs == "cloud_logging":
            yield self._lines()
        if settings.export_errors == "error_reporting":
            yield self._error_events()
        if settings.sentry_dsn is not None:
            yield self._sentry(settings.sentry_dsn.get_secret_value())
        if settings.export_metrics == "cloud_monitoring":
            yield self._metrics_by_api()
        elif settings.export_metrics == "otlp":
            yield self._metrics_by_otlp()

    def _google(self) -> Any:
        from tocsin.telemetry.exporters.google import GoogleEndpoint  # noqa: PLC0415 - see above

        address = self._settings.google_endpoint
        return GoogleEndpoint(
            project=self._settings.google_project, address=address, insecure=bool(address)
        )

    def _metrics_by_api(self) -> Courier:
        from tocsin.telemetry.exporters.cloud_monitoring import (  # noqa: PLC0415 - see above
            metrics_courier,
        )

        return metrics_courier(
            self._telemetry.metrics,
            self._google(),
            self._writer,
            every_s=self._settings.export_every_s,
            timeout_s=CALL_WITHIN_S,
            clock=self._clock,
            inheritance=self._inheritance,
            redact=self._telemetry.redactor.text,
            wanted=self._wanted,
        )

    def _metrics_by_otlp(self) -> Courier:
        from tocsin.telemetry.exporters.otlp.metrics import MetricsCarrier  # noqa: PLC0415

        readings = Readings(
            self._telemetry.metrics,
            inheritance=self._inheritance,
            redact=self._telemetry.redactor.text,
            wanted=self._wanted,
        )
        carrier = MetricsCarrier(readings, self._otlp(), self._who(), clock=self._clock)
        every_s = self._settings.export_every_s
        return Courier(
            "metrics",
            carrier,
            every_s=every_s,
            collect=carrier.collect,
            timeout_s=CALL_WITHIN_S,
        )

    def _spans(self) -> Courier:
        from tocsin.telemetry.exporters.otlp.spans import SpanCarrier  # noqa: PLC0415

        queue = BoundedQueue(max_items=_SPANS_AT_MOST, max_bytes=_SPAN_BYTES_AT_MOST)
        tracing = self._telemetry.trace_to(queue)
        carrier = SpanCarrier(self._otlp(), self._who(), clock=self._clock)
        return Courier(
            "spans",
            tracing.carrier(carrier),
            every_s=_SPANS_EVERY_S,
            queue=queue,
            timeout_s=CALL_WITHIN_S,
        )

    def _lines(self) -> Courier:
        from tocsin.telemetry.exporters.cloud_logging import log_courier  # noqa: PLC0415

        log_id = self._telemetry.settings.service
        courier, lines = log_courier(
            self._google(),
            self._writer,
            log_id=log_id,
            clock=self._clock,
            timeout_s=CALL_WITHIN_S,
        )
        self._telemetry.logs.send_also(lines)
        return courier

    def _error_events(self) -> Courier:
        from tocsin.telemetry.exporters.error_reporting import error_courier  # noqa: PLC0415

        telemetry = self._telemetry
        courier, reporter = error_courier(
            self._google(), telemetry.settings, telemetry.redactor, timeout_s=CALL_WITHIN_S
        )
        telemetry.errors.add(reporter, instead_of_lines=True)
        return courier

    def _sentry(self, dsn: str) -> Courier:
        from tocsin.telemetry.exporters.sentry import init_sentry  # noqa: PLC0415

        telemetry = self._telemetry
        courier, reporter = init_sentry(
            dsn, telemetry.settings, telemetry.redactor, timeout_s=CALL_WITHIN_S
        )
        telemetry.errors.add(reporter)
        return courier

    def _otlp(self) -> Any:
        from tocsin.telemetry.exporters.otlp.endpoint import OtlpEndpoint  # noqa: PLC0415

        if self._settings.otlp_endpoint:
            return OtlpEndpoint.of(self._settings.otlp_endpoint)
        if self._settings.google_endpoint:
            return OtlpEndpoint.of(f"http://{self._settings.google_endpoint}")
        return OtlpEndpoint.google()

    def _who(self) -> Any:
        from tocsin.telemetry.exporters.otlp.writer import resource_attributes  # noqa: PLC0415

        writer = self._writer
        settings = self._settings
        if not settings.google_project:
            # The process is asked for at each export: a server may fork after this.
            return resource_attributes(
                self._resource,
                location=settings.gcp_location,
                writer=lambda: f"{self._resource.instance}-{os.getpid()}",
            )

        def attributes() -> Any:
            # Asked at each export, in the courier's thread: the metadata server may be slow.
            task = writer.task()
            return resource_attributes(
                self._resource,
                project=task.project,
                location=task.location,
                writer=task.task_id,
                more={"vcs.ref.head.revision": settings.commit},
            )()

        return attributes
