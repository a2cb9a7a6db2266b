"""The number that an alert compares with, and what it compares: read from the rule itself.

Nobody writes the number a second time, so a panel cannot show another one than the alarm's.

>>> alert_line("sum by (namespace) (increase(refused_total[5m])) > 1000 and on () vector(1)")
Compared(left='sum by (namespace) (increase(refused_total[5m]))', operator='>', number=1000.0)
>>> alert_line("absent(up)") is None
True
"""

from dataclasses import dataclass
from typing import Any, Final

_COMPARES: Final = frozenset({">", ">=", "<", "<="})
_JOINS: Final = frozenset({"and", "or", "unless"})


@dataclass(frozen=True)
class Compared:
    """What stands left of the first comparison, and the number right of it."""

    left: str
    operator: str
    number: float


def alert_line(expr: str) -> Compared | None:
    """The first comparison with a number in ``expr``; ``None`` where it has none."""
    import promql_parser  # noqa: PLC0415 - an extra

    return _first(promql_parser.parse(expr))


def _first(node: Any) -> Compared | None:
    kind = type(node).__name__
    if kind == "ParenExpr":
        return _first(node.expr)
    if kind != "BinaryExpr":
        return None
    operator = str(node.op)
    if operator in _COMPARES and type(node.rhs).__name__ == "NumberLiteral":
        return Compared(" ".join(node.lhs.prettify().split()), operator, float(node.rhs.val))
    if operator in _JOINS:
        return _first(node.lhs) or _first(node.rhs)
    return None
