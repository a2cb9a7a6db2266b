"""The registry on its way to Cloud Monitoring: 200 series a call, each call on its own.

    courier = metrics_courier(client, endpoint, writer, every_s=60)
    delivery = Delivery([courier], …)

Every series is written in every round, changed or not: one that fell silent while nothing
happens would leave ``rate()`` with one point in its window, and after five minutes an alert
on it could not ring. The connection is made at the first export, in the courier's thread,
after any fork; a failure is met anew each round and disables nothing (D12).

Google's own OpenTelemetry exporter loses what comes after a failing batch; here each batch
is a parcel of the courier's (behaviour 5). Rules kept: google-cloud.md 1.1 to 1.4.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from tocsin.clock import Clock, SystemClock
from tocsin.telemetry.delivery.backoff import Backoff
from tocsin.telemetry.delivery.carrier import Receipt, Undelivered
from tocsin.telemetry.delivery.courier import TIMEOUT_S, Courier
from tocsin.telemetry.delivery.inheritance import Inheritance
from tocsin.telemetry.delivery.readings import Readings
from tocsin.telemetry.exporters.google import GoogleEndpoint, leave_to_parent, missing
from tocsin.telemetry.metrics import MetricsClient
from tocsin.telemetry.resource import Writer

try:
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.monitoring_v3 import MetricServiceClient
    from google.cloud.monitoring_v3.services.metric_service.transports import (
        MetricServiceGrpcTransport,
    )
    from google.cloud.monitoring_v3.types import CreateTimeSeriesRequest

    from tocsin.telemetry.exporters.cloud_monitoring.answers import receipt_of, undelivered
    from tocsin.telemetry.exporters.cloud_monitoring.descriptors import Descriptors, type_of
    from tocsin.telemetry.exporters.cloud_monitoring.lines import (
        SAMPLING_PERIOD_NS,
        Line,
        is_finite,
    )
    from tocsin.telemetry.exporters.cloud_monitoring.timeline import Timeline
except ImportError as error:
    raise missing("gcp", error) from error

SERIES_PER_CALL: Final = 200
NAME: Final = "metrics"

_NANOSECONDS: Final = 1_000_000_000
_FORGOTTEN_AFTER_NS: Final = 600 * _NANOSECONDS
_RAW_REQUEST: Final = CreateTimeSeriesRequest.pb(CreateTimeSeriesRequest()).__class__

Key = tuple[str, tuple[str, ...], tuple[str, ...]]


class CloudMonitoring:
    """A carrier of points, and what collects them; used by its courier's thread alone."""

    def __init__(
        self,
        namespace: str,
        readings: Readings,
        endpoint: GoogleEndpoint,
        writer: Writer,
        *,
        clock: Clock | None = None,
        connect: Callable[[GoogleEndpoint], Any] | None = None,
    ) -> None:
        """Take what to read, where to send it and who sends; nothing is opened yet.

        ``connect`` makes the client; Google's own unless told otherwise.
        """
        self._namespace = namespace
        self._readings = readings
        self._endpoint = endpoint
        self._writer = writer
        self._clock: Clock = clock if clock is not None else SystemClock()
        self._connect = connect if connect is not None else _client
        self._begin()

    def _begin(self) -> None:
        self._client: Any = None
        self._timeline = Timeline(self._clock)
        self._lines: dict[Key, Line] = {}
        self._descriptors = Descriptors(self._namespace, self._endpoint.name, self._clock)

    def renew_in_child(self) -> None:
        """After a fork: connection and series are the parent's."""
        leave_to_parent(self._client)
        self._begin()

    def collect(self) -> list[Sequence[Line]]:
        """Every series with its numbers of now, in batches.

        Raises:
            DeclarationError: nobody knows the project.
        """
        resource = self._writer.task().labels
        now_ns = self._timeline.now_ns()
        seen: list[Line] = []
        for reading in self._readings.take():
            if not is_finite(reading):
                continue
            key = (reading.name, reading.label_names, reading.label_values)
            line = self._lines.get(key)
            if line is None:
                metric_type = type_of(self._namespace, reading.name)
                line = self._lines[key] = Line(reading, metric_type, resource)
                self._descriptors.note(reading)
            line.take(reading, now_ns)
            seen.append(line)
        self._forget(now_ns)
        return [seen[at : at + SERIES_PER_CALL] for at in range(0, len(seen), SERIES_PER_CALL)]

    def carry(self, batch: Sequence[Line], *, timeout_s: float) -> Receipt:
        """Write one point of each series.

        Raises:
            Undelivered: nothing is known of the batch, or all of it was refused.
        """
        until_ns = self._clock.monotonic_ns() + round(timeout_s * _NANOSECONDS)
        client = self._connected()
        names = [line.name for line in batch]
        self._descriptors.tell(client, names, within_s=timeout_s / 2)
        left_s = max(0.1, (until_ns - self._clock.monotonic_ns()) / _NANOSECONDS)
        now_ns = self._timeline.now_ns()
        going = [line for line in batch if line.may_be_written(now_ns)]
        if not going:
            return Receipt(refused={"dated_ahead": len(batch)})
        request = self._request(going, now_ns)
        try:
            client.create_time_series(request=request, timeout=left_s, retry=None)
        except (GoogleAPICallError, RetryError, GoogleAuthError) as error:
            return self._refused(going, error)
        waiting = len(batch) - len(going)
        return Receipt(len(going), {"dated_ahead": waiting} if waiting else {})

    def _request(self, lines: Sequence[Line], now_ns: int) -> Any:
        raw = _RAW_REQUEST(name=self._endpoint.name)
        for line in lines:
            line.fill_labels(self._descriptors.extra_labels(line.name))
            raw.time_series.append(line.dated(now_ns))
        return CreateTimeSeriesRequest.wrap(raw)

    def _refused(self, lines: Sequence[Line], error: Exception) -> Receipt:
        """Read an error.

        Raises:
            Undelivered: it says nothing of single series.
        """
        receipt = receipt_of(error, len(lines)) if isinstance(error, GoogleAPICallError) else None
        told = undelivered(error)
        if (receipt is None and not told.again) or (receipt is not None and not receipt.delivered):
            self._none_was_taken(lines)
        if receipt is None:
            raise told from error
        return receipt

    def _none_was_taken(self, lines: Sequence[Line]) -> None:
        for line in lines:
            line.not_taken()
        if self._timeline.is_far_ahead:
            self._timeline.follow_wall()

    def _connected(self) -> Any:
        if self._client is None:
            try:
                self._client = self._connect(self._endpoint)
            except GoogleAuthError as error:
                raise Undelivered("no_credentials", again=False, detail=str(error)) from error
        return self._client

    def _forget(self, now_ns: int) -> None:
        """Let go of series that are gone; one that comes back later has a later start."""
        gone = [
            key for key, line in self._lines.items() if line.seen_ns + _FORGOTTEN_AFTER_NS < now_ns
        ]
        for key in gone:
            del self._lines[key]


def metrics_courier(
    client: MetricsClient,
    endpoint: GoogleEndpoint,
    writer: Writer,
    *,
    every_s: float = 60.0,
    timeout_s: float = TIMEOUT_S,
    clock: Clock | None = None,
    inheritance: Inheritance | None = None,
    redact: Callable[[str], str] = str,
    wanted: Callable[[str], bool] = lambda _name: True,
    backoff: Backoff | None = None,
) -> Courier:
    """The courier that takes ``client``'s metrics to Cloud Monitoring.

    Give the same ``inheritance`` to :class:`~tocsin.telemetry.delivery.Delivery`; ``wanted`` as
    in :class:`~tocsin.telemetry.delivery.Readings`.
    """
    readings = Readings(client, inheritance=inheritance, redact=redact, wanted=wanted)
    carrier = CloudMonitoring(client.namespace, readings, endpoint, writer, clock=clock)
    return Courier(
        NAME,
        carrier,
        every_s=every_s,
        collect=carrier.collect,
        timeout_s=timeout_s,
        backoff=backoff,
    )


def _client(endpoint: GoogleEndpoint) -> Any:
    return MetricServiceClient(transport=endpoint.transport(MetricServiceGrpcTransport))


__all__ = ["SAMPLING_PERIOD_NS", "CloudMonitoring", "metrics_courier"]
