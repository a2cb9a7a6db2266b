"""Writes batches of lines by Google's own client; the courier decides when and how often.

A batch is one call of at most 1,000 entries and of a few MB, far from the 10 MB that a
call may have. The resource is ``generic_task``, the one under which our metrics are
written, or on Cloud Run the revision, under which Google files what it reads from stdout
(docs.cloud.google.com/logging/docs/api/v2/resource-list).
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tocsin.clock import Clock, SystemClock
from tocsin.telemetry.delivery import BoundedQueue, Courier, Receipt, Undelivered
from tocsin.telemetry.delivery.backoff import Backoff
from tocsin.telemetry.exporters.cloud_logging.lines import LogLines, NumberedLine
from tocsin.telemetry.exporters.google import GoogleEndpoint, leave_to_parent, missing
from tocsin.telemetry.resource import GenericTask, Writer

try:
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
    from google.cloud.logging_v2.services.logging_service_v2.transports import (
        LoggingServiceV2GrpcTransport,
    )
    from google.cloud.logging_v2.types import WriteLogEntriesRequest

    from tocsin.telemetry.exporters.cloud_logging.answers import receipt_of, undelivered
    from tocsin.telemetry.exporters.cloud_logging.entries import entry_of
except ImportError as error:
    raise missing("gcp", error) from error

NAME: Final = "log_lines"
ENTRIES_PER_CALL: Final = 1_000
LINE_BYTES_PER_CALL: Final = 1_000_000
"""As an object an entry weighs up to seven times its line, so this stays below 10 MB."""
QUEUE_LINES: Final = 20_000
QUEUE_BYTES: Final = 16_777_216

_RAW_REQUEST: Final[Any] = WriteLogEntriesRequest.pb(WriteLogEntriesRequest()).__class__
_NOT_IN_A_LOG_ID: Final = re.compile(r"[^A-Za-z0-9_.-]")
_MILLISECOND_NS: Final = 1_000_000


class CloudLogging:
    """The carrier of lines."""

    def __init__(
        self,
        endpoint: GoogleEndpoint,
        writer: Writer,
        *,
        log_id: str,
        environ: Mapping[str, str],
        connect: Callable[[GoogleEndpoint], Any] | None = None,
    ) -> None:
        """Take where to write and as whom; nothing is opened before the first batch."""
        self._endpoint = endpoint
        self._writer = writer
        self._log_name = f"{endpoint.name}/logs/{_NOT_IN_A_LOG_ID.sub('_', log_id)[:500]}"
        self._environ = environ
        self._connect = connect if connect is not None else _client
        self._client: Any = None

    def carry(self, batch: Sequence[NumberedLine], *, timeout_s: float) -> Receipt:
        """Write the lines, in order.

        Raises:
            Undelivered: nothing is known of the batch, or all of it was refused.
        """
        client = self._connected()
        request = _RAW_REQUEST(log_name=self._log_name, partial_success=True)
        kind, labels = resource_of(self._writer.task(), self._environ)
        request.resource.type = kind
        request.resource.labels.update(labels)
        request.entries.extend(entry_of(insert_id, line) for insert_id, line in batch)
        try:
            client.write_log_entries(
                request=WriteLogEntriesRequest.wrap(request), timeout=timeout_s, retry=None
            )
        except (GoogleAPICallError, RetryError, GoogleAuthError) as error:
            receipt = receipt_of(error, len(batch))
            if receipt is None:
                raise undelivered(error) from error
            return receipt
        return Receipt(delivered=len(batch))

    def renew_in_child(self) -> None:
        """After a fork: the connection is the parent's."""
        leave_to_parent(self._client)
        self._client = None

    def _connected(self) -> Any:
        if self._client is None:
            try:
                self._client = self._connect(self._endpoint)
            except GoogleAuthError as error:
                raise Undelivered("no_credentials", again=False, detail=str(error)) from error
        return self._client


def resource_of(task: GenericTask, environ: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The monitored resource of our lines: type and labels.

    ``K_SERVICE`` and ``K_REVISION`` are Cloud Run's (run/docs/container-contract).
    """
    service, revision = environ.get("K_SERVICE", ""), environ.get("K_REVISION", "")
    if not (service and revision):
        return "generic_task", task.labels
    return "cloud_run_revision", {
        "project_id": task.project,
        "location": task.location,
        "service_name": service,
        "revision_name": revision,
        "configuration_name": environ.get("K_CONFIGURATION", service),
    }


def log_courier(
    endpoint: GoogleEndpoint,
    writer: Writer,
    *,
    log_id: str,
    every_s: float = 1.0,
    timeout_s: float = 5.0,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
    backoff: Backoff | None = None,
    max_lines: int = QUEUE_LINES,
    max_bytes: int = QUEUE_BYTES,
) -> tuple[Courier, LogLines]:
    """The courier, and what :meth:`LogPipeline.send_also` is given.

    ``log_id`` names the log, as a rule by the service. In an outage the oldest lines give
    way: what happens now is what somebody looks for.
    """
    queue = BoundedQueue(max_items=max_lines, max_bytes=max_bytes, drop="oldest", wake_at=500)
    carrier = CloudLogging(
        endpoint, writer, log_id=log_id, environ=os.environ if environ is None else environ
    )
    courier = Courier(
        NAME,
        carrier,
        every_s=every_s,
        queue=queue,
        batch_items=ENTRIES_PER_CALL,
        batch_bytes=LINE_BYTES_PER_CALL,
        timeout_s=timeout_s,
        backoff=backoff,
    )
    started = (clock if clock is not None else SystemClock()).wall_ns() // _MILLISECOND_NS
    return courier, LogLines(queue, life=f"{started:x}-{os.getpid():x}")


def _client(endpoint: GoogleEndpoint) -> Any:
    return LoggingServiceV2Client(transport=endpoint.transport(LoggingServiceV2GrpcTransport))
