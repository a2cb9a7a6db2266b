"""Rules about names: whoever asks for what nobody exports is never answered, and never told.

>>> [one[0] for one in alternatives("5..|429")]
['5..', '429']
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Final

from tocsin.monitoring.checks.chain import Chain, Question, base
from tocsin.monitoring.checks.findings import Finding
from tocsin.monitoring.promql.reading import hidden, span
from tocsin.monitoring.promql.tree import Matcher, Node, selectors, walk
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
                    place = _in_braces(question, one, matcher.label)
                    yield _no_label(question, one.name, matcher.label, known, place)
            for label in _grouped(above):
                if label not in known | made:
                    place = _in_grouping(question, label)
                    yield _no_label(question, one.name, label, known, place)
        yield from _in_annotations(chain, question, tree)


def impossible_value(chain: Chain) -> Iterator[Finding]:
    """A value that is never emitted is never matched, or excluded in vain."""
    for question, tree in chain.readable:
        for one, _ in selectors(tree):
            metric = chain.metric(one.name)
            if metric is None:
                continue
            for matcher in one.matchers:
                for value in _never(chain, metric, matcher):
                    yield Finding(
                        "impossible-value",
                        _in_braces(question, one, value or matcher.label, after=matcher.label),
                        f"{question.asker}: {matcher.label} of {one.name} is never {value!r}",
                        _values(chain, metric, matcher.label),
                    )


def alternatives(pattern: str) -> list[tuple[str, re.Pattern[str]]]:
    """The parts of a regular expression that stand side by side, each of which must match."""
    parts = pattern.split("|") if not re.search(r"[()\[\]\\]", pattern) else [pattern]
    try:
        return [(one, re.compile(one)) for one in parts]
    except re.error:  # not ours to judge: RE2 knows what Python does not
        return []


def _never(chain: Chain, metric: Any, matcher: Matcher) -> Iterator[str]:
    if matcher.label == "le" and metric.kind == "histogram":
        yield from _no_bound(metric, matcher)
        return
    values = chain.values(metric, matcher.label)
    if values is None or matcher.value == "":
        return
    if matcher.operator in ("=", "!="):
        if matcher.value not in values:
            yield matcher.value
        return
    for text, pattern in alternatives(matcher.value):
        if not any(pattern.fullmatch(value) for value in values):
            yield text


def _no_bound(metric: Any, matcher: Matcher) -> Iterator[str]:
    bounds = {*map(float, metric.buckets), float("inf")}
    if matcher.operator in ("=", "!="):
        if not _is_number(matcher.value) or float(matcher.value) not in bounds:
            yield matcher.value
        return
    # Whoever writes a pattern means every spelling of a bound, so one of them is enough.
    spelled = {"+Inf", *(f"{one:g}" for one in bounds), *(repr(one) for one in bounds)}
    patterns = alternatives(matcher.value)
    if patterns and not any(one.fullmatch(text) for _, one in patterns for text in spelled):
        yield matcher.value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


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


def _in_braces(question: Question, one: Node, token: str, after: str = "") -> Place:
    """A piece of a selector's braces; ``after`` is the label whose value it is."""
    text = span(question.text, one)
    start = text.find(after) + len(after) if after else len(one.name)
    found = text.find(token, start)
    return question.place(token, one.at + found if found >= 0 else one.at)


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


def _values(chain: Chain, metric: Any, label: str) -> str:
    if label == "le":
        return f"the bounds are {', '.join(f'{one:g}' for one in metric.buckets)}"
    values = sorted(chain.values(metric, label) or ())
    shown = ", ".join(values[:12]) + (", …" if len(values) > 12 else "")  # noqa: PLR2004
    return f"it is one of {shown}"


def mentions(tree: Node) -> set[str]:
    """The names of all samples in an expression."""
    return {one.name for one, _ in walk(tree) if one.kind == "selector"}
