"""The rule about units: a number of the wrong size is an alarm that never rings, or always.

>>> [(value, unit) for value, unit, _ in _told("over 2 s for 10 minutes")]
[(2.0, 's'), (10.0, 'min')]
"""

import re
from collections.abc import Iterator
from typing import Final

from tocsin.monitoring.checks.chain import Chain
from tocsin.monitoring.checks.findings import Finding
from tocsin.monitoring.checks.questions import Question
from tocsin.monitoring.dashboards.units import UNITS, measured, of_name
from tocsin.monitoring.promql.tree import Node, calls, limits, selectors, walk

_IN_SECONDS: Final = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
_SPELLED: Final = (
    ("ms", r"ms|milliseconds?"),
    ("s", r"s|seconds?"),
    ("min", r"min|minutes?"),
    ("h", r"h|hours?"),
    ("%", r"%|per ?cent"),
)
_PER_MINUTE: Final = re.compile(r"\b(?:per|a|each) minute\b|/min\b")
_SIDES: Final = frozenset({"+", "-", ">", ">=", "<", "<=", "==", "!="})
_SIZE: Final = {"seconds": 1.0, "milliseconds": 0.001}


def unit_mismatch(chain: Chain) -> Iterator[Finding]:
    """Names, numbers, panels and texts speak of one unit (D55)."""
    for question, tree in chain.readable:
        yield from _of_panel(question)
        yield from _of_sides(question, tree)
        if question.alert is not None:
            yield from _of_summary(question, tree)


def _of_panel(question: Question) -> Iterator[Finding]:
    if question.panel is None:
        return
    measure = measured(question.text)
    unit = UNITS[question.panel.unit]
    if not unit.fits(measure):
        yield Finding(
            "unit-mismatch",
            question.source.place(),
            f"{question.asker}: the panel says {question.panel.unit!r}, its query gives {measure}",
            "give the panel the query's unit, or scale the query",
        )


def _of_sides(question: Question, tree: Node) -> Iterator[Finding]:
    for node, _ in walk(tree):
        if node.kind != "binary" or node.name not in _SIDES:
            continue
        units = [_time_units(one) for one in node.children]
        if all(len(one) == 1 for one in units) and units[0] != units[1]:
            first = next(iter(selectors(node.right)))[0]
            yield Finding(
                "unit-mismatch",
                question.place(first.name, first.at),
                f"{question.asker}: {units[0].pop()} {node.name} {units[1].pop()}",
                "bring both sides to one unit",
            )


def _of_summary(question: Question, tree: Node) -> Iterator[Finding]:
    alert = question.alert
    field = alert.fields.get("annotations.summary") if alert else None
    if field is None:
        return
    for value, unit, text in _told(field.value):
        wrong = _no_share(tree) if unit == "%" else _other_size(tree, value, unit)
        if wrong:
            yield Finding(
                "unit-mismatch",
                field.source.place(text),
                f"{question.asker}: the summary says {text!r}, but {wrong}",
                "say the number in the metric's unit, or compare with the number that is said",
            )
    found = _PER_MINUTE.search(field.value)
    if found and _compares_rate(tree):
        yield Finding(
            "unit-mismatch",
            field.source.place(found[0]),
            f"{question.asker}: the summary counts {found[0]!r}, but rate() counts per second",
            "compare increase(…[1m]), or say the number per second",
        )


def _told(text: str) -> Iterator[tuple[float, str, str]]:
    """The numbers with a unit in a text: value, unit, as written."""
    for found in re.finditer(r"(\d+(?:\.\d+)?)\s?([a-zA-Z%]+(?: cent)?)", text):
        for unit, pattern in _SPELLED:
            if re.fullmatch(pattern, found[2]):
                yield float(found[1]), unit, found[0]


def _other_size(tree: Node, value: float, unit: str) -> str:
    """A number that is compared as it is told, but in another unit."""
    compared = [(limit, one) for _, left, limit in limits(tree) for one in _time_units(left)]
    if any(abs(limit * _SIZE[one] - value * _IN_SECONDS[unit]) < 1e-9 for limit, one in compared):  # noqa: PLR2004
        return ""
    wrong = next((one for limit, one in compared if limit == value), "")
    return f"the rule compares {value:g} {wrong}" if wrong else ""


def _no_share(tree: Node) -> str:
    shares = any(node.kind == "binary" and node.name == "/" for node, _ in walk(tree))
    named = any(not of_name(one.name).powers for one, _ in selectors(tree))
    return "" if shares or named else "the rule compares no share: it divides nothing"


def _compares_rate(tree: Node) -> bool:
    return any(
        "rate" in calls(above)
        for _, compared, _ in limits(tree)
        if not any(node.kind == "binary" and node.name in "*/" for node, _ in walk(compared))
        for _, above in selectors(compared)
    )


def _time_units(node: Node) -> set[str]:
    """The units of time in which a side is measured, as its names tell."""
    if any(one.kind == "binary" and one.name in "*/" for one, _ in walk(node)):
        return set()
    return {
        unit
        for one, _ in selectors(node)
        if not one.name.endswith(("_bucket", "_count")) or _is_percentile(node)
        for unit in of_name(one.name.removesuffix("_bucket")).powers
        if unit in _SIZE
    }


def _is_percentile(node: Node) -> bool:
    return any(one.name == "histogram_quantile" for one, _ in walk(node))
