"""Sentry hears of the same errors as Google, once, and of nobody's name."""

import os
import sys

import pytest
import sentry_sdk
from exporters_of_lines import Leaving, captured, quickly, wait_until
from fastapi import FastAPI, HTTPException
from ingest import Ingest
from starlette.requests import Request
from starlette.responses import JSONResponse
from wire import ask

from tocsin.errors import DeclarationError
from tocsin.telemetry.context import bind_user
from tocsin.telemetry.exporters.sentry import init_sentry
from tocsin.telemetry.logs import get_logger

NAME = "sentry"
PSEUDONYM = "0123456789ab"
TOKEN = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.sQ7bJ9b0x8PqgH1nq2Z3YxYl0rT5uVwK"
CARD = "4111 1111 1111 1111"
MAIL = "ada.lovelace@school.example"
SECRETS = (TOKEN.removeprefix("Bearer "), CARD, MAIL, "hunter2-tiger", "198.51.100.23")
log = get_logger("shop.cart")


@pytest.fixture
def ingest():
    with Ingest() as running:
        yield running
    sentry_sdk.get_global_scope().set_client(None)


class CartError(Exception):
    """An error of the service's own."""


def fill_the_cart(text: str = "the cart is empty") -> None:
    raise LookupError(text)


def _fail(times: int = 1, text: str = "the cart is empty") -> None:
    for _ in range(times):
        try:
            fill_the_cart(text)
        except LookupError:
            log.exception("cart_refused")


def _app() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.post("/carts/{number}")
    async def raises(number: int, request: Request) -> None:
        bind_user(PSEUDONYM, "student")
        body = await request.json()
        password = body["password"]
        fill_the_cart(f"no cart for {MAIL} of {len(password)} at 198.51.100.23")

    @app.get("/answers/{status}")
    async def answers(status: int) -> JSONResponse:
        return JSONResponse({}, status_code=status)

    @app.get("/refuses/{status}")
    async def refuses(status: int) -> None:
        raise HTTPException(status)

    @app.get("/handled")
    async def handled() -> JSONResponse:
        _fail()
        return JSONResponse({}, status_code=502)

    @app.get("/told-and-raised")
    async def told_and_raised() -> None:
        try:
            fill_the_cart()
        except LookupError as error:
            log.exception("cart_refused")
            raise CartError("no checkout") from error

    return app


def _leaving(telemetry, dsn: str, **options) -> Leaving:
    known = telemetry.telemetry
    options.setdefault("backoff", quickly())
    courier, reporter = init_sentry(dsn, known.settings, known.redactor, **options)
    known.errors.add(reporter)
    return Leaving(telemetry, [courier])


@pytest.mark.servers
async def test_an_unhandled_exception_is_one_event_linked_to_the_logs(ingest):
    """Same trace, request and line as in Google's report; the user is a pseudonym (D68, D71)."""
    app = _app()
    with captured(app) as telemetry, _leaving(telemetry, ingest.dsn):
        await ask(
            app,
            "POST",
            f"/carts/7?token={MAIL}",
            headers={
                "Authorization": TOKEN,
                "Cookie": "session=hunter2-tiger",
                "User-Agent": f"curl/8 {MAIL}",
            },
            chunks=[b'{"password": "hunter2-tiger", "card": "4111 1111 1111 1111"}'],
        )

    (event,) = ingest.events
    line = telemetry.line("unhandled_exception")
    assert event["exception"]["values"][0]["type"] == "LookupError"
    assert event["tags"]["request_id"] == line["request_id"]
    assert event["tags"]["log_insert_id"] == line["logging.googleapis.com/insertId"]
    assert line["logging.googleapis.com/trace"].endswith(event["contexts"]["trace"]["trace_id"])
    assert event["user"] == {"id": PSEUDONYM}
    assert (event["transaction"], event["request"]["url"]) == (
        "POST /carts/{number}",
        "/carts/{number}",
    )
    assert (event["release"], event["environment"]) == ("shop@1.4.2", "production")


@pytest.mark.servers
async def test_nothing_of_a_person_or_a_key_reaches_sentry(ingest):
    """Headers, query, body, locals, message: not a byte of it (D70, D71, behaviour 30)."""
    app = _app()
    with captured(app) as telemetry, _leaving(telemetry, ingest.dsn):
        await ask(
            app,
            "POST",
            f"/carts/7?token={MAIL}&password=hunter2-tiger",
            headers={
                "AUTHORIZATION": TOKEN,
                "Cookie": "session=hunter2-tiger",
                "X-Forwarded-For": "198.51.100.23",
                "X-API-Key": "hunter2-tiger",
            },
            chunks=[b'{"password": "hunter2-tiger", "card": "4111 1111 1111 1111"}'],
        )

    assert len(ingest.events) == 1
    assert [secret for secret in SECRETS if secret in ingest.text()] == []
    assert '"vars"' not in ingest.text()


@pytest.mark.servers
@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 507, 511, 599])
@pytest.mark.parametrize("way", ["answers", "refuses"])
async def test_every_5xx_is_an_event_whatever_its_number(ingest, status, way):
    """Answered or raised as an HTTPException: 502 to 504 count like 500 (D69)."""
    app = _app()
    with captured(app) as telemetry, _leaving(telemetry, ingest.dsn):
        await ask(app, "GET", f"/{way}/{status}")

    (event,) = ingest.events
    assert event["tags"]["status"] == str(status)
    assert event["transaction"] == f"GET /{way}/{{status}}"


@pytest.mark.servers
@pytest.mark.parametrize("path", ["/answers/200", "/answers/404", "/refuses/429", "/nowhere"])
async def test_what_is_no_5xx_is_no_event(ingest, path):
    """Neither 2xx nor 4xx (D69, behaviour 32)."""
    app = _app()
    with captured(app) as telemetry, _leaving(telemetry, ingest.dsn):
        await ask(app, "GET", path)

    assert ingest.events == []


@pytest.mark.servers
@pytest.mark.parametrize("path", ["/handled", "/told-and-raised"])
async def test_one_failure_is_one_event_however_many_layers_tell_it(ingest, path):
    """A logged exception and the 5xx that follows from it are one (behaviour 32)."""
    app = _app()
    with captured(app) as telemetry, _leaving(telemetry, ingest.dsn):
        await ask(app, "GET", path)

    (event,) = ingest.events
    assert event["exception"]["values"][-1]["type"] == "LookupError"


@pytest.mark.servers
def test_a_storm_is_limited_and_its_number_told(ingest):
    """The same limiter as Google's; the next event bears the number (D68, behaviour 32)."""
    with captured(clock=None) as telemetry, _leaving(telemetry, ingest.dsn):
        _fail(200)
        telemetry.clock.advance(61)
        _fail(1)

    assert len(ingest.events) == 11
    assert ingest.events[-1]["extra"]["suppressed_errors"] == 190


@pytest.mark.servers
def test_chains_and_groups_arrive_whole(ingest):
    """Each exception of a group and its cause has a place in the event (behaviour 32)."""
    with captured() as telemetry, _leaving(telemetry, ingest.dsn):
        try:
            try:
                fill_the_cart()
            except LookupError as error:
                raise ExceptionGroup("both", [ValueError("left"), KeyError("right")]) from error
        except ExceptionGroup:
            log.exception("checkout_failed")

    (event,) = ingest.events
    types = {one["type"] for one in event["exception"]["values"]}
    assert types == {"ExceptionGroup", "LookupError", "ValueError", "KeyError"}


@pytest.mark.servers
def test_a_job_of_a_worker_reports_too(ingest):
    """Sentry is set up in every process, API or worker, in the same way (D68)."""
    with (
        captured() as telemetry,
        _leaving(telemetry, ingest.dsn),
        telemetry.telemetry.job(correlation_id="lesson-42", name="render") as context,
    ):
        _fail()

    (event,) = ingest.events
    assert event["tags"]["kind"] == "job"
    assert event["contexts"]["trace"]["trace_id"] == context.trace_id


@pytest.mark.servers
@pytest.mark.parametrize("statuses", [[503, 502], [500]])
def test_an_ingest_that_fails_is_asked_again(ingest, statuses):
    """Nothing is lost, and an event that comes twice bears the same id (behaviour 5)."""
    ingest.answers = list(statuses)
    with captured() as telemetry, _leaving(telemetry, ingest.dsn) as leaving:
        _fail(3)
        leaving.flush()

    assert len({event["event_id"] for event in ingest.events}) == 3
    assert leaving.items(NAME, "delivered") == 3


@pytest.mark.servers
@pytest.mark.parametrize(("status", "cause"), [(413, "status_413"), (429, "status_429")])
def test_what_the_ingest_refuses_is_counted_by_cause(ingest, status, cause):
    """And not sent again (behaviour 5)."""
    ingest.answers = [status]
    with captured() as telemetry, _leaving(telemetry, ingest.dsn) as leaving:
        _fail(1)
        leaving.flush()

    assert (ingest.calls, ingest.events) == (1, [])
    assert leaving.dropped(NAME, cause) == 1


@pytest.mark.servers
def test_a_hanging_ingest_costs_no_error_its_line(ingest):
    """Recording goes on, the flush ends within its budget, losses are counted (behaviour 6)."""
    ingest.hangs.set()
    with captured() as telemetry:
        leaving = _leaving(telemetry, ingest.dsn, timeout_s=0.2)
        leaving.delivery.start()
        _fail(100)
        wait_until(lambda: ingest.calls > 0)

        went_well = leaving.delivery.close(within_s=0.5)

    assert went_well is False
    assert len(telemetry.lines("cart_refused")) == 100
    # What was being sent at the end is counted when that call has timed out.
    wait_until(lambda: leaving.dropped(NAME, "closed") + leaving.dropped(NAME, "expired") == 10)


@pytest.mark.servers
def test_what_other_code_sends_is_scrubbed_as_well(ingest):
    """A library's own event, its breadcrumbs, user and scope pass the same hook (D70, D71)."""
    with captured() as telemetry, _leaving(telemetry, ingest.dsn):
        sentry_sdk.set_user({"email": MAIL, "username": "Ada", "id": "7"})
        sentry_sdk.add_breadcrumb(
            category="httplib",
            message=f"GET for {MAIL}",
            data={"url": f"https://x.example/a?token={MAIL}", "Authorization": TOKEN},
        )
        sentry_sdk.set_context("card", {"number": CARD, "password": "hunter2-tiger"})
        sentry_sdk.capture_message(f"no mail to {MAIL}")

    (event,) = ingest.events
    assert "user" not in event
    assert [secret for secret in SECRETS if secret in ingest.text()] == []


@pytest.mark.servers
def test_setting_sentry_up_hooks_into_nothing(ingest):
    """No integration, no thread, no exception hook: requests pay nothing (D68, behaviour 30)."""
    hooks = sys.excepthook, sys.unraisablehook

    with captured() as telemetry:
        known = telemetry.telemetry
        init_sentry(ingest.dsn, known.settings, known.redactor)
        client = sentry_sdk.get_client()
        options = client.options

        assert client.integrations == {}
        assert options["include_local_variables"] is False
        assert client.should_send_default_pii() is False
        assert options["traces_sample_rate"] is None
        assert ingest.calls == 0
    assert (sys.excepthook, sys.unraisablehook) == hooks


@pytest.mark.parametrize("dsn", ["", "https://sentry.example/42", "not a dsn"])
def test_a_dsn_that_is_none_is_refused_at_the_start(dsn):
    """Not at the first error, when nobody looks (D68)."""
    with captured() as telemetry:
        known = telemetry.telemetry

        with pytest.raises(DeclarationError, match="DSN"):
            init_sentry(dsn, known.settings, known.redactor)


@pytest.mark.servers
@pytest.mark.fresh_process
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_worker_reports_by_a_connection_of_its_own(ingest):
    """Set up before the fork (gunicorn --preload), it sends after it (D68, behaviour 1)."""
    with captured() as telemetry:
        leaving = _leaving(telemetry, ingest.dsn)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                leaving.delivery.start()
                _fail()
                code = 0 if leaving.delivery.close(within_s=20.0) else 2
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert len(ingest.events) == 1
