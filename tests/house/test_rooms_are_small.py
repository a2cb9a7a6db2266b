"""A reader can hold each room of the house in the head."""

import ast
from collections.abc import Iterator
from pathlib import Path

LINES_AT_MOST = 400
BODY_LINES_AT_MOST = 50
NESTING_AT_MOST = 4  # three levels inside a function, one more for a `try` around them
NO_ROOM_IS_CALLED = {"utils", "util", "helpers", "common", "misc", "manager", "base"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
_NESTS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith, ast.Match)


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            yield node


def body_lines(function: Function) -> int:
    """Its lines without signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def nesting(node: ast.AST, depth: int = 0) -> int:
    """How many blocks stand inside one another; an `elif` is beside its `if`, not inside."""
    deepest = depth
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        beside = isinstance(node, ast.If) and isinstance(child, ast.If) and [child] == node.orelse
        inside = isinstance(child, _NESTS) and not beside
        deepest = max(deepest, nesting(child, depth + inside))
    return deepest


def test_no_file_is_longer_than_four_hundred_lines(python_files, root):
    """A file that has grown past 400 lines is two rooms."""
    long = {
        str(path.relative_to(root)): lines
        for path in python_files
        if (lines := len(path.read_text().splitlines())) > LINES_AT_MOST
    }

    assert long == {}


def test_no_function_is_longer_than_fifty_lines(python_files, root):
    """A function's body fits on one screen."""
    long = [
        f"{path.relative_to(root)}:{function.lineno} {function.name}"
        for path in python_files
        for function in functions(path)
        if body_lines(function) > BODY_LINES_AT_MOST
    ]

    assert long == []


def test_no_function_nests_deeply(product_files, root):
    """Nobody has to remember more than a few open conditions."""
    deep = [
        f"{path.relative_to(root)}:{function.lineno} {function.name}"
        for path in product_files
        for function in functions(path)
        if nesting(function) > NESTING_AT_MOST
    ]

    assert deep == []


def test_rooms_are_named_for_what_they_do(python_files, root):
    """No file or folder is a drawer for odds and ends."""
    drawers = [
        str(path.relative_to(root))
        for path in python_files
        if NO_ROOM_IS_CALLED & {*path.relative_to(root).parts, path.stem}
    ]

    assert drawers == []
