"""The numbers that an alert compares with, and what it compares: read from the rule itself.

Nobody writes the number a second time, so a panel cannot show another one than the alarm's.

>>> alert_lines("sum by (namespace) (increase(refused_total[5m])) > 1000 and on () vector(1)")
(Compared(left='sum by (namespace) (increase(refused_total[5m]))', operator='>', number=1000.0),)
>>> [one.number for one in alert_lines("lost > 0 or late > 14.4 * 0.01")], alert_lines("absent(up)")
([0.0, 0.144], ())
"""

from dataclasses import dataclass
from typing import Any, Final

from tocsin.monitoring.promql.reading import parsed
from tocsin.monitoring.promql.tree import number

_COMPARES: Final = frozenset({">", ">=", "<", "<="})
_GUARDS: Final = frozenset({"and", "unless"})


@dataclass(frozen=True)
class Compared:
    """What stands left of a comparison, and the number right of it."""

    left: str
    operator: str
    number: float


def alert_lines(expr: str) -> tuple[Compared, ...]:
    """The first comparison with a number of each side of an ``or`` in ``expr``.

    Raises:
        ValueError: it is no PromQL.
    """
    import promql_parser  # noqa: PLC0415 - an extra

    return _of(promql_parser.parse(expr))


def _of(node: Any) -> tuple[Compared, ...]:
    """Of the parser's own tree, which alone can be written as text again."""
    kind = type(node).__name__
    if kind == "ParenExpr":
        return _of(node.expr)
    if kind != "BinaryExpr":
        return ()
    operator = str(node.op)
    if operator in _COMPARES:
        limit = number(parsed(node.rhs.prettify()))
        left = " ".join(node.lhs.prettify().split())
        return () if limit is None else (Compared(left, operator, float(f"{limit:.12g}")),)
    if operator in _GUARDS:
        return _of(node.lhs) or _of(node.rhs)
    return (*_of(node.lhs), *_of(node.rhs)) if operator == "or" else ()
