"""Every endpoint: what it does, who may call it, how often."""

from collections.abc import Iterator
from typing import Any

from fastapi.routing import iter_route_contexts
from pydantic import SecretStr
from test_routes_and_rights import MAY_CALL, routes_of

from app.core.config import Settings
from app.main import create_app
from app.services.protection.rules import RuleBook
from reference_pages.markdown import code, page, table

ABOUT = """\
The routes of the application as it is composed, with the first sentence of what serves them. Who
may call is [what the tests ask everybody](../../tests/test_routes_and_rights.py); how often, the
table of [rules](../../app/services/protection/rules.py): for a person, and for all who come from
one address ([decision 3](../decisions/0003-a-school-behind-one-address.md)). `HEAD` goes with
`GET`.
"""


def endpoints_page() -> str:
    """All of the application's own routes."""
    rows = sorted(_rows(_application()), key=lambda row: ("/api/" in row[1], row[1]))
    names = ("method", "path", "does", "who", "per person", "per address")
    body = [f"{len(rows)} endpoints.", "", *table(names, rows)]
    return page("Endpoints", ABOUT, source="the routes", body=body)


def _application() -> Any:
    return create_app(
        Settings(
            environment="test",  # type: ignore[arg-type]
            secret_key=SecretStr("a key that signs nothing, 32 letters"),
            telemetry_key=SecretStr("another one that names nobody at all"),
        )
    )


def _rows(app: Any) -> Iterator[tuple[str, ...]]:
    book = RuleBook.with_overrides({})
    keys = iter(routes_of(app))
    for route in iter_route_contexts(app.routes):
        does = " ".join((route.endpoint.__doc__ or "").split("\n\n")[0].split())
        for method in route.methods or ("ANY",):
            who = MAY_CALL[next(keys)]
            if method == "HEAD":
                continue
            rule = book.rule_for(method, route.path)
            cells = (method, code(route.path), does, _who(who))
            yield *cells, str(rule.limit), str(rule.ceiling)


def _who(callers: tuple[str, ...]) -> str:
    if "anonymous" in callers:
        return "anybody"
    return "signed in" if "student" in callers else ", ".join(map(str, callers))
