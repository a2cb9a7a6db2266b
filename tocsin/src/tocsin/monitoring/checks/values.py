"""A rule about labels' values: what is never emitted is never matched.

>>> [one[0] for one in alternatives("5..|429")]
['5..', '429']
"""

import re
from collections.abc import Iterator

from tocsin.monitoring.catalogue import Metric
from tocsin.monitoring.checks.chain import Chain
from tocsin.monitoring.checks.findings import Finding
from tocsin.monitoring.promql.tree import Matcher, selectors


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
                        question.in_braces(one, value or matcher.label, after=matcher.label),
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


def _never(chain: Chain, metric: Metric, matcher: Matcher) -> Iterator[str]:
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


def _no_bound(metric: Metric, matcher: Matcher) -> Iterator[str]:
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


def _values(chain: Chain, metric: Metric, label: str) -> str:
    if label == "le":
        return f"the bounds are {', '.join(f'{one:g}' for one in metric.buckets)}"
    values = sorted(chain.values(metric, label) or ())
    shown = ", ".join(values[:12]) + (", …" if len(values) > 12 else "")  # noqa: PLR2004
    return f"it is one of {shown}"
