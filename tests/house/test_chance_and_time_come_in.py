"""Clocks and chance are parameters: no module of ours reads them by itself."""

import ast
from pathlib import Path

# Where the world is let in, and why.
DOORS = {
    "tocsin/src/tocsin/clock.py": "the clock itself",
}
FORBIDDEN = {
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "monotonic"),
    ("time", "monotonic_ns"),
    ("time", "perf_counter"),
    ("time", "perf_counter_ns"),
    ("time", "sleep"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("random", "random"),
    ("random", "choice"),
    ("random", "randint"),
    ("random", "getrandbits"),
    ("random", "shuffle"),
    ("uuid", "uuid1"),
}


def calls(path: Path) -> list[tuple[int, tuple[str, str]]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name):
                found.append((node.lineno, (owner.id, node.func.attr)))
    return found


def test_no_module_reads_clock_or_chance_by_itself(product_files, root):
    """Whoever needs the hour or a die is handed one, so that tests need neither sleep nor luck."""
    offenders = [
        f"{path.relative_to(root)}:{line} {'.'.join(call)}"
        for path in product_files
        if str(path.relative_to(root)) not in DOORS
        for line, call in calls(path)
        if call in FORBIDDEN
    ]

    assert offenders == []
