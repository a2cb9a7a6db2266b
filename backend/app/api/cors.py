"""Which other sites' pages may call us: those of CORS_ORIGINS and no other.

>>> "retry-after" in EXPOSED_HEADERS
True
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from app.api.problems import Problem

EXPOSED_HEADERS: Final = (
    "retry-after",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "x-request-id",
    "x-correlation-id",
)
_METHODS: Final = ("GET", "HEAD", "POST", "DELETE")
_HEADERS: Final = ("authorization", "content-type", "traceparent", "x-request-id")
_REMEMBERED_S: Final = 600
_BAD_REQUEST: Final = 400


class Cors(CORSMiddleware):
    """Starlette's, which refuses a preflight with a problem document instead of plain text."""

    def __init__(self, app: ASGIApp, *, origins: tuple[str, ...]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=_HEADERS,
            # Tokens travel in a header that scripts set; no cookie of ours exists.
            allow_credentials=False,
            expose_headers=EXPOSED_HEADERS,
            max_age=_REMEMBERED_S,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a browser that asks whether it may ask."""
        response = super().preflight_response(request_headers)
        if response.status_code < _BAD_REQUEST:
            return response
        return Problem(
            response.status_code,
            "cross-origin-refused",
            "This site's pages may not call this address in that way",
            headers={"vary": response.headers.get("vary", "Origin")},
        ).response()
