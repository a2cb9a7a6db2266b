"""tocsin as a service uses it: installed, wrapped around the application, writing to a file."""

from overhead.service import service
from overhead.sink import Sink
from overhead.variant import Built
from tocsin.telemetry.assembly import Telemetry
from tocsin.telemetry.http_metrics import HttpMetrics
from tocsin.telemetry.metrics import MetricsClient
from tocsin.telemetry.settings import Environment, TelemetrySettings
from tocsin.telemetry.testing import parse_lines


def build_tocsin() -> Built:
    sink = Sink("tocsin")
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
    app = service()
    telemetry.install()
    telemetry.wrap(app)

    def drain() -> None:
        telemetry.logs.flush(1.0)

    def evidence() -> dict[str, int]:
        drain()
        return {"lines": sink.lines(), "counted": round(http.requests.total_events())}

    def check() -> None:
        """The last line is whole: it names route, ids, trace, pseudonym and latency."""
        line = parse_lines(sink.last_line + b"\n")[0]
        owed = {"route", "request_id", "client", "logging.googleapis.com/trace", "first_byte_s"}
        assert owed <= line.keys(), line
        assert line["httpRequest"]["latency"].endswith("s"), line
        assert "203.0.113." not in sink.last_line.decode(), line

    return Built(app, drain=drain, between=sink.between, evidence=evidence, check=check)
