"""What stands between the world and every endpoint: headers, limits, lockouts.

From the outside in: security headers around everything, even around Starlette's own
answer to an unforeseen error; then, inside CORS, the rate limits; the lockout of password
guessers is asked by the sign-in itself (``services/protection/lockouts.py``), because
only it knows whether a password was wrong. None of them can be switched off by a setting
(D64): tests hold the clock instead.

The composition of ``app.main``::

    add_rate_limits(app, protection, tokens=tokens, refuse=too_many_requests, clock=clock)
    app.add_middleware(Cors, origins=settings.cors_origins)
    enclose(app, telemetry, security_headers(app, settings))
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from fastapi import FastAPI
from starlette.types import ASGIApp

from app.core.config import Settings
from app.middleware.headers import SecurityHeadersMiddleware, documentation_policies
from app.middleware.rate_limits import RateLimitMiddleware
from app.services.protection.assembly import Protection
from app.services.protection.bearer import owner_of
from app.services.protection.limits import RateLimited
from app.services.tokens import TokenMint
from tocsin.clock import Clock
from tocsin.telemetry.routes import RouteTable
from tocsin.telemetry.settings import Environment

NEVER_REFUSED: Final = frozenset({"/health", "/health/ready"})
"""A probe that is refused is a healthy instance that is taken out. They cost next to nothing:
however many ask, a dependency gets one question a second."""

__all__ = [
    "NEVER_REFUSED",
    "RateLimitMiddleware",
    "SecurityHeadersMiddleware",
    "add_rate_limits",
    "documentation_policies",
    "security_headers",
]


def security_headers(app: FastAPI, settings: Settings) -> Callable[[ASGIApp], ASGIApp]:
    """The layer to put around the whole of ``app``.

    Only in development is the service met without TLS: there, a browser that was told to
    insist on it (HSTS) would never again open anything on this machine's name.
    """
    https = settings.environment is not Environment.DEVELOPMENT
    pages = documentation_policies(app)
    return partial(SecurityHeadersMiddleware, https=https, pages=pages)


def add_rate_limits(
    app: FastAPI,
    protection: Protection,
    *,
    tokens: TokenMint,
    refuse: Callable[[RateLimited], ASGIApp],
    clock: Clock,
) -> None:
    """Put the rate limits around ``app``; what is added later stands outside of them."""
    app.add_middleware(
        RateLimitMiddleware,
        limits=protection.limits,
        clients=protection.clients,
        template=RouteTable(app).template,
        owner=partial(owner_of, mint=tokens),
        refuse=refuse,
        clock=clock,
        unlimited=NEVER_REFUSED,
    )
