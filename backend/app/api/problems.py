"""Every error of every endpoint is one kind of document: a problem (RFC 9457).

What it may tell is decided here and nowhere else: never an exception's text (D79), never
the value that was refused (D18), always the request id, by which our logs are found.
Raise :class:`Problem`; a middleware answers with ``Problem(…).response()``. Whatever
else goes wrong in the framework or in our code is put into the same form.

>>> problem = Problem(404, "not-found", "There is nothing here")
>>> problem.document()["type"]
'urn:vividly:problem:not-found'
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.problem_schema import MEDIA_TYPE, describe_problems, described
from tocsin.telemetry.context import current

WITHHELD_NAME: Final = "[unknown]"
"""Stands for a field's name that the caller invented."""

_TYPE_PREFIX: Final = "urn:vividly:problem:"
_KIND: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_FIELD_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}\Z")
_ERRORS_AT_MOST: Final = 20
_REFUSED: Final = "The request was refused"
_SERVER_ERROR: Final = 500

# What the framework itself raises, in our words: titles of http.HTTPStatus differ between
# versions of Python.
_BY_STATUS: Final = {
    400: ("malformed-request", "The request could not be read"),
    401: ("not-signed-in", "Sign in first"),
    403: ("not-allowed", "This account may not do that"),
    404: ("not-found", "There is nothing here"),
    405: ("method-not-allowed", "This address does not take that method"),
    406: ("not-acceptable", "None of the accepted forms can be given"),
    413: ("body-too-large", "The request's body is too large"),
    415: ("unsupported-media-type", "The body's media type is not understood"),
    416: ("range-not-satisfiable", "The file has no such range"),
    422: ("invalid-request", "The request does not fit what this address takes"),
    429: ("too-many-requests", "Too many requests: wait, then try again"),
    500: ("internal-error", "Something went wrong on our side"),
    503: ("unavailable", "The service cannot answer now"),
}


class Problem(Exception):  # noqa: N818 - RFC 9457's own word for it
    """An error that the caller is told about.

    ``kind`` is the problem's lasting name in kebab case, for programs; ``title`` says the
    same to people and never varies with the occurrence; ``detail`` is about this one.
    ``members`` become members of the document, ``headers`` go on the response.

    Raises:
        ValueError: ``kind`` is not in kebab case or ``status`` is no error.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        *,
        detail: str = "",
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(f"{status} {kind}")
        if not _KIND.match(kind) or not 400 <= status <= 599:  # noqa: PLR2004 - RFC 9110, 15
            raise ValueError(f"no problem: {status} {kind!r}: a 4xx or 5xx and a kebab-case kind")
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members

    @classmethod
    def of_status(
        cls, status: int, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> "Problem":
        """The usual problem of a status code, as for what the framework refuses."""
        nearest = 400 if status < _SERVER_ERROR else 500
        kind, title = _BY_STATUS.get(status) or _BY_STATUS[nearest]
        return cls(status, kind, title, headers=headers, **members)

    def document(self) -> dict[str, Any]:
        """The document's members; the request id is that of the current request."""
        context = current()
        known = {
            "type": _TYPE_PREFIX + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "request_id": context.request_id if context else "",
        }
        return {name: value for name, value in known.items() if value != ""} | self.members

    def response(self) -> Response:
        """The answer, which is an ASGI application as well: ``await it(scope, receive, send)``."""
        body = orjson.dumps(self.document())
        # A refusal must not be kept by a cache and shown to the next pupil behind it.
        headers = {"cache-control": "no-store", **self.headers}
        return Response(body, self.status, headers, MEDIA_TYPE)


def describes(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """An endpoint's ``responses=`` for the errors it answers with.

    >>> sorted(describes(404, 409))
    [404, 409]
    """
    return {status: described(_title(status)) for status in statuses}


def _title(status: int) -> str:
    return _BY_STATUS.get(status, ("", _REFUSED))[1]


def invalid_fields(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Location and type of each error, without message, input or context (D18).

    >>> invalid_fields([{"loc": ("body", "hunter2"), "type": "extra_forbidden", "input": 1}])
    [{'location': ['body', '[unknown]'], 'type': 'extra_forbidden'}]
    """
    return [
        {"location": _location(error), "type": str(error["type"])}
        for error, _ in zip(errors, range(_ERRORS_AT_MOST), strict=False)
    ]


def _location(error: Mapping[str, Any]) -> list[str | int]:
    """The path to the field; names that the caller invented may be secrets themselves."""
    path: list[str | int] = [
        part if isinstance(part, int) or _FIELD_NAME.match(part) else WITHHELD_NAME
        for part in error["loc"]
    ]
    if error["type"] == "extra_forbidden" and path:
        path[-1] = WITHHELD_NAME
    return path


async def _answer_problem(_request: Request, error: Problem) -> Response:
    return error.response()


async def _answer_http_exception(_request: Request, error: HTTPException) -> Response:
    if error.status_code < 400:  # noqa: PLR2004 - a redirect or 304 is no error
        return Response(status_code=error.status_code, headers=error.headers)
    return Problem.of_status(error.status_code, headers=error.headers).response()


async def _answer_invalid_request(_request: Request, error: RequestValidationError) -> Response:
    errors = error.errors()
    # RFC 9110, 15.5.1: what cannot even be parsed is malformed, not unprocessable.
    if any(one["type"] == "json_invalid" for one in errors):
        return Problem.of_status(400).response()
    return Problem.of_status(422, errors=invalid_fields(errors)).response()


async def _answer_unforeseen(_request: Request, _error: Exception) -> Response:
    return Problem.of_status(500).response()


def install(app: FastAPI) -> None:
    """Make every error of ``app`` a problem document, and say so in its OpenAPI."""
    app.exception_handler(Problem)(_answer_problem)
    app.exception_handler(HTTPException)(_answer_http_exception)
    app.exception_handler(RequestValidationError)(_answer_invalid_request)
    app.exception_handler(Exception)(_answer_unforeseen)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign] # FastAPI's documented hook


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, routes=app.routes, description=app.description
        )
        describe_problems(schema, invalid=_title(422), refused=_REFUSED)
        app.openapi_schema = schema
    return app.openapi_schema
