"""Rules about shares, and about two sides that are to meet.

>>> from tocsin.monitoring.promql.reading import parsed
>>> _kept(parsed("sum by (namespace) (a)")), _kept(parsed("a"))
(frozenset({'namespace'}), None)
"""

from collections.abc import Iterator
from typing import Final

from tocsin.monitoring.checks.chain import Chain, base
from tocsin.monitoring.checks.counters import RISES
from tocsin.monitoring.checks.findings import Finding
from tocsin.monitoring.checks.guards import judged
from tocsin.monitoring.promql.tree import Node, calls, selectors, walk

_QUANTILE: Final = "histogram_quantile"


def unguarded_ratio(chain: Chain) -> Iterator[Finding]:
    """A share without a least number of bad events rings for one failure at night."""
    for question, tree in chain.of_alerts:
        for comparison, guards in judged(tree):
            for share in _shares(chain, comparison):
                bad = next(one for one, above in selectors(share.left) if calls(above) & RISES)
                if not any(_counts(guard, bad) for guard in guards):
                    yield Finding(
                        "unguarded-ratio",
                        question.place(bad.name, bad.at),
                        f"{question.asker}: a share without a least number of bad events",
                        "add `and sum by (…) (increase(BAD[5m])) > N`, with BAD as it stands here",
                    )


def sides_never_meet(chain: Chain) -> Iterator[Finding]:
    """Two sides with other labels match nothing: the guard silences the alarm."""
    for question, tree in chain.readable:
        for node, _ in walk(tree):
            if node.kind != "binary" or node.name == "or" or node.grouped:
                continue
            left, right = _kept(node.left), _kept(node.right)
            if left is not None and right is not None and left != right:
                first = next(iter(selectors(node.right)))[0]
                yield Finding(
                    "sides-never-meet",
                    question.place(first.name, first.at),
                    f"{question.asker}: one side of `{node.name}` keeps {_told(left)}, the other "
                    f"{_told(right)}: no series meet",
                    "group both alike, or say what joins them: on (…)",
                )


def _shares(chain: Chain, comparison: Node) -> Iterator[Node]:
    for node, _ in walk(comparison):
        if node.kind == "binary" and node.name == "/" and all(map(_rises, node.children)):
            first = next(one for one, above in selectors(node.left) if calls(above) & RISES)
            if chain.counts(first.name):
                yield node


def _rises(node: Node) -> bool:
    return any(calls(above) & RISES for _, above in selectors(node))


def _counts(guard: Node, bad: Node) -> bool:
    """Whether a guard is a comparison of a number of these events."""
    if not guard.compares or any(one.name == "/" for one, _ in walk(guard)):
        return False
    mean = base(bad.name) + "_count" if bad.name.endswith("_sum") else ""
    return any(
        (one.name == bad.name and set(one.matchers) == set(bad.matchers)) or one.name == mean
        for one, _ in selectors(guard)
    )


def _kept(node: Node) -> frozenset[str] | None:
    """The labels that a result has for certain; ``None`` where the series decide."""
    if node.kind == "aggregation":
        return frozenset(node.labels) if node.grouped != "without" else None
    if node.kind == "binary":
        left = _kept(node.left)
        return left if node.left.kind != "number" else _kept(node.right)
    if node.kind == "call":
        if node.name.startswith(("label_", "absent")) or not node.children:
            return None
        kept = _kept(node.children[-1])
        return kept - {"le"} if kept is not None and node.name == _QUANTILE else kept
    return None


def _told(labels: frozenset[str]) -> str:
    return f"({', '.join(sorted(labels))})" if labels else "no label"
