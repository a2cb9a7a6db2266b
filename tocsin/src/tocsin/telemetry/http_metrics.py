"""What every request leaves in the metrics, whatever becomes of it.

A label is a route's template, never a path; invented methods share ``_OTHER``, and what the
router does not know shares ``<unmatched>`` (D09, behaviours 9 and 10). Probes have series of
their own, so that no indicator of the service is made of them (D35).

``finished`` runs on every request, so it is written for speed: it looks one record up and
adds to the cells of five series under one lock. All else goes by the instruments.

>>> from tocsin.telemetry.metrics import MetricsClient
>>> http = HttpMetrics(MetricsClient("shop"))
>>> http.finished("GET", "/books/{id}", 200, 0.012, 0.011, 0, 512)
>>> http.requests.value(method="GET", endpoint="/books/{id}", status_code=200)
1.0
"""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from tocsin.telemetry.context import RequestContext
from tocsin.telemetry.metrics.client import MetricsClient
from tocsin.telemetry.metrics.instrument import Instrument
from tocsin.telemetry.metrics.instruments import refused
from tocsin.telemetry.metrics.labels import bounded, one_of
from tocsin.telemetry.metrics.labels import status_code as status_label
from tocsin.telemetry.metrics.store import Series
from tocsin.telemetry.websocket_metrics import CONNECTION_BUCKETS_S, WebSocketMetrics

UNMATCHED: Final = "<unmatched>"
"""The endpoint of a request for which the router has no route."""
OTHER_METHOD: Final = "_OTHER"
"""OpenTelemetry's word for a method that is not known
(https://opentelemetry.io/docs/specs/semconv/http/http-metrics/)."""
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

# Alert 6 asks whether the 95th percentile is over 2 s: bounds stand close on both sides.
DURATION_BUCKETS_S: Final = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 30.0),
)
FIRST_BYTE_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
SIZE_BUCKETS_BYTES: Final = (256.0, 1024.0, 4096.0, 16384.0, 65536.0, 1048576.0, 16777216.0)
STARTED_STATUSES: Final = ("429", "500")
"""What alarms listen for: exported at 0 for known routes, so that the first one is a rise."""

INFINITY: Final = float("inf")
_ENDPOINTS_AT_MOST: Final = 150
_PROBES_AT_MOST: Final = 20
_REQUEST_SERIES_AT_MOST: Final = 4000

_Record = tuple[Series, Series, Series, Series, Series]


class HttpMetrics:
    """The instruments of requests and WebSockets; one object per service.

    Times are in seconds, sizes in bytes of body. ``in_flight`` is a bound gauge: ``inc()`` as
    a request begins and ``dec()`` as it ends, whichever way.
    """

    def __init__(
        self,
        client: MetricsClient,
        *,
        max_endpoints: int = _ENDPOINTS_AT_MOST,
        websockets: bool = True,
    ) -> None:
        """Declare the instruments; each holds ``max_endpoints`` templates at the most.

        A service without ``websockets`` declares none for them: an instrument that nothing
        can move is an empty panel, or an alarm that can never ring (D44).
        """
        self._client = client
        self._lock = client.store.lock
        self._records: dict[tuple[str, str, int], _Record] = {}
        self._declare_requests(max_endpoints)
        self._declare_sizes(max_endpoints)
        of_endpoints = bounded("endpoint", max_endpoints + 1, reserved=(UNMATCHED,))
        self.websockets = WebSocketMetrics(client, of_endpoints) if websockets else None
        self._by_endpoint: tuple[Instrument, ...] = (
            self.requests,
            self.duration,
            self.first_byte,
            self.background_failures,
            self.stream_duration,
            self.request_size,
            self.response_size,
            *(self.websockets.by_endpoint if self.websockets is not None else ()),
        )
        probe = bounded("endpoint", _PROBES_AT_MOST)
        self.probes = client.counter(
            "http_probe_requests_total",
            "Health checks and scrapes, kept out of the service's indicators.",
            labels=(probe, status_label("status_code")),
        )
        self.probe_duration = client.histogram(
            "http_probe_duration_seconds",
            "Time to answer a health check or a scrape.",
            labels=(probe,),
            buckets=FIRST_BYTE_BUCKETS_S,
        )

    def _declare_requests(self, max_endpoints: int) -> None:
        client = self._client
        method = one_of("method", *METHODS, OTHER_METHOD, other=OTHER_METHOD)
        endpoint = bounded("endpoint", max_endpoints + 1, reserved=(UNMATCHED,))
        pairs = method.size * endpoint.size
        self.requests = client.counter(
            "http_request_total",
            "Requests served, whatever their end.",
            labels=(method, endpoint, status_label("status_code")),
            max_series=_REQUEST_SERIES_AT_MOST,
        )
        self.duration = client.histogram(
            "http_request_duration_seconds",
            "From the request to the last byte of the answer; of a stream, to the first.",
            labels=(method, endpoint),
            buckets=DURATION_BUCKETS_S,
            max_series=pairs,
        )
        self.first_byte = client.histogram(
            "http_response_first_byte_seconds",
            "From the request to the first byte of the answer.",
            labels=(method, endpoint),
            buckets=FIRST_BYTE_BUCKETS_S,
            max_series=pairs,
        )
        in_flight = client.gauge(
            "http_requests_in_flight", "Requests being served now.", across_workers="livesum"
        )
        self.in_flight = in_flight.bind()
        self._in_flight = in_flight.series_of(())
        self.background_failures = client.counter(
            "http_background_task_failures_total",
            "Background tasks that failed after their request was answered.",
            labels=(endpoint,),
        )

    def _declare_sizes(self, max_endpoints: int) -> None:
        client = self._client
        endpoint = bounded("endpoint", max_endpoints + 1, reserved=(UNMATCHED,))
        self.stream_duration = client.histogram(
            "http_stream_duration_seconds",
            "From the request to the end of an answer that is streamed.",
            labels=(endpoint,),
            buckets=CONNECTION_BUCKETS_S,
        )
        self.request_size = client.histogram(
            "http_request_size_bytes",
            "Body that came with a request.",
            labels=(endpoint,),
            buckets=SIZE_BUCKETS_BYTES,
        )
        self.response_size = client.histogram(
            "http_response_size_bytes",
            "Body of the answer.",
            labels=(endpoint,),
            buckets=SIZE_BUCKETS_BYTES,
        )

    def known_routes(
        self, routes: Iterable[tuple[str, str]], *, started: Iterable[str] = STARTED_STATUSES
    ) -> list[str]:
        """Give the service's own ``(method, endpoint)`` pairs their place, before strangers.

        Each is exported at 0 for the ``started`` statuses. Returns the endpoints for which
        there is no room; raise ``max_endpoints`` then, or they are counted as ``other``.
        """
        pairs = list(routes)
        statuses = list(started)
        endpoints = list(dict.fromkeys(endpoint for _, endpoint in pairs))
        left_out: dict[str, None] = {}
        for instrument in self._by_endpoint:
            left_out |= dict.fromkeys(instrument.reserve("endpoint", endpoints))
        for method, endpoint in pairs:
            for status in statuses:
                self.requests.start(method=_known(method), endpoint=endpoint, status_code=status)
        return list(left_out)

    def begun(self) -> None:
        """One more request is in flight, until ``finished(…, ends_flight=True)``."""
        series = self._in_flight
        with self._lock:
            series.cells[series.at] += 1.0

    def finished(  # noqa: PLR0917 - keywords would cost more than the recording
        self,
        method: str,
        endpoint: str,
        status_code: int,
        duration_s: float,
        first_byte_s: float | None,
        request_bytes: int,
        response_bytes: int,
        streamed: bool = False,  # noqa: FBT001, FBT002 - as above
        ends_flight: bool = False,  # noqa: FBT001, FBT002 - as above
    ) -> None:
        """Count one request, at its very end.

        ``first_byte_s`` is ``None`` where nothing was answered. ``streamed`` says that the
        answer came without a length, as event streams do: its whole time goes to the
        streams' histogram, and what the user waited for counts as its duration.
        ``ends_flight`` takes back what :meth:`begun` counted.
        """
        try:
            first_s = duration_s if first_byte_s is None else first_byte_s
            if not 0 <= first_s <= duration_s < INFINITY or request_bytes < 0 or response_bytes < 0:
                raise refused(  # noqa: TRY301 - met below, with all else that may go wrong
                    self.duration.name, "times and sizes of 0 or more", duration_s
                )
            record = self._records.get((method, endpoint, status_code))
            if record is None:
                record = self._record(method, endpoint, status_code)
            total, duration, first_byte, request_size, response_size = record
            if streamed:
                self.stream_duration.observe(duration_s, endpoint=endpoint)
                duration_s = first_s
            of_duration = bisect_left(DURATION_BUCKETS_S, duration_s) + 1
            of_first = bisect_left(FIRST_BYTE_BUCKETS_S, first_s) + 1
            of_request = bisect_left(SIZE_BUCKETS_BYTES, request_bytes) + 1
            of_response = bisect_left(SIZE_BUCKETS_BYTES, response_bytes) + 1
            with self._lock:  # from here on nothing fails
                if ends_flight:
                    self._in_flight.cells[self._in_flight.at] -= 1.0
                total.cells[total.at] += 1.0
                cells, at = duration.cells, duration.at
                cells[at] += duration_s
                cells[at + of_duration] += 1.0
                if first_byte_s is not None:
                    cells, at = first_byte.cells, first_byte.at
                    cells[at] += first_s
                    cells[at + of_first] += 1.0
                cells, at = request_size.cells, request_size.at
                cells[at] += request_bytes
                cells[at + of_request] += 1.0
                cells, at = response_size.cells, response_size.at
                cells[at] += response_bytes
                cells[at + of_response] += 1.0
        except Exception as error:  # noqa: BLE001 - recording never fails the request (D-8)
            # The request counts all the same, once; only its measurements are lost.
            if ends_flight:
                self.in_flight.dec()
            self.requests.inc(method=_known(method), endpoint=endpoint, status_code=status_code)
            self.duration.failed(error)

    def exemplify(
        self,
        method: str,
        endpoint: str,
        status_code: int,
        duration_s: float,
        context: RequestContext,
    ) -> None:
        """Keep a sampled request's duration as an example of its bucket, after ``finished``."""
        record = self._records.get((method, endpoint, status_code))
        if record is not None and 0 <= duration_s < INFINITY:
            bucket = bisect_left(DURATION_BUCKETS_S, duration_s) + 1
            self.duration.exemplify(record[1], bucket, duration_s, context)

    def probe(self, endpoint: str, status_code: int, duration_s: float) -> None:
        """Count one health check or scrape."""
        self.probes.inc(endpoint=endpoint, status_code=status_code)
        self.probe_duration.observe(duration_s, endpoint=endpoint)

    def background_task_failed(self, endpoint: str) -> None:
        """Count a background task that failed after its request was answered."""
        self.background_failures.inc(endpoint=endpoint)

    def websocket_opened(self) -> None:
        """A WebSocket was accepted."""
        if self.websockets is not None:
            self.websockets.opened()

    def websocket_message(self, endpoint: str, direction: str) -> None:
        """A message was ``received`` or ``sent``."""
        if self.websockets is not None:
            self.websockets.message(endpoint, direction)

    def websocket_closed(self, endpoint: str, code: int, duration_s: float) -> None:
        """An accepted WebSocket is over; ``code`` as in RFC 6455, section 7.4."""
        if self.websockets is not None:
            self.websockets.closed(endpoint, code, duration_s)

    def _record(self, method: str, endpoint: str, status_code: int) -> _Record:
        known = _known(method)
        record = (
            self.requests.series_of((known, endpoint, status_code)),
            self.duration.series_of((known, endpoint)),
            self.first_byte.series_of((known, endpoint)),
            self.request_size.series_of((endpoint,)),
            self.response_size.series_of((endpoint,)),
        )
        # What was folded is looked up afresh each time, so that each time is counted.
        if record[0].labels == (method, endpoint, str(status_code)):
            self._records[method, endpoint, status_code] = record
        return record


def _known(method: str) -> str:
    return method if method in METHODS else OTHER_METHOD
