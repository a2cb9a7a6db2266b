"""Rules about names: whoever asks for what nobody exports is never answered, and never told.

>>> from tocsin.monitoring.promql.reading import parsed
>>> mentions(parsed("sum(a) / sum(b)")) == {"a", "b"}
True
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from tocsin.monitoring.checks.chain import Chain, base
from tocsin.monitoring.checks.findings import Finding
from tocsin.monitoring.checks.questions import Question
from tocsin.monitoring.promql.reading import hidden
from tocsin.monitoring.promql.tree import Node, selectors, walk
from tocsin.monitoring.sources import Place

_GROUPING: Final = r"(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*?(?<!\w)"
_IN_TEMPLATE: Final = re.compile(r"\$labels\.(\w+)")
_MADE_BY: Final = {"label_replace": 1, "label_join": 1, "count_values": 0}


def unreadable_expression(chain: Chain) -> Iterator[Finding]:
    """An expression that is no PromQL answers nobody."""
    for one in chain.questions:
        if one.tree is None:
            first = one.text.strip().split("\n", 1)[0]
            yield Finding(
                "unreadable-expression",
                one.source.place(first),
                f"{one.asker}: no PromQL: {one.problem}",
                "write it so that promtool reads it",
            )


def unknown_metric(chain: Chain) -> Iterator[Finding]:
    """A name that nobody exports is an alarm that never rings, or an empty panel."""
    for question, tree in chain.readable:
        for one, _ in selectors(tree):
            if chain.metric(one.name) is None:
                yield Finding(
                    "unknown-metric",
                    question.place(one.name, one.at),
                    f"{question.asker}: nobody exports {one.name or 'a series without a name'}",
                    _instead(chain, one.name),
                )


def unknown_label(chain: Chain) -> Iterator[Finding]:
    """A label that the series do not have selects nothing and groups all into one."""
    for question, tree in chain.readable:
        for one, above in selectors(tree):
            known = chain.labels(one.name)
            if known is None:
                continue
            made = _made(above)
            for matcher in one.matchers:
                if matcher.label not in known:
                    place = question.in_braces(one, matcher.label)
                    yield _no_label(question, one.name, matcher.label, known, place)
            for label in _grouped(above):
                if label not in known | made:
                    place = _in_grouping(question, label)
                    yield _no_label(question, one.name, label, known, place)
        yield from _in_annotations(chain, question, tree)


def _made(above: tuple[Node, ...]) -> set[str]:
    """The labels that functions around a selector add."""
    return {
        one.children[_MADE_BY[one.name]].name
        for one in above
        for inner in [one]
        if inner.name in _MADE_BY and len(inner.children) > _MADE_BY[inner.name]
    }


def _grouped(above: tuple[Node, ...]) -> Iterator[str]:
    for one in above:
        yield from one.labels


def _in_annotations(chain: Chain, question: Question, tree: Node) -> Iterator[Finding]:
    """What a text calls by name must be among the labels of the series behind it."""
    if question.alert is None:
        return
    known = _possible(chain, tree)
    if known is None:
        return
    for name, field in question.alert.fields.items():
        for label in _IN_TEMPLATE.findall(field.value):
            if name.startswith("annotations.") and label not in known:
                yield _no_label(
                    question, "the result", label, known, field.source.place(f"$labels.{label}")
                )


def _possible(chain: Chain, tree: Node) -> frozenset[str] | None:
    """Every label that some part of the result may have."""
    known: set[str] = {"alertname"}
    for one, above in selectors(tree):
        labels = chain.labels(one.name)
        if labels is None:
            return None
        kept = set(labels) | _made(above)
        for group in above:
            if group.kind == "aggregation" and group.grouped != "without":
                kept &= set(group.labels)
        known |= kept
    return frozenset(known)


def _no_label(
    question: Question, of: str, label: str, known: frozenset[str], place: Place
) -> Finding:
    near = get_close_matches(label, known, n=1)
    mend = f"did you mean {near[0]}?" if near else f"it has: {', '.join(sorted(known))}"
    says = f"{question.asker}: {of} has no label {label}"
    return Finding("unknown-label", place, says, mend)


def _in_grouping(question: Question, label: str) -> Place:
    found = re.search(rf"{_GROUPING}({re.escape(label)})(?!\w)", hidden(question.text))
    return question.place(label, found.start(1) if found else None)


def _instead(chain: Chain, name: str) -> str:
    whole = chain.catalogue.metric(name)
    if whole is not None:
        return f"a histogram has {name}_bucket, {name}_sum and {name}_count only"
    names = {one.name for one in chain.catalogue}
    near = get_close_matches(base(name), names, n=1) or get_close_matches(name, names, n=1)
    return f"did you mean {near[0]}?" if near else "declare the metric, or name one that is"


def mentions(tree: Node) -> set[str]:
    """The names of all samples in an expression."""
    return {one.name for one, _ in walk(tree) if one.kind == "selector"}
