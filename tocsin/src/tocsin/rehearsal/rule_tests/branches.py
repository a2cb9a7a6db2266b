"""An expression without one side of an ``and``, ``or`` or ``unless``.

>>> [wrong for _, wrong in without_branches("a > 1 and b > 2")]
['(a) > (1)', '(b) > (2)']
"""

from collections.abc import Iterator
from typing import Any, Final

_SETS: Final = frozenset({"and", "or", "unless"})
Path = tuple[int, ...]


def without_branches(expr: str) -> Iterator[tuple[str, str]]:
    """What was left out, and the expression that remains."""
    import promql_parser  # noqa: PLC0415 - an extra

    root = promql_parser.parse(expr)
    for path, node in _walk(root, ()):
        if type(node).__name__ == "BinaryExpr" and str(node.op) in _SETS:
            for side, words in ((0, "the right side"), (1, "the left side")):
                what = f"{words} of `{node.op}` {_number(path)}is left out"
                yield what, _text(root, (), path, side)


def _number(path: Path) -> str:
    return f"at {'.'.join(map(str, path))} " if path else ""


def _walk(node: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    yield path, node
    for number, child in enumerate(_children(node)):
        yield from _walk(child, (*path, number))


def _children(node: Any) -> list[Any]:
    kind = type(node).__name__
    if kind == "BinaryExpr":
        return [node.lhs, node.rhs]
    if kind == "Call":
        return list(node.args)
    return [node.expr] if kind in ("ParenExpr", "AggregateExpr", "UnaryExpr") else []


def _text(node: Any, here: Path, cut: Path, side: int) -> str:
    """The node as text; where the cut is, one of its sides alone."""
    parts = [
        _text(child, (*here, number), cut, side) for number, child in enumerate(_children(node))
    ]
    kind = type(node).__name__
    if kind == "BinaryExpr":
        if here == cut:
            return parts[side]
        return f"({parts[0]}) {node.op}{_matching(node)} ({parts[1]})"
    heads = {"ParenExpr": "", "UnaryExpr": "-"}
    if kind == "Call":
        heads[kind] = node.func.name
    elif kind == "AggregateExpr":
        heads[kind] = f"{node.op}{_grouping(node)} "
    inside = ", ".join(parts)
    return f"{heads[kind]}({inside})" if kind in heads else str(node.prettify()).strip()


def _matching(node: Any) -> str:
    modifier = node.modifier
    if modifier is None or modifier.matching is None:
        return ""
    word = "on" if str(modifier.matching.type).endswith("Include") else "ignoring"
    return f" {word} ({', '.join(modifier.matching.labels)})"


def _grouping(node: Any) -> str:
    if node.modifier is None:
        return ""
    word = "by" if str(node.modifier.type).endswith("By") else "without"
    return f" {word} ({', '.join(node.modifier.labels)})"
