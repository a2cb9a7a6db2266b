"""Sentry's own HTTP transport, with our courier in place of its thread.

Sentry's transport knows the ingest's protocol: authentication, compression, rate limits.
Its worker is replaced: envelopes wait in a bounded queue whose drops are counted with all
others, are sent by the courier's thread, within its time limits, and belong to the one
flush at the end. A repeated event is known by its ``event_id``.
"""

from collections.abc import Sequence
from typing import Any, Final

from tocsin.clock import Clock, SystemClock
from tocsin.telemetry.delivery import BoundedQueue, Receipt, Undelivered
from tocsin.telemetry.exporters.google import missing
from tocsin.telemetry.exporters.one_by_one import one_by_one

try:
    import urllib3
    from sentry_sdk.envelope import Envelope
    from sentry_sdk.transport import HttpTransport
except ImportError as error:
    raise missing("sentry", error) from error

QUEUE_EVENTS: Final = 200
QUEUE_BYTES: Final = 8_388_608
_SERVER_ERRORS: Final = "status_5"
_FIRST_SERVER_ERROR: Final = 500


class QueuedTransport(HttpTransport):
    """Puts envelopes into ``queue``; :class:`SentryCarrier` takes them out."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        # The newest give way: a story's first error explains the rest.
        self.queue = BoundedQueue(
            max_items=QUEUE_EVENTS, max_bytes=QUEUE_BYTES, drop="newest", wake_at=1
        )
        self._timeout_s = 0.0
        self._dropped_for = ""

    def capture_envelope(self, envelope: Envelope) -> None:
        """Queue; never waits."""
        size_bytes = sum(len(item.get_bytes()) for item in envelope.items)
        if not self.queue.put(envelope, size_bytes):
            for item in envelope.items:
                self.record_lost_event("queue_overflow", item=item)

    def flush(self, timeout: float, callback: Any = None) -> None:
        """Leave it to the courier, who has one budget for all exporters."""

    def on_dropped_event(self, reason: str) -> None:
        """Note why the ingest did not take what is being sent."""
        self._dropped_for = reason

    def send(self, envelope: Envelope, timeout_s: float) -> None:
        """Send one.

        Raises:
            Undelivered: it was not taken, for now or for good.
        """
        self._timeout_s, self._dropped_for = timeout_s, ""
        try:
            self._send_envelope(envelope)
        except urllib3.exceptions.TimeoutError as error:
            raise Undelivered("DEADLINE_EXCEEDED") from error
        except urllib3.exceptions.HTTPError as error:
            raise Undelivered("UNAVAILABLE", detail=type(error).__name__) from error
        if self._dropped_for:
            again = self._dropped_for.startswith(_SERVER_ERRORS)
            raise Undelivered(self._dropped_for, again=again)

    def renew_in_child(self) -> None:
        """After a fork: connections are the parent's."""
        self._pool = self._make_pool()

    def _request(self, method: str, endpoint_type: Any, body: Any, headers: Any) -> Any:
        return self._pool.request(
            method,
            self._auth.get_api_url(endpoint_type),
            body=body,
            headers=headers,
            timeout=urllib3.Timeout(total=self._timeout_s),
            retries=False,  # the courier's business
        )

    def _handle_response(self, response: Any, envelope: Any) -> None:
        if response.status >= _FIRST_SERVER_ERROR:  # not lost yet: it is sent again
            self.on_dropped_event(f"status_{response.status}")
            return
        super()._handle_response(response, envelope)


class SentryCarrier:
    """The carrier of envelopes, one call each."""

    def __init__(self, transport: QueuedTransport, *, clock: Clock | None = None) -> None:
        self._transport = transport
        self._clock: Clock = clock if clock is not None else SystemClock()

    def carry(self, batch: Sequence[Envelope], *, timeout_s: float) -> Receipt:
        """Send the envelopes, in order; after one that was not answered the rest waits.

        Raises:
            Undelivered: the first was not answered.
        """
        return one_by_one(batch, self._transport.send, timeout_s=timeout_s, clock=self._clock)

    def renew_in_child(self) -> None:
        """After a fork."""
        self._transport.renew_in_child()
