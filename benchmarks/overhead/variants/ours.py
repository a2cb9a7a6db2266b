"""tocsin as a service uses it: installed, wrapped around the application, writing to a file."""

from overhead.service import service
from overhead.sink import Sink
from overhead.variant import Built
from tocsin.telemetry.assembly import Telemetry
from tocsin.telemetry.delivery.bounded_queue import BoundedQueue
from tocsin.telemetry.delivery.carrier import Receipt
from tocsin.telemetry.http_metrics import HttpMetrics
from tocsin.telemetry.metrics import MetricsClient
from tocsin.telemetry.settings import Environment, TelemetrySettings
from tocsin.telemetry.testing import parse_lines


class Spans:
    """The queue that a courier empties, and a carrier that discards what was vetted."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._queue = BoundedQueue(max_items=4096, max_bytes=1 << 24)
        self._carrier = telemetry.trace_to(self._queue).carrier(self)
        self.carried = 0

    def carry(self, batch, *, timeout_s: float) -> Receipt:  # noqa: ARG002 - a carrier
        self.carried += len(batch)
        return Receipt(delivered=len(batch))

    def drain(self) -> None:
        batch = self._queue.take(4096, 1 << 24)
        if batch:
            self._carrier.carry(batch, timeout_s=1.0)


def build_tocsin_trace_10() -> Built:
    return _built("tocsin_trace_10", traced=True)


def build_tocsin() -> Built:
    return _built("tocsin", traced=False)


def _built(name: str, *, traced: bool) -> Built:
    sink = Sink(name)
    client = MetricsClient("bench")
    http = HttpMetrics(client)
    settings = TelemetrySettings(
        service="bench",
        environment=Environment.PRODUCTION,
        version="1.0",
        google_project="bench-project",
    )
    telemetry = Telemetry(
        settings,
        metrics=client,
        http=http,
        pseudonym_key=b"a key for the benchmark alone",
        stream=sink.file,
    )
    spans = Spans(telemetry) if traced else None
    app = service()
    telemetry.install()
    telemetry.wrap(app)

    def drain() -> None:
        telemetry.logs.flush(1.0)
        if spans is not None:
            spans.drain()

    def evidence() -> dict[str, int]:
        drain()
        shown = {"lines": sink.lines(), "counted": round(http.requests.total_events())}
        return shown if spans is None else shown | {"spans": spans.carried}

    def check() -> None:
        """The last line is whole: it names route, ids, trace, pseudonym and latency."""
        line = parse_lines(sink.last_line + b"\n")[0]
        owed = {"route", "request_id", "client", "logging.googleapis.com/trace", "first_byte_s"}
        assert owed <= line.keys(), line
        assert line["httpRequest"]["latency"].endswith("s"), line
        assert "203.0.113." not in sink.last_line.decode(), line

    return Built(app, drain=drain, between=sink.between, evidence=evidence, check=check)
