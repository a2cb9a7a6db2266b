"""A shop that was there before, with the fifteen lines that make it watched: see the README.

ENVIRONMENT=prod TELEMETRY_KEY=a-key-of-sixteen-bytes-or-more uvicorn fifteen_lines:app
"""

import os

from fastapi import FastAPI

from tocsin.telemetry.assembly import Telemetry
from tocsin.telemetry.http_metrics import HttpMetrics
from tocsin.telemetry.metrics import MetricsClient
from tocsin.telemetry.metrics.page import metrics_page
from tocsin.telemetry.settings import TelemetrySettings

metrics = MetricsClient(namespace="shop")
telemetry = Telemetry(
    TelemetrySettings.of("shop", os.environ["ENVIRONMENT"]),
    metrics=metrics,
    http=HttpMetrics(metrics),
    pseudonym_key=os.environb[b"TELEMETRY_KEY"],
)
app = FastAPI(lifespan=telemetry.lifespan)
telemetry.wrap(app)
app.add_route("/metrics", metrics_page(metrics))


@app.get("/orders/{number}")
async def order(number: int) -> dict[str, int]:
    """What was ordered under this number."""
    return {"number": number}
