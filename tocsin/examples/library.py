"""A lending library: a whole small service on tocsin.

    ENVIRONMENT=dev TELEMETRY_KEY=a-key-of-sixteen-bytes-or-more uvicorn library:make_app --factory

It keeps its books in memory, which is all that it needs to show: one instrument of its
own, log lines with fields, the borrower by pseudonym, and a metrics page.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO

from fastapi import FastAPI, HTTPException, Response

from tocsin.telemetry.assembly import Telemetry
from tocsin.telemetry.context import bind_user
from tocsin.telemetry.http_metrics import HttpMetrics
from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.metrics import MetricsClient, one_of
from tocsin.telemetry.settings import Environment, TelemetrySettings

log = get_logger("library")


def make_app(stream: BinaryIO | None = None) -> FastAPI:
    """The service; ``stream`` takes its log in place of standard output."""
    metrics = MetricsClient(namespace="library")
    loans = metrics.counter(
        "loans_total", "Loans asked for.", labels=(one_of("outcome", "lent", "out"),)
    )
    telemetry = Telemetry(
        TelemetrySettings(
            service="library",
            environment=Environment.parse(os.environ["ENVIRONMENT"]),
            probe_paths=frozenset({"/metrics"}),
        ),
        metrics=metrics,
        http=HttpMetrics(metrics, websockets=False),
        pseudonym_key=os.environ["TELEMETRY_KEY"].encode(),
        stream=stream,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        telemetry.install()
        yield
        telemetry.close()

    app = FastAPI(lifespan=lifespan)
    telemetry.wrap(app)
    shelf = {"walden", "emma"}

    @app.post("/loans/{book}", status_code=201)
    async def lend(book: str, borrower: str) -> dict[str, str]:
        bind_user(telemetry.pseudonyms.user(borrower), "reader")
        if book not in shelf:
            loans.inc(outcome="out")
            raise HTTPException(409, "That book is out.")
        shelf.remove(book)
        loans.inc(outcome="lent")
        log.info("book_lent", book=book)
        return {"lent": book}

    @app.get("/metrics")
    async def page() -> Response:
        body, content_type = metrics.exposition()
        return Response(body, media_type=content_type)

    return app
