"""A read expression: a small tree whose parts know where they stand in the text.

>>> from tocsin.monitoring.promql.reading import parsed
>>> [(compared.name, limit) for _, compared, limit in limits(parsed("sum(a) > 14.4 * 10"))]
[('sum', 144.0)]
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

COMPARISONS: Final = frozenset({">", ">=", "<", "<=", "==", "!="})


class Matcher(NamedTuple):
    """One condition within braces."""

    label: str
    operator: str
    value: str


@dataclass(frozen=True, eq=False)
class Node:
    """A part of an expression.

    ``kind`` is one of selector, call, aggregation, binary, subquery, number and text; ``name``
    is that of the metric, function or operator. ``grouped`` is ``by`` or ``without`` (of an
    aggregation), ``on`` or ``ignoring`` (of an operator) with its ``labels``, or empty.
    """

    kind: str
    name: str = ""
    children: tuple["Node", ...] = ()
    matchers: tuple[Matcher, ...] = ()
    range_s: float = 0.0
    offset_s: float = 0.0
    grouped: str = ""
    labels: tuple[str, ...] = ()
    value: float = 0.0
    at: int = 0

    @property
    def left(self) -> "Node":
        """What stands before the operator."""
        return self.children[0]

    @property
    def right(self) -> "Node":
        """What stands behind the operator."""
        return self.children[1]

    @property
    def compares(self) -> bool:
        """Whether it is a comparison."""
        return self.kind == "binary" and self.name in COMPARISONS


Above = tuple[Node, ...]


def walk(node: Node, above: Above = ()) -> Iterator[tuple[Node, Above]]:
    """Every part with those that it stands in, outermost first."""
    yield node, above
    for child in node.children:
        yield from walk(child, (*above, node))


def selectors(node: Node) -> Iterator[tuple[Node, Above]]:
    """Every selector with what it stands in."""
    return ((one, above) for one, above in walk(node) if one.kind == "selector")


def calls(above: Above) -> set[str]:
    """The functions that a part stands in."""
    return {one.name for one in above if one.kind == "call"}


def number(node: Node) -> float | None:
    """The value of a constant such as ``14.4 * 0.001``; ``None`` of all else."""
    if node.kind == "number":
        return node.value
    if node.kind != "binary" or node.name not in "*/+-":
        return None
    left, right = number(node.left), number(node.right)
    if left is None or right is None or (node.name == "/" and right == 0):
        return None
    return {"*": left * right, "/": left / (right or 1), "+": left + right, "-": left - right}[
        node.name
    ]


def limits(node: Node) -> Iterator[tuple[Node, Node, float]]:
    """Every comparison with a constant: itself, what is compared, the constant."""
    for one, _ in walk(node):
        if one.compares:
            for compared, limit in ((one.left, one.right), (one.right, one.left)):
                value = number(limit)
                if value is not None and number(compared) is None:
                    yield one, compared, value
