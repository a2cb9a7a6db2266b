"""Security headers on every response, whoever gives it.

Sits outside Starlette's handler of unforeseen errors, so that a 429, a 500, a 404, a
preflight and a stream all carry them (D32). An API is no page: nothing may be loaded,
framed or kept. A page that needs more (the interactive documentation) gets a policy of
its own by path; a response may state its own Cache-Control, Content-Security-Policy and
Cross-Origin-Resource-Policy, and no other header of these.

The set follows the OWASP REST Security Cheat Sheet and the OWASP Secure Headers Project;
X-XSS-Protection is left out on purpose, as both advise.

>>> dict(_API)[b"x-content-type-options"]
b'nosniff'
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

RawHeader = tuple[bytes, bytes]
OnAnswer = Callable[[int, Iterable[RawHeader]], Iterable[RawHeader]]

ON_ANSWER: Final = "vividly.on_answer"
"""Scope key: an inner middleware's :data:`OnAnswer`, called once when the answer begins,
with its status and headers; what it returns is added. So an answer that is given outside
of that middleware (an unforeseen 500) is seen as well."""

# RFC 6797: a year is what browsers' preload lists ask for at least; two is OWASP's advice.
_STRICT_TRANSPORT: Final = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
_API: Final[tuple[RawHeader, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"permissions-policy",
        b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-permitted-cross-domain-policies", b"none"),
)
_NOTHING: Final = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_DOCUMENTATION: Final = (
    # What FastAPI's own Swagger UI and ReDoc pages load (fastapi/openapi/docs.py).
    b"default-src 'none'; connect-src 'self'; worker-src blob:; "
    b"script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; "
    b"style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net https://fonts.googleapis.com; "
    b"font-src https://fonts.gstatic.com; "
    b"img-src 'self' data: https://fastapi.tiangolo.com https://cdn.redoc.ly; "
    b"frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_POLICY: Final = b"content-security-policy"
_CACHE_CONTROL: Final = b"cache-control"
_NO_STORE: Final = (_CACHE_CONTROL, b"no-store")
_RESOURCE_POLICY: Final = (b"cross-origin-resource-policy", b"same-origin")
_NEVER_KEPT: Final = "/api/v1/auth/"
"""Tokens, and a child's data, are for nobody's cache (RFC 6749, 5.1), whatever is stated."""
_BEGINS: Final = frozenset({"http.response.start", "websocket.http.response.start"})


class SecurityHeadersMiddleware:
    """Adds the headers; ``https`` is false only where the service is met without TLS.

    ``pages`` are Content-Security-Policies by whole path.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        https: bool,
        pages: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._app = app
        self._always = (*_API, _STRICT_TRANSPORT) if https else _API
        self._pages = {path: policy.encode("ascii") for path, policy in pages.items()}
        self._ours = {name for name, _ in self._always}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request and complete its answer."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_completed(message: Message) -> None:
            if message["type"] in _BEGINS:
                message = {**message, "headers": self._completed(scope, message)}
            await send(message)

        await self._app(scope, receive, send_completed)

    def _completed(self, scope: Scope, message: Message) -> list[RawHeader]:
        stated: Iterable[RawHeader] = message.get("headers", ())
        path: str = scope["path"]
        replaced = self._ours
        if path.startswith(_NEVER_KEPT):
            replaced = replaced | {_CACHE_CONTROL}
        headers = [header for header in stated if header[0] not in replaced]
        names = {name for name, _ in headers}
        headers += self._always
        for name, value in (_NO_STORE, _RESOURCE_POLICY):
            if name not in names:
                headers.append((name, value))
        if _POLICY not in names:
            headers.append((_POLICY, self._pages.get(path, _NOTHING)))
        on_answer: OnAnswer | None = scope.get(ON_ANSWER)
        if on_answer is not None:
            headers += on_answer(message["status"], headers)
        return headers


def documentation_policies(app: FastAPI) -> dict[str, str]:
    """The policies of the interactive documentation's pages, where ``app`` has them."""
    pages = (app.docs_url, app.redoc_url, app.swagger_ui_oauth2_redirect_url)
    return {page: _DOCUMENTATION.decode("ascii") for page in pages if page}
