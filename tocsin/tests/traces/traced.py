"""A service under tracing, for tests."""

import httpx
from starlette.applications import Starlette

from tocsin.clock import SystemClock
from tocsin.telemetry.testing import CapturedTelemetry
from tocsin.telemetry.testing.spans import CollectedSpans

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
SAMPLED = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
UNSAMPLED = {"traceparent": f"00-{TRACE}-{PARENT}-00"}


def hex_id(number: int, digits: int) -> str:
    return f"{number:0{digits}x}"


class Service:
    """An application, its telemetry, and the spans that it left."""

    def __init__(self, routes, **settings):
        self.app = Starlette(routes=routes)
        self.captured = CapturedTelemetry(clock=SystemClock(), **settings)
        self.spans = CollectedSpans(self.captured.telemetry)
        self.captured.telemetry.wrap(self.app)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://test")

    def __enter__(self):
        self.captured.__enter__()
        return self

    def __exit__(self, *exception):
        self.captured.__exit__(*exception)

    async def get(self, path, headers=None):
        return await self.client.get(path, headers=headers or {})
