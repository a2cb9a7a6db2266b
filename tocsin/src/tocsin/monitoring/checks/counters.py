"""Rules about counters and gauges: what rises is read by its rate, what wavers as it stands.

>>> from tocsin.monitoring.promql.reading import parsed
>>> has_births(parsed("(x unless last_over_time(x[1d] offset 1h)) or increase(x[1h])"), "x")
True
"""

from collections.abc import Iterator
from typing import Final

from tocsin.monitoring.checks.chain import Chain
from tocsin.monitoring.checks.findings import Finding
from tocsin.monitoring.checks.questions import Question
from tocsin.monitoring.promql.tree import Above, Node, calls, selectors, walk

RISES: Final = frozenset({"rate", "increase", "irate", "resets"})
_WAVERS: Final = frozenset({"delta", "idelta", "deriv", "predict_linear", "holt_winters"})
_NOT_THE_VALUE: Final = frozenset(
    {"absent", "absent_over_time", "present_over_time", "count_over_time", "timestamp", "changes"}
)
_COUNTS_SERIES: Final = frozenset({"count", "group"})


def rate_of_gauge(chain: Chain) -> Iterator[Finding]:
    """A rate of a gauge, or a slope of a counter, is a number that means nothing (D42)."""
    for question, tree in chain.readable:
        for one, above in selectors(tree):
            metric = chain.metric(one.name)
            if metric is None:
                continue
            gauge = metric.kind == "gauge"
            for wrong in sorted(calls(above) & (RISES if gauge else _WAVERS)):
                kind = "gauge" if gauge else "counter"
                mend = "take it as it is, or avg_over_time()" if gauge else "take rate()"
                yield _finding("rate-of-gauge", question, one, f"{wrong}() of the {kind}", mend)


def raw_counter(chain: Chain) -> Iterator[Finding]:
    """A counter as it stands says how old the process is."""
    for question, tree in chain.readable:
        for one, above in selectors(tree):
            if chain.counts(one.name) and not _is_read_well(one, above):
                says = "the bare value of the counter"
                mend = "take rate() or increase() of it"
                yield _finding("raw-counter", question, one, says, mend)


def increase_of_sum(chain: Chain) -> Iterator[Finding]:
    """A sum hides the resets of its parts, so that a deploy reads as a rise."""
    for question, tree in chain.readable:
        for one, above in selectors(tree):
            rising = [place for place, node in enumerate(above) if node.name in RISES]
            summed = [place for place, node in enumerate(above) if node.kind == "aggregation"]
            if rising and summed and max(summed) > min(rising) and chain.counts(one.name):
                says = f"{above[min(rising)].name}() of a sum of"
                mend = "sum() outside, rate() or increase() inside"
                yield _finding("increase-of-sum", question, one, says, mend)


def unseen_births(chain: Chain) -> Iterator[Finding]:
    """increase() does not see a series' first value: a spray over new series never rings."""
    for question, tree in chain.of_alerts:
        for one, above in selectors(tree):
            open_labels = _born_late(chain, one)
            if "increase" not in calls(above) or not open_labels:
                continue
            if not any(has_births(node, one.name) for node in above):
                says = f"increase() does not see new {'/'.join(open_labels)} of"
                mend = (
                    "add the branch for series that were not there before: "
                    "(last_over_time(X[1h]) unless last_over_time(X[23h] offset 1h)) or "
                    "increase(X[1h])"
                )
                yield _finding("unseen-births", question, one, says, mend)


def has_births(node: Node, name: str) -> bool:
    """Whether an `or` also takes series of ``name`` that were not there before."""
    if node.kind != "binary" or node.name != "or":
        return False
    return any(
        inner.kind == "binary"
        and inner.name == "unless"
        and _before(inner.right, name)
        and any(one.name == name for one, _ in selectors(inner.left))
        for inner, _ in walk(node)
    )


def _before(node: Node, name: str) -> bool:
    return any(one.name == name and one.offset_s > 0 for one, _ in selectors(node))


def _born_late(chain: Chain, one: Node) -> list[str]:
    """The labels whose values nobody knows before their first event."""
    metric = chain.metric(one.name)
    if metric is None or metric.kind == "gauge":
        return []
    pinned = {matcher.label for matcher in one.matchers if matcher.operator == "="}
    return sorted(
        label
        for label in metric.labels
        if label not in pinned and chain.values(metric, label) is None
    )


def _is_read_well(one: Node, above: Above) -> bool:
    if calls(above) & (RISES | _NOT_THE_VALUE | _WAVERS):
        return True  # slopes are rate-of-gauge's
    if any(node.kind == "aggregation" and node.name in _COUNTS_SERIES for node in above):
        return True
    if any(has_births(node, one.name) for node in above):
        return True
    return _only_asked_for(one, above)


def _only_asked_for(one: Node, above: Above) -> bool:
    """Whether its value decides nothing: it stands behind `and` or `unless`."""
    below = one
    for node in reversed(above):
        if node.compares:
            return False
        if node.kind == "binary" and node.name in ("and", "unless"):
            return node.right is below
        below = node
    return False


def _finding(rule: str, question: Question, one: Node, says: str, mend: str) -> Finding:
    place = question.place(one.name, one.at)
    return Finding(rule, place, f"{question.asker}: {says} {one.name}", mend)
