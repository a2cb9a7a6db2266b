"""Writes the page that says where each requirement of the plan is met, and by which test.

    python scripts/list_requirements.py > backend/docs/REQUIREMENTS.md

The rows stand in backend/docs/requirements/*.toml, a file for each part of the plan. Refused are a
number that is missing or given twice, a place that is not there, a test that nobody finds under
its name, and anything not wholly met without its reason.
"""

import ast
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ROWS = ROOT / "backend" / "docs" / "requirements"
PAGE = ROOT / "backend" / "docs" / "REQUIREMENTS.md"
OWED = {
    *(f"R{number:03}" for number in range(1, 279)),
    *(f"N{number}" for number in range(1, 14)),
    *(f"S{number:02}" for number in range(1, 6)),
}
STATES = {"met": "met", "part": "**in part**", "not": "**not met**"}
KEYS = {"says", "state", "where", "tests", "note"}
HEAD = """\
<!-- Made by `python scripts/list_requirements.py` from requirements/*.toml: change those. -->
# Requirements

What the plan asked for (R001 to R278), where it contradicts itself (N1 to N13) and what its sibling
documents add (S01 to S05), in our words: where each is met, and the tests that hold it.

**Nothing here has met the real Google Cloud.** Whatever needs it is «in part» at best: proved with
Google's own client libraries against [the rehearsal cloud](../../tocsin/docs/cloud.md), which
[says what it does not hold](../../tocsin/docs/cloud-rules.md#not-held).
"""


class WrongRowsError(Exception):
    """The rows do not say what they must; a line for each fault."""


@dataclass(frozen=True)
class Row:
    """One requirement."""

    number: str
    says: str
    state: str
    where: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Part:
    """One part of the plan."""

    title: str
    rows: tuple[Row, ...]


def parts_in(folder: Path) -> list[Part]:
    """The parts of a folder, in the order of their files.

    Raises:
        WrongRowsError: a row has a key that no row has, or lacks one.
    """
    return [_part(tomllib.loads(file.read_text()), file) for file in sorted(folder.glob("*.toml"))]


def _part(data: Mapping[str, Any], file: Path) -> Part:
    rows = []
    for number, row in data.items():
        if number == "title":
            continue
        if not {"says", "state"} <= row.keys() <= KEYS:
            raise WrongRowsError(f"{file.name}: {number}: a row has says, state and {KEYS}")
        lists = {name: tuple(row.get(name, ())) for name in ("where", "tests")}
        rows.append(Row(number, row["says"], row["state"], note=row.get("note", ""), **lists))
    return Part(data["title"], tuple(rows))


def faults(rows: Iterable[Row], owed: Iterable[str], root: Path) -> list[str]:
    """All that is wrong with the rows, a line each."""
    listed = list(rows)
    counted = Counter(row.number for row in listed)
    found = [f"{one}: no row" for one in sorted(set(owed) - counted.keys())]
    found += [f"{one}: asked by nobody" for one in sorted(counted.keys() - set(owed))]
    found += [f"{one}: {number} rows" for one, number in counted.items() if number > 1]
    return [*found, *(f"{row.number}: {fault}" for row in listed for fault in _of(row, root))]


def _of(row: Row, root: Path) -> Iterator[str]:
    if row.state not in STATES:
        yield f"{row.state!r} is no state: use one of {', '.join(STATES)}"
    if row.state != "met" and not row.note:
        yield "not wholly met, and no reason why"
    if row.state != "not" and not row.where:
        yield "met nowhere"
    if row.state != "not" and not row.tests and not row.note:
        yield "no test, and no reason why"
    yield from (f"{place} is not there" for place in row.where if not (root / place).exists())
    for test in row.tests:
        file, _, name = test.partition("::")
        if name not in _tests_of(root / file):
            yield f"no test {name} in {file}"


@cache
def _tests_of(file: Path) -> frozenset[str]:
    """The tests that pytest would find there."""
    if not file.is_file() or not file.name.startswith("test_"):
        return frozenset()
    return frozenset(
        node.name
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    )


def page(parts: list[Part]) -> str:
    """The whole page."""
    rows = [row for part in parts for row in part.rows]
    lines = [HEAD, "| | met | in part | not met |", "|---|---|---|---|"]
    for part in parts:
        counted = Counter(row.state for row in part.rows)
        anchor = "".join(one for one in part.title.lower() if one.isalnum() or one in " -")
        name = f"[{part.title}](#{anchor.replace(' ', '-')})"
        lines.append("| " + " | ".join([name, *(str(counted[state]) for state in STATES)]) + " |")
    counted = Counter(row.state for row in rows)
    total = " | ".join(f"**{counted[state]}**" for state in STATES)
    lines.append(f"| **all {len(rows)}** | {total} |")
    for part in parts:
        lines += ["", f"## {part.title}", "", "| | asked | state | where | tests |"]
        lines += ["|---|---|---|---|---|", *(_line(row) for row in part.rows)]
    return "\n".join([*lines, ""])


def _line(row: Row) -> str:
    state = STATES[row.state] + (f": {row.note}" if row.note else "")
    where = "<br>".join(f"[{_short(place)}]({_link(place)})" for place in row.where)
    tests = "<br>".join(
        f"[{name}]({_link(file)})" for file, _, name in (test.partition("::") for test in row.tests)
    )
    return f"| {row.number} | {row.says} | {state} | {where} | {tests} |"


def _short(place: str) -> str:
    return "/".join(Path(place).parts[-2:])


def _link(place: str) -> str:
    inside = Path("backend/docs")
    path = Path(place)
    if path.is_relative_to(inside):
        return str(path.relative_to(inside))
    if path.is_relative_to("backend"):
        return f"../{path.relative_to('backend')}"
    return f"../../{place}"


def main() -> int:
    """Print the page; 1 with the faults if there are any."""
    parts = parts_in(ROWS)
    found = faults((row for part in parts for row in part.rows), OWED, ROOT)
    if found:
        sys.stderr.write("\n".join(found) + "\n")
        return 1
    sys.stdout.write(page(parts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
