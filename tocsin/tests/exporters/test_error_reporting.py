"""By API or by line, Error Reporting counts each failure once."""

import pytest
from exporters_of_lines import PROJECT, SOON_S, Leaving, captured, endpoint_of, quickly
from fastapi import FastAPI, HTTPException
from wire import ask

from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.telemetry.context import bind_user
from tocsin.telemetry.exporters.error_reporting import error_courier
from tocsin.telemetry.logs import get_logger

pytestmark = pytest.mark.servers

NAME = "error_events"
PSEUDONYM = "0123456789ab"
log = get_logger("shop.cart")


@pytest.fixture
def cloud():
    with RunningCloud() as running:
        yield running


def fill_the_cart(text: str = "the cart of ada@school.example is empty") -> None:
    raise LookupError(text)


def _fail(times: int = 1) -> None:
    for _ in range(times):
        try:
            fill_the_cart()
        except LookupError:
            log.exception("cart_refused")


def _app() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/carts/{number}")
    async def raises(number: int) -> None:
        bind_user(PSEUDONYM, "student")
        fill_the_cart()

    @app.get("/busy")
    async def busy() -> None:
        raise HTTPException(503)

    return app


def _by_api(telemetry, cloud, **options) -> Leaving:
    known = telemetry.telemetry
    options.setdefault("backoff", quickly())
    courier, reporter = error_courier(endpoint_of(cloud), known.settings, known.redactor, **options)
    known.errors.add(reporter, instead_of_lines=True)
    return Leaving(telemetry, [courier])


def _read_lines(telemetry, cloud) -> None:
    """Let the agent read what the process printed, as on Cloud Run."""
    telemetry.telemetry.logs.flush(5.0)
    for line in telemetry.stream.getvalue().splitlines(keepends=True):
        with cloud.world.lock:
            cloud.logs.take_line(line, project=PROJECT)


async def test_an_error_by_api_is_not_counted_again_by_its_line(cloud):
    """The agent reads the lines as well; one failure stays one event (D26, behaviour 32)."""
    app = _app()
    with captured(app) as telemetry, _by_api(telemetry, cloud) as leaving:
        await ask(app, "GET", "/carts/7", headers={"User-Agent": "curl/8 a@school.example"})
        await ask(app, "GET", "/busy")
        leaving.flush()
        _read_lines(telemetry, cloud)

    (group,) = cloud.errors.groups()
    (event,) = group.events
    assert (group.kind, group.count, group.users) == ("LookupError", 1, (PSEUDONYM,))
    assert (event.service, event.version) == ("shop", "1.4.2")
    assert dict(event.http) == {
        "method": "GET",
        "url": "/carts/{number}",
        "responseStatusCode": 500,
        "userAgent": "curl/8 [redacted]",
    }
    assert "ada@school.example" not in event.message
    assert leaving.items(NAME, "delivered") == 1
    assert cloud.world.rules.breaches == {}


def test_api_and_line_make_the_same_group(cloud):
    """Whoever changes the way loses no history: type and frames are the same (D26)."""
    with captured() as by_line:
        _fail()
    _read_lines(by_line, cloud)

    with captured() as by_api, _by_api(by_api, cloud):
        _fail()

    (group,) = cloud.errors.groups()
    assert group.count == 2


def test_a_crash_without_an_exception_is_reported_with_its_place(cloud):
    """The API refuses plain text without a report location; it is given one (D26)."""
    with captured() as telemetry, _by_api(telemetry, cloud):
        log.critical("ledger_unreadable")

    (group,) = cloud.errors.groups()
    assert group.events[0].message == "ledger_unreadable"
    assert group.events[0].location["filePath"] == __file__
    assert cloud.world.rules.breaches == {}


@pytest.mark.parametrize("kind", ["unavailable", "reset"])
def test_a_report_that_was_not_answered_is_made_again(cloud, kind):
    """The rest of the batch waits its turn, and nothing is lost (behaviour 5)."""
    with (
        captured() as telemetry,
        _by_api(telemetry, cloud) as leaving,
        cloud.faults.ask(kind, on="ReportErrorEvent", times=2) as fault,
    ):
        _fail(5)
        leaving.flush()

    assert fault.happened == 2
    assert sum(group.count for group in cloud.errors.groups()) == 5
    assert leaving.items(NAME, "delivered") == 5


def test_a_refused_report_stops_no_other(cloud):
    """It is counted by its status (behaviour 5)."""
    with (
        captured() as telemetry,
        _by_api(telemetry, cloud) as leaving,
        cloud.faults.ask("resource_exhausted", on="ReportErrorEvent", times=1),
    ):
        _fail(5)
        leaving.flush()

    assert sum(group.count for group in cloud.errors.groups()) == 4
    assert leaving.dropped(NAME, "RESOURCE_EXHAUSTED") == 1


def test_a_hanging_api_costs_no_error_its_line(cloud):
    """Errors are recorded without waiting; what finds no room is counted (behaviour 6)."""
    with captured() as telemetry:
        leaving = _by_api(telemetry, cloud, timeout_s=0.2, max_events=3)
        with leaving, cloud.faults.ask("hang", on="ReportErrorEvent") as fault:
            _fail(200)
            assert leaving.flush(within_s=0.5) is False
            fault.lift()
            leaving.flush(within_s=SOON_S)

    assert len(telemetry.lines("cart_refused")) == 200
    lost = leaving.dropped(NAME, "queue_full")
    assert lost >= 1
    assert leaving.items(NAME, "delivered") + lost == 10
