"""The page's HTTP paths: ``/``, its files, ``/read/…`` and ``/faults``.

Faults are asked for as JSON only: a form of a strange web page cannot send that to this
machine without asking the browser first (https://fetch.spec.whatwg.org/#simple-header). A
name that was made to mean this machine (DNS rebinding) reads nothing.

>>> sorted(route.path for route in Page(None).routes())[:3]
['/', '/faults', '/faults/lift']
"""

import json
from collections.abc import Callable, Mapping
from importlib.resources import files
from ipaddress import ip_address
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tocsin.rehearsal.cloud.faults import FOR_EVER, Faults
from tocsin.rehearsal.cloud.page import reading, series_reading

_FILES: Final = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_STRANGE: Final = "call this machine by 127.0.0.1 or localhost"
_BODY_BYTES: Final = 10_000
Reading = Callable[[Any, Mapping[str, str]], Any]
_READINGS: Final[Mapping[str, Reading]] = {
    "summary": reading.summary,
    "metrics": series_reading.metrics,
    "series": series_reading.series,
    "logs": reading.logs,
    "traces": reading.traces,
    "spans": reading.spans,
    "errors": reading.errors,
    "faults": reading.faults,
    "breaches": reading.breaches,
    "configuration": reading.configuration,
    "usage": reading.usage,
}


class Page:
    """The page of one running cloud."""

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            *(Route(path, _file(*told), methods=["GET"]) for path, told in _FILES.items()),
            *(Route(f"/read/{name}", self._read(one)) for name, one in _READINGS.items()),
            Route("/faults", self._ask, methods=["POST"]),
            Route("/faults/lift", self._lift, methods=["POST"]),
        ]

    def _read(self, one: Reading) -> Callable[[Request], Any]:
        async def read(request: Request) -> Response:
            if self._is_strange(request):
                return JSONResponse({"error": _STRANGE}, 403, headers=_HEADERS)
            # In a thread: many series take a while to copy, and calls shall not wait for it.
            try:
                data = await run_in_threadpool(one, self._cloud, dict(request.query_params))
            except reading.UnreadableError as error:
                return JSONResponse({"error": str(error)}, 400, headers=_HEADERS)
            return JSONResponse(data, headers=_HEADERS)

        return read

    def _is_strange(self, request: Request) -> bool:
        """Whether a web page elsewhere may have made its own name mean this machine."""
        name = request.url.hostname or ""
        return _is_own(self._cloud.host) and not _is_own(name)

    async def _ask(self, request: Request) -> Response:
        try:
            _ask_for(self._cloud.faults, await _told(request))
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, 400, headers=_HEADERS)
        return JSONResponse(reading.faults(self._cloud, {}), headers=_HEADERS)

    async def _lift(self, request: Request) -> Response:
        try:
            number = (await _told(request)).get("number")
            wanted = self._cloud.faults.asked
            for fault in wanted if number is None else [wanted[int(number)]]:
                fault.lift()
        except (ValueError, TypeError, IndexError) as error:
            return JSONResponse({"error": str(error)}, 400, headers=_HEADERS)
        return JSONResponse(reading.faults(self._cloud, {}), headers=_HEADERS)


def _is_own(name: str) -> bool:
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def _ask_for(faults: Faults, told: Mapping[str, Any]) -> None:
    times, seconds = int(told.get("times") or FOR_EVER), float(told.get("seconds") or 0)
    on = str(told.get("on") or "*")[:200]
    faults.ask(str(told.get("kind", "")), on=on, times=times, seconds=seconds)


def _file(name: str, media_type: str) -> Callable[[Request], Response]:
    def serve(_request: Request) -> Response:
        body = files(__package__).joinpath(name).read_bytes()
        return Response(body, media_type=media_type, headers=_HEADERS)

    return serve


async def _told(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise ValueError("the body is to be application/json")
    body = await request.body()
    told = json.loads(body[:_BODY_BYTES] or b"{}")
    if not isinstance(told, dict):
        raise TypeError("the body is to be a JSON object")
    return told
