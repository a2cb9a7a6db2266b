"""The access token that a request shows, verified once for all who ask.

The limiter needs to know whose request it is before any endpoint runs, and the endpoint's
dependency needs it again: the outcome is left in the request's scope.

An expired token of ours still says truly whose it is. Were it treated like none, a whole
school whose tokens run out together would share one address's limit and be told to wait
when it should be told to refresh.
"""

from typing import Final

from starlette.types import Scope

from app.services.tokens import AccessToken, InvalidTokenError, TokenMint

_KEY: Final = "vividly.access_token"
_SCHEME: Final = b"bearer "
_LONGEST: Final = 4096
"""bytes; ours have about 400, and verifying costs by the byte"""

Presented = AccessToken | InvalidTokenError | None


def presented(scope: Scope, mint: TokenMint) -> Presented:
    """The token of ``Authorization: Bearer``, why it is not good, or None if there is none."""
    known: dict[str, Presented] = scope.setdefault("state", {})
    if _KEY not in known:
        known[_KEY] = _read(scope, mint)
    return known[_KEY]


def owner_of(scope: Scope, mint: TokenMint) -> str:
    """The account whose token the request shows, expired or not; ``""`` if none is verified."""
    token = presented(scope, mint)
    if isinstance(token, InvalidTokenError):
        token = token.stated
    return token.user_id if token is not None else ""


def _read(scope: Scope, mint: TokenMint) -> Presented:
    for name, value in scope["headers"]:
        if name == b"authorization":
            if value[: len(_SCHEME)].lower() != _SCHEME:
                return None
            return _verify(value[len(_SCHEME) :].strip(), mint)
    return None


def _verify(token: bytes, mint: TokenMint) -> AccessToken | InvalidTokenError:
    if len(token) > _LONGEST:
        return InvalidTokenError("malformed")
    try:
        return mint.read(token.decode("latin-1"))
    except InvalidTokenError as error:
        return error.with_traceback(None)
