"""Tokens: short access tokens that say who asks, and secrets that are looked up.

An access token is a signed statement (JWT, HS256) that lives for minutes. A refresh or
reset token states nothing: it is 256 random bits of which the database keeps the SHA-256,
so a stolen table opens no door. Neither passes for the other, because the one is verified
and the other is found (D74).

>>> from tocsin.clock import SystemClock
>>> mint = TokenMint("k" * 32, clock=SystemClock(), access_token_s=900)
>>> mint.read(mint.access_token(user_id="42", session_id="7")).session_id
'7'
"""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal

import jwt

from tocsin.clock import Clock

ISSUER: Final = "vividly"
AUDIENCE: Final = "vividly-api"
ALGORITHM: Final = "HS256"
ACCESS: Final = "access"
CLOCK_SKEW_S: Final = 5
"""How far ahead another machine's clock may be when it issues a token."""

_NS = 1_000_000_000
_SECRET_BYTES = 32  # 256 bits are beyond guessing, so a plain SHA-256 is a fit index
_ID_BYTES = 16
_CLAIMS = ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "typ"]
_STRINGS = ("sub", "sid", "jti")

Entropy = Callable[[int], bytes]


class InvalidTokenError(Exception):
    """An access token that is not ours, not for us, or not for now; ``reason`` is for logs.

    ``stated`` is what a token of ours says whose time is over: good for nothing but to
    count the request as its owner's.
    """

    def __init__(
        self,
        reason: Literal["malformed", "expired", "not_yet_valid"],
        stated: "AccessToken | None" = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.stated = stated


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a valid access token states."""

    user_id: str
    session_id: str
    token_id: str
    issued_at_s: int
    expires_at_s: int


class TokenMint:
    """Makes tokens, and reads the ones that it made."""

    def __init__(
        self,
        key: str,
        *,
        clock: Clock,
        access_token_s: int,
        entropy: Entropy = secrets.token_bytes,
    ) -> None:
        self.access_token_s = access_token_s
        self._key = key
        self._clock = clock
        self._entropy = entropy

    def access_token(self, *, user_id: str, session_id: str, good_for_s: int | None = None) -> str:
        """A new access token, good for ``access_token_s`` or shorter."""
        issued_at_s = self._clock.wall_ns() // _NS
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user_id,
            "sid": session_id,
            "jti": self._entropy(_ID_BYTES).hex(),
            "iat": issued_at_s,
            "exp": issued_at_s + (self.access_token_s if good_for_s is None else good_for_s),
            "typ": ACCESS,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def read(self, token: str) -> AccessToken:
        """What ``token`` states.

        Raises:
            InvalidTokenError: signature, issuer, audience, type or times are not right.
        """
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=AUDIENCE,
                # PyJWT reads the machine's clock; the times are checked below by ours.
                options={
                    "require": _CLAIMS,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.InvalidTokenError, ValueError, UnicodeError):
            raise InvalidTokenError("malformed") from None
        return self._in_time(_stated(claims))

    def secret(self) -> str:
        """A new secret, for a refresh or a reset: 43 letters that are safe in a URL."""
        return base64.urlsafe_b64encode(self._entropy(_SECRET_BYTES)).rstrip(b"=").decode()

    def _in_time(self, token: AccessToken) -> AccessToken:
        now_s = self._clock.wall_ns() // _NS
        if token.expires_at_s <= now_s:
            raise InvalidTokenError("expired", token)
        if token.issued_at_s > now_s + CLOCK_SKEW_S:
            raise InvalidTokenError("not_yet_valid")
        return token


def digest(secret: str) -> str:
    """How a secret is kept: its SHA-256 in hex.

    >>> len(digest("any text"))
    64
    """
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _stated(claims: dict[str, Any]) -> AccessToken:
    times = claims["iat"], claims["exp"]
    if (
        claims["typ"] != ACCESS
        or not all(isinstance(claims[name], str) for name in _STRINGS)
        or not all(type(time) is int for time in times)
    ):
        raise InvalidTokenError("malformed")
    return AccessToken(claims["sub"], claims["sid"], claims["jti"], *times)
