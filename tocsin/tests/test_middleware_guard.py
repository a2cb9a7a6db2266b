"""Telemetry may fail; the request may not (decision D-8)."""

import io
from typing import Any

import pytest
from fastapi import FastAPI
from wire import Wire, ask

from tocsin.telemetry.assembly import Telemetry
from tocsin.telemetry.http_metrics import HttpMetrics
from tocsin.telemetry.metrics import MetricsClient
from tocsin.telemetry.redaction import Redactor
from tocsin.telemetry.routes import RouteTable
from tocsin.telemetry.settings import Environment, TelemetrySettings
from tocsin.telemetry.testing import parse_lines

_PRODUCTION = TelemetrySettings(service="test", environment=Environment.PRODUCTION)


class _BrokenStream(io.RawIOBase):
    """A log stream on a full disk."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        raise OSError(28, "No space left on device")


class _BrokenMetrics(HttpMetrics):
    """Instruments that refuse every measurement."""

    def finished(self, *args: Any, **more: Any) -> None:
        raise ArithmeticError("the metric broke")


class _BrokenRedactor(Redactor):
    """A redactor that fails on everything."""

    def text(self, text: str) -> str:
        raise RecursionError("the redactor broke")

    def url_path(self, path: str) -> str:
        raise RecursionError("the redactor broke")

    def event(self, event: Any) -> dict[str, Any]:
        raise RecursionError("the redactor broke")


def _no_randomness(count: int) -> bytes:
    raise OSError("no randomness")


def _app() -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.add_api_route("/lessons/{lesson}", lambda lesson: {"lesson": lesson})
    app.add_api_route("/raises", _raises)
    return app


def _raises() -> None:
    raise ValueError("unforeseen")


def _telemetry(app: FastAPI, **broken: Any) -> Telemetry:
    client = MetricsClient("test")
    http = broken.pop("http", HttpMetrics)(client)
    telemetry = Telemetry(
        _PRODUCTION,
        metrics=client,
        http=http,
        pseudonym_key=b"a key of sixteen bytes or more",
        **{"stream": io.BytesIO(), **broken},
    )
    telemetry.wrap(app)
    return telemetry


@pytest.mark.parametrize(
    "broken",
    [
        {"stream": _BrokenStream()},
        {"http": _BrokenMetrics},
        {"redactor": _BrokenRedactor()},
        {"random_bytes": _no_randomness},
    ],
    ids=["stream", "metric", "redactor", "randomness"],
)
@pytest.mark.parametrize(("path", "status"), [("/lessons/lovelace", 200), ("/raises", 500)])
async def test_a_broken_part_of_telemetry_leaves_the_request_served(broken, path, status):
    """Logger, metric, redactor, randomness: each breaks in turn, and the answer is the same."""
    app = _app()
    telemetry = _telemetry(app, **broken)

    telemetry.install()
    wire = await ask(
        app, "GET", path, headers={"User-Agent": "Lesson/1", "X-Request-ID": "a.b.c.d-1"}
    )
    telemetry.close(timeout_s=0.5)

    assert (wire.status, wire.whole) == (status, True)


async def test_a_broken_metric_costs_no_log_line_and_is_counted():
    """Each step stands behind the guard alone."""
    app = _app()
    stream = io.BytesIO()
    telemetry = _telemetry(app, http=_BrokenMetrics, stream=stream)

    wire = await ask(app, "GET", "/lessons/lovelace")
    telemetry.logs.flush(1.0)

    line = parse_lines(stream.getvalue())[-1]
    assert line["request_id"] == wire.headers["x-request-id"]
    assert telemetry.guard.caught == {"recording.metrics": 1}


async def test_a_broken_redactor_withholds_what_it_could_not_vet():
    """Failing closed: the path and the user agent are missing, the rest of the line is there."""
    app = _app()
    stream = io.BytesIO()
    telemetry = _telemetry(app, redactor=_BrokenRedactor(), stream=stream)

    await ask(app, "GET", "/lessons/lovelace", headers={"User-Agent": "lovelace@school.example"})
    telemetry.logs.flush(1.0)

    written = stream.getvalue()
    request = parse_lines(written)[-1]["httpRequest"]
    assert (request["requestUrl"], request["userAgent"]) == ("[withheld]", "[withheld]")
    assert b"lovelace" not in written


async def test_under_test_a_failure_of_telemetry_is_raised():
    """A fault that production would swallow stops the test that meets it."""
    app = _app()
    client = MetricsClient("test")
    telemetry = Telemetry(
        TelemetrySettings(service="test", environment=Environment.TEST),
        metrics=client,
        http=_BrokenMetrics(client),
        pseudonym_key=b"a key of sixteen bytes or more",
        stream=io.BytesIO(),
    )
    telemetry.wrap(app)

    wire = await ask(app, "GET", "/lessons/lovelace")

    assert isinstance(wire.error, ArithmeticError)


async def test_odd_messages_of_server_and_application_are_passed_on():
    """A message without a body, or of a kind that we do not know, is not ours to refuse."""
    telemetry = _telemetry(_app())
    passed: list[dict[str, Any]] = []

    async def odd(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "http.request"
        await send({"type": "http.response.early_hint", "links": []})
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    watched = telemetry.middleware(odd, RouteTable(_app()))
    wire = Wire("GET", "/odd", on_message=passed.append)
    wire._chunks = [None]
    await wire.ask(watched)

    assert [message["type"].rpartition(".")[2] for message in passed] == [
        "early_hint",
        "start",
        "body",
    ]
    assert telemetry.guard.caught == {}
