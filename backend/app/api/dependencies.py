"""What endpoints are given: the services of this process, and who asks.

There is one way to find out who asks, and every endpoint takes it (D74): the token's
signature, issuer, audience, type and time; its session, revoked or ended; the account's
status. Whoever is found is told to the log line of the request, by pseudonym (D23).
"""

from collections.abc import Awaitable, Callable
from hmac import compare_digest
from typing import TYPE_CHECKING, Annotated, Protocol, cast

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.api.problems import Problem
from app.core.config import Settings
from app.core.database import Database
from app.core.logging import get_logger
from app.core.vocabulary import Role
from app.services.auth import AuthService
from app.services.auth_errors import NotSignedInError
from app.services.monitoring import RequestMonitoring
from app.services.principal import Principal
from app.services.protection.bearer import presented
from app.services.protection.limits import Limits
from app.services.tokens import InvalidTokenError, TokenMint
from tocsin.clock import Clock
from tocsin.health import Health
from tocsin.telemetry.context import bind_user

if TYPE_CHECKING:
    from app.services.content import ContentService
    from app.services.notifications import Notifications

_log = get_logger(__name__)
_bearer = HTTPBearer(auto_error=False, description="The access token of a sign-in.")


class Services(Protocol):
    """The parts of this process that endpoints use; ``app.composition`` builds them."""

    settings: Settings
    database: Database
    clock: Clock
    tokens: TokenMint
    limits: Limits
    auth: AuthService
    health: Health
    monitoring: RequestMonitoring
    content: "ContentService"
    notifications: "Notifications"


def services(request: Request) -> Services:
    """The services that the application was built with."""
    return cast("Services", request.app.state.services)


CurrentServices = Annotated[Services, Depends(services)]


def client(request: Request) -> str:
    """The pseudonym of the client's address, as the limiter found it."""
    return str(getattr(request.state, "client", ""))


CurrentClient = Annotated[str, Depends(client)]


async def current_user(
    request: Request,
    services: CurrentServices,
    _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Principal:
    """Who asks.

    Raises:
        Problem: 401, nobody who is signed in.
    """
    # The limiter has verified the token already: this reads its finding.
    token = presented(request.scope, services.tokens)
    if token is None:
        raise Problem.of_status(401, headers={"www-authenticate": "Bearer"})
    if isinstance(token, InvalidTokenError):
        raise _not_signed_in(token.reason)
    try:
        principal = await services.auth.identify(token)
    except NotSignedInError as error:
        raise _not_signed_in(error.reason) from None
    bind_user(principal.pseudonym, principal.role.value)
    return principal


CurrentUser = Annotated[Principal, Depends(current_user)]


def _not_signed_in(reason: str) -> Problem:
    _log.info("access_refused", reason=reason)
    # RFC 6750, 3.1: one word for expired, revoked and malformed alike.
    return Problem.of_status(401, headers={"www-authenticate": 'Bearer error="invalid_token"'})


def require_role(role: Role) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency that lets ``role`` pass, and every role that includes it."""

    async def require(principal: CurrentUser) -> Principal:
        if not principal.may(role):
            _log.info("access_refused", reason="role", needed_role=role.value)
            raise Problem.of_status(403)
        return principal

    return require


def shows_operators_token(request: Request, settings: Settings) -> bool:
    """Whether the request shows the token that METRICS_TOKEN sets; needs no database."""
    if settings.metrics_token is None:
        return False
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    expected = settings.metrics_token.get_secret_value()
    # Bytes, in constant time: how long a refusal takes tells nothing of the token.
    return scheme.lower() == "bearer" and compare_digest(
        shown.strip().encode("utf-8", "replace"), expected.encode()
    )


async def may_see_details(
    request: Request,
    services: CurrentServices,
    documented: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> None:
    """Let operators pass by their token, which works without the database, and admins.

    Raises:
        Problem: 401 or 403, neither.
    """
    if shows_operators_token(request, services.settings):
        return
    principal = await current_user(request, services, documented)
    await require_role(Role.ADMIN)(principal)
