"""Whatever fails, and however often it is told, Error Reporting counts it once."""

import asyncio
import logging
import traceback

import pytest
from fastapi import BackgroundTasks, FastAPI, HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from wire import ask

from tocsin.clock import SystemClock
from tocsin.rehearsal.cloud.errors import ErrorGroup, Errors
from tocsin.rehearsal.cloud.world import World
from tocsin.telemetry.context import bind_user
from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.settings import Environment
from tocsin.telemetry.testing.captured import CapturedTelemetry

PSEUDONYM = "0123456789ab"
log = get_logger("shop.cart")


class CartError(Exception):
    """An error of the service's own."""


def raise_it(error: BaseException) -> None:
    raise error


def fill_the_cart(text: str = "the cart is empty") -> None:
    raise LookupError(text)


def _app() -> FastAPI:
    app = FastAPI(openapi_url=None)
    for way in (_carts, _told_and_raised, _handled, _background, _breaks):
        app.add_api_route(f"/{way.__name__.strip('_')}", way)
    app.add_api_route("/carts/{number}", _carts)
    app.add_api_route("/missing", _missing)
    app.add_api_route("/busy", _busy)
    app.add_api_route("/waits", _waits)
    app.add_api_route("/listens", _listens)
    return app


async def _carts(number: int = 0) -> None:
    bind_user(PSEUDONYM, "student")
    fill_the_cart()


async def _told_and_raised() -> None:
    try:
        fill_the_cart()
    except LookupError as error:
        log.exception("cart_refused")
        raise CartError("no checkout") from error


async def _handled() -> JSONResponse:
    try:
        fill_the_cart()
    except LookupError:
        log.exception("cart_refused")
    return JSONResponse({}, status_code=500)


async def _background(tasks: BackgroundTasks) -> str:
    tasks.add_task(fill_the_cart, "later")
    return "fine"


async def _breaks() -> StreamingResponse:
    async def body():
        yield b"half a "
        fill_the_cart("no lesson")

    return StreamingResponse(body())


async def _missing() -> None:
    raise HTTPException(404)


async def _busy() -> None:
    raise HTTPException(503)


async def _waits() -> None:
    await asyncio.Event().wait()


async def _listens(request: Request) -> StreamingResponse:
    async def body():
        while True:
            yield b"tick"
            await asyncio.sleep(0)

    return StreamingResponse(body())


def _captured(app: FastAPI | None = None) -> CapturedTelemetry:
    # The machine's clock: records of the standard library bear its time whatever ours is.
    return CapturedTelemetry(
        app=app,
        version="1.4.2",
        service="shop",
        environment=Environment.PRODUCTION,
        clock=SystemClock(),
    )


def _groups(captured: CapturedTelemetry) -> list[ErrorGroup]:
    """What Google makes of everything that the process has printed."""
    captured.telemetry.logs.flush(5.0)
    errors = Errors(World())
    for line in captured.stream.getvalue().splitlines(keepends=True):
        errors.logs.take_line(line, project="shop-prod")
    return errors.groups()


def _tell_as_text(text: str) -> None:
    logging.getLogger("uvicorn.error").error(text)


def _report_as_a_server_does(error: BaseException | None) -> None:
    assert error is not None
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=error)


async def test_an_unhandled_exception_is_one_event_with_its_request():
    """Middleware, access line and server all speak of it; Google counts one (D26, behaviour 32)."""
    app = _app()
    with _captured(app) as captured:
        wire = await ask(app, "GET", "/carts/7", headers={"User-Agent": "curl/8 a@school.example"})
        _report_as_a_server_does(wire.error)

        (group,) = _groups(captured)

    (event,) = group.events
    assert (group.kind, group.count, group.users) == ("LookupError", 1, (PSEUDONYM,))
    assert (event.service, event.version) == ("shop", "1.4.2")
    assert dict(event.http) == {
        "method": "GET",
        "url": "/carts/{number}",
        "responseStatusCode": 500,
        "userAgent": "curl/8 [redacted]",
    }
    assert captured.access_line()["severity"] == "ERROR"


async def test_a_layer_that_logs_and_raises_again_makes_no_second_event():
    """The first line is the event; the others say which it was (behaviour 32)."""
    app = _app()
    with _captured(app) as captured:
        wire = await ask(app, "GET", "/told_and_raised")
        _report_as_a_server_does(wire.error)

        (group,) = _groups(captured)

    first, again = captured.line("cart_refused"), captured.line("unhandled_exception")
    assert (group.kind, group.count) == ("LookupError", 1)
    assert (again["error_event"], again["severity"]) == ("repeated", "ERROR")
    assert again["reported_as"] == first["logging.googleapis.com/insertId"]
    assert again["error_lines"][-1].endswith("CartError: no checkout")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/carts/7", "request"),
        ("/breaks", "request"),
        ("/background", "background_task"),
        ("/handled", "logged"),
    ],
)
async def test_each_failure_of_a_request_counts_once_by_its_kind(path, kind):
    """A request, a stream, a background task, a handled exception (behaviour 32)."""
    app = _app()
    with _captured(app) as captured:
        await ask(app, "GET", path)

        (group,) = _groups(captured)

    assert group.count == 1
    events = captured.metrics.self_metrics.error_events
    assert events.value(kind=kind) == events.total_events() == 1


@pytest.mark.parametrize("path", ["/missing", "/busy", "/nowhere", "/carts/seven"])
async def test_what_a_service_answers_on_purpose_is_no_event(path):
    """4xx, a validation error, a 503 of the service's own choice: none (behaviour 32)."""
    app = _app()
    with _captured(app) as captured:
        await ask(app, "GET", path)

        groups = _groups(captured)

    assert groups == []


async def test_a_client_that_left_and_a_cancelled_request_are_no_events():
    """Neither is an error of the program (behaviour 32)."""
    app = _app()
    with _captured(app) as captured:
        await ask(app, "GET", "/listens", leaves_after=3)
        task = asyncio.ensure_future(ask(app, "GET", "/waits"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        groups = _groups(captured)

    assert groups == []
    assert len(captured.access_lines()) == 2


def test_a_job_that_fails_is_one_event_with_the_requests_identifiers():
    """A worker's stage that gives up counts once, as a job (D16, behaviour 32)."""
    with (
        _captured() as captured,
        captured.telemetry.job(correlation_id="lesson-42", name="render"),
    ):
        try:
            fill_the_cart()
        except LookupError:
            log.exception("stage_gave_up")
            log.exception("job_failed")

    (group,) = _groups(captured)
    assert group.count == 1
    assert captured.line("stage_gave_up")["correlation_id"] == "lesson-42"
    assert captured.metrics.self_metrics.error_events.value(kind="job") == 1


def test_a_critical_line_without_an_exception_is_an_event_with_its_place():
    """The process cannot go on: reported as plain text, with type and place (D26)."""
    with _captured() as captured:
        log.critical("ledger_unreadable")

    (group,) = _groups(captured)
    (event,) = group.events
    assert (group.kind, event.message, event.service) == ("", "ledger_unreadable", "shop")
    assert event.location["filePath"] == __file__
    assert event.location["functionName"].endswith("with_its_place")


def test_an_error_line_without_an_exception_is_a_fact_and_no_event():
    """It has no place in the program to group by; metrics and alerts count it (behaviour 32)."""
    with _captured() as captured:
        log.error("payment_refused_by_bank", field="Traceback")

    assert _groups(captured) == []


def test_an_exception_below_error_keeps_its_text_without_being_an_event():
    """A retry's warning is handled; its traceback stays readable, line by line (behaviour 32)."""
    with _captured() as captured:
        try:
            fill_the_cart()
        except LookupError:
            log.warning("will_try_again", exc_info=True)

    line = captured.line("will_try_again")
    assert _groups(captured) == []
    assert line["error_event"] == "handled"
    assert line["error_lines"][-1] == "LookupError: the cart is empty"


def test_a_cancellation_that_somebody_logs_is_no_event():
    """Neither as an exception nor as the text of one (behaviour 32)."""
    with _captured() as captured:
        try:
            raise_it(asyncio.CancelledError())
        except asyncio.CancelledError:
            log.exception("stopped")
            _tell_as_text(traceback.format_exc())

    assert _groups(captured) == []


def test_a_failed_start_that_a_server_tells_as_text_is_one_event():
    """Starlette gives uvicorn a traceback for a message; it reads as an exception (D26)."""
    with _captured() as captured:
        try:
            fill_the_cart("no database")
        except LookupError:
            _tell_as_text(traceback.format_exc())

    (group,) = _groups(captured)
    assert (group.kind, group.count) == ("LookupError", 1)
    assert captured.line("LookupError: no database")["severity"] == "ERROR"


def test_chains_groups_and_notes_arrive_whole():
    """Cause, context, members of a group and notes stand in the one event (behaviour 32)."""
    with _captured() as captured:
        try:
            try:
                fill_the_cart()
            except LookupError as error:
                broken = ExceptionGroup("both", [ValueError("left"), KeyError("right")])
                broken.add_note("while the shop was closing")
                raise broken from error
        except ExceptionGroup:
            log.exception("checkout_failed")

    (group,) = _groups(captured)
    text = group.events[0].message
    told = ("the cart is empty", "ValueError: left", "KeyError: 'right'", "shop was closing")
    assert group.count == 1
    assert [one for one in told if one not in text] == []


async def test_the_same_exception_object_is_news_in_another_request():
    """A prepared exception that two requests meet is two failures (behaviour 32)."""
    prepared = CartError("prepared")
    app = FastAPI(openapi_url=None)

    @app.get("/")
    async def raises() -> None:
        raise prepared

    with _captured(app) as captured:
        await ask(app, "GET", "/")
        await ask(app, "GET", "/")

        groups = _groups(captured)

    assert sum(group.count for group in groups) == 2


def test_a_bug_in_a_handler_is_an_event_of_its_own():
    """What merely happened while another error was handled is no repetition (behaviour 32)."""
    with _captured() as captured:
        try:
            fill_the_cart()
        except LookupError:
            log.exception("cart_refused")
            try:
                raise_it(CartError("the handler is broken"))
            except CartError:
                log.exception("handler_failed")

    assert sum(group.count for group in _groups(captured)) == 2
    assert "stack_trace" in captured.line("handler_failed")


def test_an_oversized_line_still_is_a_readable_event():
    """A cut traceback keeps its head and its last line, by which it is grouped (D26)."""
    with _captured() as captured:
        try:
            fill_the_cart("é\x01" * 40_000)
        except LookupError:
            log.exception("cart_refused", detail=["ü\x02" * 1_000] * 60)

    raw = captured.stream.getvalue()
    (group,) = _groups(captured)
    assert (group.kind, group.count) == ("LookupError", 1)
    assert max(map(len, raw.splitlines())) <= 65_536
