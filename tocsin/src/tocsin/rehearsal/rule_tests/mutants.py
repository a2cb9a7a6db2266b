"""A rule made wrong in one place: what a slip of the pen would do.

>>> rule = {"alert": "Hot", "expr": "sum(rate(a[5m])) > 2", "for": "0s"}
>>> [one.what for one in mutants_of(rule)][:4]
['> 2 becomes > 1.6', '> 2 becomes > 2.5', '> 2 becomes < 2', '[5m] becomes [2m30s]']
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tocsin.monitoring.durations import seconds, spelled
from tocsin.monitoring.promql.reading import hidden
from tocsin.rehearsal.rule_tests.branches import without_branches

_LIMIT: Final = re.compile(r"(>=|<=|>|<)\s*([\d.]+)")
_WINDOW: Final = re.compile(r"\[([\dsmhd]+)\]")
_OFFSET: Final = re.compile(r"\s+offset\s+[\dsmhd]+")
_GROUPED: Final = re.compile(r"\bby\s*\(([^)]*)\)")
_BRACES: Final = re.compile(r"\{([^}]*)\}")
_MATCHER: Final = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*")')
_TURNED: Final = {">": "<", "<": ">", ">=": "<", "<=": ">"}
_NEGATED: Final = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
_SWAPPED: Final = {
    "increase": "rate",
    "rate": "increase",
    "sum": "max",
    "max": "sum",
    "avg": "min",
    "round": "",
}


@dataclass(frozen=True)
class Mutant:
    """A wrong rule, and what is wrong with it."""

    what: str
    rule: Mapping[str, Any]


def mutants_of(rule: Mapping[str, Any]) -> Iterator[Mutant]:
    """Every mutant of one rule, each different from it."""
    expr = str(rule["expr"])
    whole = " ".join(expr.split())
    told: Counter[str] = Counter()
    for what, wrong in _wrong_expressions(expr):
        told[what] += 1  # the same slip in another place of the expression
        if " ".join(wrong.split()) != whole:
            place = f" ({told[what]})" if told[what] > 1 else ""
            yield Mutant(what + place, {**rule, "expr": wrong})
    held_s = seconds(str(rule["for"]))
    if held_s:
        yield Mutant("for is left out", {**rule, "for": "0s"})
        yield Mutant("for is doubled", {**rule, "for": spelled(2 * held_s)})
    else:
        yield Mutant("for becomes 5m", {**rule, "for": "5m"})


def _wrong_expressions(expr: str) -> Iterator[tuple[str, str]]:
    visible = hidden(expr)
    yield from _limits(expr, visible)
    for found in _WINDOW.finditer(visible):
        length_s = seconds(found[1])
        for wrong in (spelled(length_s / 2), spelled(length_s * 2)):
            yield f"[{found[1]}] becomes [{wrong}]", _put(expr, found.span(), f"[{wrong}]")
    for found in _OFFSET.finditer(visible):
        yield f"{found[0].strip()} is left out", _put(expr, found.span(), "")
    # Over zero is over zero, whatever is summed or divided by time.
    is_any = all(float(one[2]) == 0 for one in _LIMIT.finditer(visible))
    for name, wrong in () if is_any else _SWAPPED.items():
        for found in re.finditer(rf"\b{name}\b(?=\s*(?:\(|by))", visible):
            what = f"becomes {wrong}" if wrong else "is left out"
            yield f"{name} {what}", _put(expr, found.span(), wrong)
    for found in _GROUPED.finditer(visible):
        labels = [one.strip() for one in found[1].split(",") if one.strip()]
        for label in labels:
            left = ", ".join(one for one in labels if one != label)
            yield f"by ({found[1]}) loses {label}", _put(expr, found.span(), f"by ({left})")
    yield from _matchers(expr)
    yield from without_branches(expr)


def _limits(expr: str, visible: str) -> Iterator[tuple[str, str]]:
    for found in _LIMIT.finditer(visible):
        operator, number = found[1], float(found[2])
        words = f"{operator} {found[2]}"
        for factor in (0.8, 1.25):
            wrong = f"{operator} {number * factor:g}"
            if number:
                yield f"{words} becomes {wrong}", _put(expr, found.span(), wrong)
        if not number:
            yield f"{words} becomes {operator} 1", _put(expr, found.span(), f"{operator} 1")
        turned = f"{_TURNED[operator]} {found[2]}"
        yield f"{words} becomes {turned}", _put(expr, found.span(), turned)


def _matchers(expr: str) -> Iterator[tuple[str, str]]:
    for braces in _BRACES.finditer(expr):
        parts = list(_MATCHER.finditer(expr, *braces.span(1)))
        for part in parts:
            others = ",".join(one[0] for one in parts if one is not part)
            yield f"{part[0]} is left out", _put(expr, braces.span(1), others)
            negated = f"{part[1]}{_NEGATED[part[2]]}{part[3]}"
            yield f"{part[0]} becomes {negated}", _put(expr, part.span(), negated)


def _put(text: str, span: tuple[int, int], new: str) -> str:
    return f"{text[: span[0]]}{new}{text[span[1] :]}"
