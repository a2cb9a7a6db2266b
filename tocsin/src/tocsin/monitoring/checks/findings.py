"""A finding: what is wrong, where, and how to mend it, as a good compiler says it.

>>> place = Place(Path("alerts.yaml"), line=1, column=6, length=3, excerpt="expr: foo > 2")
>>> print(as_text([Finding("unknown-metric", place, "nobody exports foo", "export it")]), end="")
alerts.yaml:1:7: unknown-metric: nobody exports foo
    1 | expr: foo > 2
      |       ^^^
      = mend: export it
      = page: tocsin/docs/checks/unknown-metric.md
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tocsin.monitoring.sources import Place

PAGES: Final = "tocsin/docs/checks"
_EXCERPT_AT_MOST: Final = 160


@dataclass(frozen=True)
class Finding:
    """One thing to mend."""

    rule: str
    place: Place
    says: str
    mend: str

    @property
    def page(self) -> str:
        """The page that explains the rule."""
        return f"{PAGES}/{self.rule}.md"

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Findings are read from the top of a file to its end."""
        where = self.place
        return (str(where.file), where.line, where.column, self.rule, self.says)


def as_text(findings: Iterable[Finding]) -> str:
    """For people."""
    return "\n".join(_told(one) for one in findings)


def as_data(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "rule": one.rule,
            "file": shown(one.place.file),
            "line": one.place.line,
            "column": one.place.column + 1,
            "says": one.says,
            "mend": one.mend,
            "excerpt": one.place.excerpt,
            "page": one.page,
        }
        for one in findings
    ]


def shown(file: Path) -> str:
    """A path as one would type it here."""
    try:
        return str(file.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(file)


def _told(finding: Finding) -> str:
    where = finding.place
    text, column = _cut(where.excerpt, where.column)
    caret = " " * column + "^" * max(1, min(where.length, len(text) - column))
    return (
        f"{shown(where.file)}:{where.line}:{where.column + 1}: {finding.rule}: {finding.says}\n"
        f"{where.line:5} | {text}\n"
        f"      | {caret}\n"
        f"      = mend: {finding.mend}\n"
        f"      = page: {finding.page}\n"
    )


def _cut(text: str, column: int) -> tuple[str, int]:
    """A long line is shown around its fault only."""
    if len(text) <= _EXCERPT_AT_MOST:
        return text, column
    start = max(0, min(column - 40, len(text) - _EXCERPT_AT_MOST))
    return text[start : start + _EXCERPT_AT_MOST], column - start
