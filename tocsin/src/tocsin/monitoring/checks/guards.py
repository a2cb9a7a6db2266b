"""What must hold besides a comparison, so that it may ring.

>>> from tocsin.monitoring.promql.reading import parsed
>>> [(one.comparison.name, len(one.guards)) for one in judged(parsed("a > 1 and b >= 2"))]
[('>', 1), ('>=', 1)]
"""

from collections.abc import Iterator
from typing import NamedTuple

from tocsin.monitoring.promql.tree import Node


class Judged(NamedTuple):
    """A comparison, and those that must hold besides."""

    comparison: Node
    guards: tuple[Node, ...]


def judged(node: Node, guards: tuple[Node, ...] = ()) -> Iterator[Judged]:
    """Every comparison of an alarm with its guards, through `and`, `or` and `unless`."""
    if node.kind == "binary" and node.name == "and":
        yield from judged(node.left, (*guards, node.right))
        yield from judged(node.right, (*guards, node.left))
    elif node.kind == "binary" and node.name in ("or", "unless"):
        yield from judged(node.left, guards)
        if node.name == "or":
            yield from judged(node.right, guards)
    elif node.compares:
        yield Judged(node, tuple(inner for one in guards for inner in _and_ed(one)))
    else:
        for child in node.children:
            yield from judged(child, guards)


def _and_ed(node: Node) -> Iterator[Node]:
    if node.kind == "binary" and node.name == "and":
        yield from _and_ed(node.left)
        yield from _and_ed(node.right)
    else:
        yield node
