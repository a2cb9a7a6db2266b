"""``GET /metrics``: every number of this service, for Prometheus.

Who may read it: with ``METRICS_TOKEN`` whoever shows it as a bearer token; without, this
machine alone, and only while no proxy stands in between. Behind a proxy every caller
comes from the same address, so «from this machine» would mean «from anywhere».
"""

import ipaddress

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from app.api.dependencies import CurrentServices, shows_operators_token
from app.api.problems import Problem, describes
from app.core.config import Settings
from app.core.metrics import metrics_client
from tocsin.telemetry.client_address import canonical_address
from tocsin.telemetry.exporters.prometheus import page

router = APIRouter(tags=["monitoring"])

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


@router.get("/metrics", response_class=Response, responses=describes(401, 403))
async def metrics(request: Request, services: CurrentServices) -> Response:
    """The numbers of all processes of this service, in Prometheus' text or in OpenMetrics."""
    _refuse_strangers(request, services.settings)
    # Merging the processes' files takes a while: not on the event loop.
    accept = request.headers.get("accept", "")
    text, media_type = await run_in_threadpool(page, metrics_client, accept=accept)
    return Response(text, headers={"content-type": media_type, "cache-control": "no-store"})


def _refuse_strangers(request: Request, settings: Settings) -> None:
    if settings.metrics_token is None:
        if settings.trusted_proxies or not _is_of_this_machine(request):
            raise Problem(
                403,
                "metrics-closed",
                "Metrics are read from this machine, or with the token that METRICS_TOKEN sets",
            )
        return
    if not shows_operators_token(request, settings):
        raise Problem.of_status(401, headers={"www-authenticate": 'Bearer realm="metrics"'})


def _is_of_this_machine(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        # A socket for both families shows 127.0.0.1 as ::ffff:127.0.0.1.
        host = canonical_address(request.client.host.encode("ascii", "replace"))
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
