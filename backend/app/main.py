"""Vividly's API as an ASGI application: the one place where its parts are put together.

    uvicorn app.main:app_factory --factory
    gunicorn "app.main:app_factory()" -k uvicorn_worker.UvicornWorker

Order, outermost first: telemetry, security headers, Starlette's handler of unforeseen
errors, CORS, rate limits, the limit on bodies, router. So every answer, a 429 and an
unforeseen 500 included, has its request id, its security headers, its log line and its
place in the metrics (D31 to D33).
"""

import sys
from typing import BinaryIO

from fastapi import FastAPI

from app.api import problems
from app.api.body_limit import BodyLimitMiddleware
from app.api.cors import Cors
from app.api.refusals import too_many_requests
from app.api.routes import add_routes
from app.composition import Services, compose
from app.core.config import ConfigurationError, Settings
from app.core.monitoring_middleware import enclose
from app.lifespan import lifespan
from app.middleware.security import add_rate_limits, security_headers
from tocsin.clock import Clock, SystemClock
from tocsin.telemetry.settings import Environment

_DID_NOT_START = 3
"""What uvicorn and gunicorn both take for «will not start, do not try again»."""


def app_factory() -> FastAPI:
    """The application of this process's environment, for a server's command line.

    Raises:
        SystemExit: the settings do not permit a start; a line on standard error for each.
    """
    try:
        return as_whole_process(create_app(Settings.load()))
    except ConfigurationError as error:
        for line in error.lines:
            print(f"vividly: {line}", file=sys.stderr)  # noqa: T201 - for the person
        raise SystemExit(_DID_NOT_START) from None


def as_whole_process(app: FastAPI) -> FastAPI:
    """Let ``app`` have the process's logging for good.

    The server has things to say before and after the application's own life.
    """
    app.state.outlived_by_server = True
    app.state.services.telemetry.install()
    return app


def create_app(
    settings: Settings, *, clock: Clock | None = None, stream: BinaryIO | None = None
) -> FastAPI:
    """The application of these settings; it acts when its lifespan begins.

    ``clock`` is the machine's and ``stream`` standard output if none is given.

    Raises:
        ConfigurationError: a setting that only its part understands cannot work.
    """
    services = compose(settings, clock=clock or SystemClock(), stream=stream)
    explains_itself = settings.environment is Environment.DEVELOPMENT
    app = FastAPI(
        title="Vividly",
        version=settings.version,
        description="Students ask, a pipeline answers with a lesson video.",
        lifespan=lifespan,
        # One spelling per address; a redirect would repeat a Host that the caller chose.
        redirect_slashes=False,
        docs_url="/docs" if explains_itself else None,
        redoc_url=None,
        openapi_url="/openapi.json" if explains_itself else None,
    )
    app.state.services = services
    app.state.outlived_by_server = False
    problems.install(app)
    add_routes(app)
    _add_layers(app, services)
    return app


def _add_layers(app: FastAPI, services: Services) -> None:
    """From the inside out: what is added later stands further out."""
    settings = services.settings
    app.add_middleware(BodyLimitMiddleware)
    add_rate_limits(
        app,
        services.protection,
        tokens=services.tokens,
        refuse=too_many_requests,
        clock=services.clock,
    )
    if settings.cors_origins:
        app.add_middleware(Cors, origins=settings.cors_origins)
    enclose(
        app, services.telemetry, services.exporting.while_awake, security_headers(app, settings)
    )
