"""How often who may ask for what: every limit of the service, in one table.

A plain name (``auth.login``) is a limit per *person*: a verified account, or the account
that a sign-in names. ``<name>.per_client`` is the ceiling for all requests that come from
one address without saying who asks; it is meant for a whole school behind one address
(decision 0003). Any of them can be set anew by ``RATE_LIMITS`` (JSON, by name):
``{"auth.login.per_client": "5000/minute"}``.

The figures per person are the plan's (existing-system 2.3, the OWASP set).

>>> book = RuleBook.with_overrides({"auth.login": "20 per minute"})
>>> rule = book.rule_for("POST", "/api/v1/auth/login")
>>> rule.name, str(rule.limit), str(rule.ceiling)
('auth.login', '20 in 60 s', '1200 in 60 s')
>>> book.rule_for("GET", "/api/v1/anything").name, book.rule_for("GET", UNMATCHED).name
('reads', 'default')
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import limits

from app.core.config import ConfigurationError
from tocsin.telemetry.routes import UNMATCHED

PER_CLIENT: Final = ".per_client"
WRONG_PASSWORDS: Final = "auth.wrong_passwords"
"""Not a route's rule: how many sign-ins may fail from one address (see ``lockouts``)."""

DEFAULT_LIMITS: Final[Mapping[str, str]] = {
    "auth.register": "5/hour",
    "auth.register.per_client": "600/hour",
    "auth.login": "10/minute",
    "auth.login.per_client": "1200/minute",
    "auth.refresh": "30/minute",
    "auth.refresh.per_client": "1200/minute",
    "auth.logout": "20/minute",
    "auth.logout.per_client": "1200/minute",
    "auth.reset_request": "3/hour",
    "auth.reset_request.per_client": "120/hour",
    "auth.reset_confirm": "5/hour",
    "auth.reset_confirm.per_client": "120/hour",
    "content.generate": "20/minute",
    "content.generate.per_client": "1200/minute",
    "content.status": "60/minute",
    "content.status.per_client": "1200/minute",
    "reads": "100/minute",
    "reads.per_client": "1200/minute",
    "writes": "30/minute",
    "writes.per_client": "1200/minute",
    "default": "100/minute",
    "probes": "600/minute",
    WRONG_PASSWORDS + PER_CLIENT: "200/hour",
}
_ROUTES: Final = {
    ("POST", "/api/v1/auth/register"): "auth.register",
    ("POST", "/api/v1/auth/login"): "auth.login",
    ("POST", "/api/v1/auth/refresh"): "auth.refresh",
    ("POST", "/api/v1/auth/logout"): "auth.logout",
    ("POST", "/api/v1/auth/logout-all"): "auth.logout",
    ("POST", "/api/v1/auth/password-reset/request"): "auth.reset_request",
    ("POST", "/api/v1/auth/password-reset/confirm"): "auth.reset_confirm",
    ("POST", "/api/v1/content/generate"): "content.generate",
    ("GET", "/api/v1/content/requests/{}"): "content.status",
    ("GET", "/metrics"): "probes",
}
_BY_METHOD: Final = {
    "GET": "reads",
    "POST": "writes",
    "PUT": "writes",
    "PATCH": "writes",
    "DELETE": "writes",
}
# Whoever asks for these says in the body who it is, so no token may lift the ceiling.
_SAYS_WHO_IN_BODY: Final = frozenset(
    {"auth.register", "auth.login", "auth.refresh", "auth.reset_request", "auth.reset_confirm"}
)
_PARAMETER: Final = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in any stretch of ``window_s`` seconds."""

    amount: int
    window_s: int
    window_ns: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "window_ns", self.window_s * 1_000_000_000)

    def __str__(self) -> str:
        return f"{self.amount} in {self.window_s} s"

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Read `10/minute`, `10 per minute` or `3/5minutes` (the notation of `limits`).

        Raises:
            ValueError: it is none of these, several at once, or allows nothing.
        """
        one, *more = limits.parse_many(text)
        if more or one.amount < 1:
            raise ValueError(text)
        return cls(one.amount, one.get_expiry())


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for one kind of request."""

    name: str
    limit: Limit
    """per person"""
    ceiling: Limit
    """per client, where nobody is verified; the same as ``limit`` if the table has none"""
    says_who_in_body: bool


class RuleBook:
    """The rules of one process, found by method and route template."""

    def __init__(self, limits_by_name: Mapping[str, Limit]) -> None:
        self._limits = limits_by_name
        self._rules = {
            name: Rule(
                name, limit, limits_by_name.get(name + PER_CLIENT, limit), name in _SAYS_WHO_IN_BODY
            )
            for name, limit in limits_by_name.items()
            if not name.endswith(PER_CLIENT)
        }
        self._found: dict[tuple[str, str], Rule] = {}

    @classmethod
    def with_overrides(cls, overrides: Mapping[str, str]) -> "RuleBook":
        """The table above with some limits set anew.

        Raises:
            ConfigurationError: an unknown name or a limit that cannot be read; a line each.
        """
        lines = [
            f"RATE_LIMITS: no limit is called {name!r}: use one of {', '.join(DEFAULT_LIMITS)}"
            for name in overrides
            if name not in DEFAULT_LIMITS
        ]
        known: dict[str, Limit] = {}
        for name, text in {**DEFAULT_LIMITS, **overrides}.items():
            try:
                known[name] = Limit.parse(text)
            except ValueError:
                lines.append(
                    f"RATE_LIMITS: {name}: {text!r} is no limit: write it like "
                    "10/minute or 1000/hour, at least 1"
                )
        if lines:
            raise ConfigurationError(lines)
        return cls(known)

    def __getitem__(self, name: str) -> Rule:
        return self._rules[name]

    @property
    def wrong_passwords(self) -> Limit:
        """How many sign-ins may fail from one client."""
        return self._limits[WRONG_PASSWORDS + PER_CLIENT]

    def rule_for(self, method: str, template: str) -> Rule:
        """The rule of a route; whatever has none of its own is a read, a write or «default»."""
        rule = self._found.get((method, template))
        if rule is None:
            rule = self._rules[_name_for(method, template)]
            if method in _BY_METHOD:  # templates are finite, invented methods are not
                self._found[method, template] = rule
        return rule


def _name_for(method: str, template: str) -> str:
    if template == UNMATCHED:
        return "default"
    asked = "GET" if method == "HEAD" else method
    own = _ROUTES.get((asked, _PARAMETER.sub("{}", template)))
    return own or _BY_METHOD.get(asked, "default")


def routes_with_a_rule() -> list[tuple[str, str]]:
    """Method and template (parameters as ``{}``) of each route that the table names."""
    return list(_ROUTES)
