"""Error events to Google Error Reporting's API, instead of by log line (extra ``gcp``).

    courier, reporter = error_courier(endpoint, telemetry.settings, telemetry.redactor)
    telemetry.errors.add(reporter, instead_of_lines=True)
    delivery = Delivery([courier, …], …)

The log line is the better way where an agent reads the lines or they go to Cloud Logging:
it costs no second call, and a line that is written twice is known by its insert id, while
this API has nothing to know a repeated event by: an answer that was lost on the way counts
one error twice. So this is for services whose lines never reach Google
(decision record 0010).

What leaves is what the redacted log entry says. ``report_exception`` of Google's own
client waits for the answer in the caller's thread; here a courier does.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import orjson

from tocsin.clock import Clock, SystemClock
from tocsin.telemetry.delivery import BoundedQueue, Courier, Receipt
from tocsin.telemetry.delivery.backoff import Backoff
from tocsin.telemetry.errors import ErrorEvent
from tocsin.telemetry.exporters.google import GoogleEndpoint, leave_to_parent, missing
from tocsin.telemetry.exporters.one_by_one import one_by_one
from tocsin.telemetry.logs.entry import SOURCE
from tocsin.telemetry.logs.error_events import LINES, STACK, error_context
from tocsin.telemetry.logs.timestamps import rfc3339
from tocsin.telemetry.settings import TelemetrySettings

try:
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.errorreporting_v1beta1 import ReportedErrorEvent, ReportErrorsServiceClient
    from google.cloud.errorreporting_v1beta1.services.report_errors_service.transports import (
        ReportErrorsServiceGrpcTransport,
    )

    from tocsin.telemetry.exporters.cloud_monitoring.answers import undelivered
except ImportError as error:
    raise missing("gcp", error) from error

NAME: Final = "error_events"
EVENTS_PER_BATCH: Final = 20
QUEUE_EVENTS: Final = 1_000
QUEUE_BYTES: Final = 8_388_608


class Redacts(Protocol):
    """What is asked of a :class:`~tocsin.telemetry.redaction.Redactor`."""

    def text(self, text: str) -> str:
        """``text`` without what must not leave."""
        ...


class ErrorReporting:
    """The reporter: takes events from the log pipeline; never waits."""

    takes_answers = False  # what a service answers on purpose is no error of the program

    def __init__(
        self, queue: BoundedQueue, service_context: Mapping[str, str], redactor: Redacts
    ) -> None:
        self._queue = queue
        self._service_context = dict(service_context)
        self._redactor = redactor

    def report(self, event: ErrorEvent) -> None:
        """Queue one event."""
        shown = orjson.dumps(self._event(event))
        self._queue.put(shown, len(shown))

    def _event(self, event: ErrorEvent) -> dict[str, Any]:
        stack = event.entry.get(STACK) or "\n".join(event.entry.get(LINES, ()))
        told: dict[str, Any] = {
            "eventTime": rfc3339(event.wall_ns),
            "serviceContext": self._service_context,
            "message": stack or event.entry.get("message", ""),
        }
        context = error_context(
            event.request,
            event.context,
            None if stack else _place(event.entry.get(SOURCE)),
            lambda _name, text: self._redactor.text(text),
        )
        if context:
            told["context"] = context
        return told


class ErrorCarrier:
    """The carrier: one call for each event, for the API takes no more."""

    def __init__(
        self,
        endpoint: GoogleEndpoint,
        *,
        clock: Clock | None = None,
        connect: Callable[[GoogleEndpoint], Any] | None = None,
    ) -> None:
        """Take where to report; nothing is opened before the first event."""
        self._endpoint = endpoint
        self._clock: Clock = clock if clock is not None else SystemClock()
        self._connect = connect if connect is not None else _client
        self._client: Any = None

    def carry(self, batch: Sequence[bytes], *, timeout_s: float) -> Receipt:
        """Report the events, in order; after one that was not answered the rest waits.

        Raises:
            Undelivered: the first was not answered.
        """
        return one_by_one(batch, self._report, timeout_s=timeout_s, clock=self._clock)

    def renew_in_child(self) -> None:
        """After a fork: the connection is the parent's."""
        leave_to_parent(self._client)
        self._client = None

    def _report(self, shown: bytes, timeout_s: float) -> None:
        try:
            if self._client is None:
                self._client = self._connect(self._endpoint)
            self._client.report_error_event(
                project_name=self._endpoint.name,
                event=ReportedErrorEvent.from_json(shown.decode()),
                timeout=timeout_s,
                retry=None,
            )
        except (GoogleAPICallError, RetryError, GoogleAuthError) as error:
            raise undelivered(error) from error


def error_courier(
    endpoint: GoogleEndpoint,
    settings: TelemetrySettings,
    redactor: Redacts,
    *,
    every_s: float = 1.0,
    timeout_s: float = 5.0,
    backoff: Backoff | None = None,
    max_events: int = QUEUE_EVENTS,
) -> tuple[Courier, ErrorReporting]:
    """The courier, and the reporter for :meth:`ErrorReports.add`.

    When the queue is full the newest give way: a story's first error explains the rest.
    """
    queue = BoundedQueue(max_items=max_events, max_bytes=QUEUE_BYTES, drop="newest", wake_at=1)
    courier = Courier(
        NAME,
        ErrorCarrier(endpoint),
        every_s=every_s,
        queue=queue,
        batch_items=EVENTS_PER_BATCH,
        timeout_s=timeout_s,
        backoff=backoff,
    )
    service_context = {"service": settings.service, "version": settings.version}
    return courier, ErrorReporting(queue, service_context, redactor)


def _client(endpoint: GoogleEndpoint) -> Any:
    return ReportErrorsServiceClient(transport=endpoint.transport(ReportErrorsServiceGrpcTransport))


def _place(source: Any) -> tuple[str, int, str] | None:
    if not isinstance(source, Mapping):
        return None
    return str(source["file"]), int(source["line"]), str(source["function"])
