"""The shop as a running service.

ENVIRONMENT=dev TELEMETRY_KEY=a-key-of-sixteen-bytes-or-more uvicorn shop.service:make_app --factory
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, BinaryIO

from fastapi import Body, FastAPI, HTTPException, Response

from shop.metrics import HTTP, OLDEST_UNPACKED, metrics
from shop.orders import CardDeclinedError, Charge, Orders, charge_nobody
from tocsin.clock import Clock, SystemClock
from tocsin.telemetry.assembly import Telemetry
from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.settings import Environment, TelemetrySettings

log = get_logger("shop")


def make_app(
    charge: Charge = charge_nobody,
    clock: Clock | None = None,
    stream: BinaryIO | None = None,
) -> FastAPI:
    """The service; ``stream`` takes its log in place of standard output."""
    telemetry = _telemetry(stream)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        telemetry.install()
        yield
        telemetry.close()

    app = FastAPI(lifespan=lifespan)
    telemetry.wrap(app)
    _offer(app, Orders(charge, clock or SystemClock()))
    return app


def _telemetry(stream: BinaryIO | None) -> Telemetry:
    return Telemetry(
        TelemetrySettings(
            service="shop",
            environment=Environment.parse(os.environ["ENVIRONMENT"]),
            probe_paths=frozenset({"/metrics"}),
        ),
        metrics=metrics,
        http=HTTP,
        pseudonym_key=os.environ["TELEMETRY_KEY"].encode(),
        stream=stream,
    )


def _offer(app: FastAPI, orders: Orders) -> None:
    @app.post("/orders", status_code=201)
    async def order(card: Annotated[str, Body(embed=True)]) -> dict[str, int]:
        try:
            number = await orders.take(card)
        except CardDeclinedError:
            raise HTTPException(402, "Your bank declined this card: take another.") from None
        except ConnectionError:
            log.exception("order_not_charged")
            raise HTTPException(503, "Nothing was charged: order again later.") from None
        log.info("order_paid", order=number)
        return {"order": number}

    @app.post("/orders/{number}/packed", status_code=204)
    async def pack(number: int) -> None:
        if not orders.pack(number):
            raise HTTPException(404, "No such order waits to be packed.")

    @app.get("/metrics")
    async def page() -> Response:
        OLDEST_UNPACKED.set(orders.oldest_age_s())
        body, content_type = metrics.exposition()
        return Response(body, media_type=content_type)
