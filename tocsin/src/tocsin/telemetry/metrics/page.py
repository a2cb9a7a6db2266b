"""The metrics of this service as a page, for Prometheus or a person.

It is for whoever reaches it: a service on the open internet puts a guard before it.

>>> from starlette.applications import Starlette
>>> from tocsin.telemetry.metrics import MetricsClient
>>> app = Starlette()
>>> app.add_route("/metrics", metrics_page(MetricsClient("shop")))
"""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from tocsin.telemetry.metrics.client import MetricsClient


def metrics_page(metrics: MetricsClient) -> Callable[[Request], Response]:
    """What answers a request for the page; it is read in a thread, as reading takes a while."""

    def page(_request: Request) -> Response:
        body, content_type = metrics.exposition()
        return Response(body, media_type=content_type, headers={"cache-control": "no-store"})

    return page
