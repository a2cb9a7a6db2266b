"""The tests can be read as a list of promises, and keep nothing of ours from running."""

import ast
import re
import sys
from pathlib import Path

import pytest

PATCH = re.compile(r"monkeypatch\.setattr\(\s*\W?(\w+)")


@pytest.fixture(scope="session")
def promises(python_files: list[Path]) -> list[tuple[Path, ast.AST]]:
    """Every test function of the tree."""
    return [
        (path, node)
        for path in python_files
        if path.name.startswith("test_")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    ]


def test_each_test_states_its_promise(promises, root):
    """Every test opens with one sentence that says what is promised."""
    silent = [
        f"{path.relative_to(root)}:{node.lineno} {node.name}"
        for path, node in promises
        if not (text := ast.get_docstring(node)) or "\n\n" in text.strip()
    ]

    assert silent == []


@pytest.fixture(scope="session")
def questions(python_files: list[Path]) -> set[str]:
    """The names of the tests' own functions that assert something."""
    return {
        node.name
        for path in python_files
        if "tests" in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(isinstance(inner, ast.Assert) for inner in ast.walk(node))
    }


def test_each_test_can_fail(promises, questions, root):
    """No test passes for want of a question: each asserts, or expects an exception."""
    toothless = [
        f"{path.relative_to(root)}:{node.lineno} {node.name}"
        for path, node in promises
        if not any(_asks(inner, questions) for inner in ast.walk(node))
    ]

    assert toothless == []


def test_nothing_of_ours_is_patched(python_files, root):
    """Tests run our code as it is: no mock stands in for it, whatever is done to Python's own."""
    patched = [
        f"{path.relative_to(root)}:{number}"
        for path in python_files
        if "tests" in path.parts and path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "unittest.mock" in line
        or "MagicMock" in line
        or ((target := PATCH.search(line)) and target[1] not in sys.stdlib_module_names)
    ]

    assert patched == []


def _asks(node: ast.AST, questions: set[str]) -> bool:
    if isinstance(node, ast.Assert):
        return True
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = name or (node.func.id if isinstance(node.func, ast.Name) else "")
        return name in {"raises", "warns"} | questions or name.startswith("assert_")
    return False
