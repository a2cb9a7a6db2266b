"""What a query asks for: the series that it selects, with the functions around each.

>>> one = asked('sum by (namespace) (rate(shop_orders_total{channel="web"}[5m]))')
>>> [(series.name, series.matchers, series.inside) for series in one.series]
[('shop_orders_total', (('channel', '=', 'web'),), ('sum', 'rate'))]
>>> one.groupings
(('namespace',),)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

_OPERATORS: Final = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


@dataclass(frozen=True)
class Series:
    """A selector; ``inside`` are the functions around it, outermost first."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]
    inside: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """All of one query; ``groupings`` are the labels that each aggregation keeps."""

    series: tuple[Series, ...]
    groupings: tuple[tuple[str, ...], ...]
    kept: frozenset[str]
    """The labels of the result, as far as aggregations say."""


def asked(expr: str) -> Asked:
    """What ``expr`` asks for.

    Raises:
        ValueError: it is no PromQL.
    """
    import promql_parser  # noqa: PLC0415 - an extra

    node = promql_parser.parse(expr)
    series = tuple(_series(node, ()))
    groupings = tuple(_groupings(node))
    return Asked(series, groupings, frozenset(groupings[0] if groupings else ()))


def _series(node: Any, inside: tuple[str, ...]) -> Iterator[Series]:
    kind = type(node).__name__
    if kind == "VectorSelector":
        found = node.matchers.matchers if node.matchers else []
        matchers = tuple(
            (one.name, _OPERATORS[str(one.op).rpartition(".")[2]], one.value) for one in found
        )
        yield Series(node.name or "", matchers, inside)
        return
    if kind == "Call":
        inside = (*inside, node.func.name)
    elif kind == "AggregateExpr":
        inside = (*inside, str(node.op))
    for child in children(node):
        yield from _series(child, inside)


def _groupings(node: Any) -> Iterator[tuple[str, ...]]:
    if type(node).__name__ == "AggregateExpr":
        by = node.modifier is not None and str(node.modifier.type).endswith("By")
        yield tuple(node.modifier.labels) if by else ()
    for child in children(node):
        yield from _groupings(child)


def children(node: Any) -> list[Any]:
    """The expressions right below one."""
    kind = type(node).__name__
    if kind == "BinaryExpr":
        return [node.lhs, node.rhs]
    if kind == "Call":
        return list(node.args)
    if kind == "MatrixSelector":
        return [node.vector_selector]
    return [node.expr] if hasattr(node, "expr") else []
