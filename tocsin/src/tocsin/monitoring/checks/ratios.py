"""Rules about shares and percentiles: of four requests there is neither.

>>> from tocsin.monitoring.promql.reading import parsed
>>> [len(one.guards) for one in _judged(parsed("a / b > 0.1 and c > 10"))]
[1, 1]
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from tocsin.monitoring.checks.chain import Chain, Question, base
from tocsin.monitoring.checks.counters import RISES
from tocsin.monitoring.checks.findings import Finding
from tocsin.monitoring.promql.tree import Node, calls, limits, selectors, walk

_QUANTILE: Final = "histogram_quantile"


class _Judged(NamedTuple):
    """A comparison, and those that must hold besides."""

    comparison: Node
    guards: tuple[Node, ...]


def unguarded_ratio(chain: Chain) -> Iterator[Finding]:
    """A share without a least number of bad events rings for one failure at night."""
    for question, tree in chain.of_alerts:
        for comparison, guards in _judged(tree):
            for share in _shares(chain, comparison):
                bad = next(one for one, above in selectors(share.left) if calls(above) & RISES)
                if not any(_counts(guard, bad) for guard in guards):
                    yield Finding(
                        "unguarded-ratio",
                        question.place(bad.name, bad.at),
                        f"{question.asker}: a share without a least number of bad events",
                        "add `and sum by (…) (increase(BAD[5m])) > N`, with BAD as it stands here",
                    )


def unguarded_quantile(chain: Chain) -> Iterator[Finding]:
    """A percentile without a least number of events is the slowest of a handful."""
    for question, tree in chain.of_alerts:
        for comparison, guards in _judged(tree):
            for call in _quantiles(comparison):
                names = {base(one.name) for one, _ in selectors(call)}
                if not any(_counts_any(guard, names) for guard in guards):
                    yield Finding(
                        "unguarded-quantile",
                        question.place(call.name, call.at),
                        f"{question.asker}: a percentile without a least number of events",
                        "add `and sum by (…) (increase(…_count[5m])) > N`",
                    )


def quantile_of_means(chain: Chain) -> Iterator[Finding]:
    """Percentiles come from buckets, with `le` kept; of means there are none (D43)."""
    for question, tree in chain.readable:
        for node, _ in walk(tree):
            says = _no_percentile(chain, node)
            if says:
                yield Finding(
                    "quantile-of-means",
                    question.place(node.name, node.at),
                    f"{question.asker}: {says}",
                    "histogram_quantile(Q, sum by (namespace, le) (rate(…_bucket[5m])))",
                )


def unreachable_quantile(chain: Chain) -> Iterator[Finding]:
    """Whatever is over the last bound reads as that bound: above it nothing rings."""
    for question, tree in chain.of_alerts:
        for comparison, _ in _judged(tree):
            for _, compared, limit in limits(comparison):
                if compared.kind == "call" and compared.name == _QUANTILE:
                    yield from _out_of_bounds(chain, question, compared, limit)


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


def _judged(node: Node, guards: tuple[Node, ...] = ()) -> Iterator[_Judged]:
    """Every comparison of an alarm with its guards, through `and`, `or` and `unless`."""
    if node.kind == "binary" and node.name == "and":
        yield from _judged(node.left, (*guards, node.right))
        yield from _judged(node.right, (*guards, node.left))
    elif node.kind == "binary" and node.name in ("or", "unless"):
        yield from _judged(node.left, guards)
        if node.name == "or":
            yield from _judged(node.right, guards)
    elif node.compares:
        yield _Judged(node, tuple(inner for one in guards for inner in _and_ed(one)))
    else:
        for child in node.children:
            yield from _judged(child, guards)


def _and_ed(node: Node) -> Iterator[Node]:
    if node.kind == "binary" and node.name == "and":
        yield from _and_ed(node.left)
        yield from _and_ed(node.right)
    else:
        yield node


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


def _counts_any(guard: Node, names: set[str]) -> bool:
    if not guard.compares or any(True for _ in _quantiles(guard)):
        return False
    return any(base(one.name) in names for one, _ in selectors(guard))


def _quantiles(node: Node) -> Iterator[Node]:
    return (one for one, _ in walk(node) if one.kind == "call" and one.name == _QUANTILE)


def _no_percentile(chain: Chain, node: Node) -> str:
    inner = [one for one, _ in selectors(node)]
    if node.kind == "aggregation" and node.name == "quantile":
        if any(chain.counts(one.name) for one in inner):
            return "quantile() over series is a percentile of processes, not of events"
        return ""
    if node.kind != "call" or node.name != _QUANTILE:
        return ""
    if any(not one.name.endswith("_bucket") for one in inner):
        return f"a percentile of {inner[0].name}, which has no buckets"
    if any(
        one.kind == "aggregation" and ("le" in one.labels) != (one.grouped == "by")
        for one, _ in walk(node)
    ):
        return "a percentile whose buckets are summed without `le`"
    return ""


def _out_of_bounds(chain: Chain, question: Question, call: Node, limit: float) -> Iterator[Finding]:
    for one, _ in selectors(call):
        metric = chain.metric(one.name)
        bounds = sorted(b for b in metric.buckets if b != float("inf")) if metric else []
        if bounds and not bounds[0] <= limit < bounds[-1]:
            yield Finding(
                "unreachable-quantile",
                question.place(one.name, one.at),
                f"{question.asker}: {limit:g} is not within the bounds of {base(one.name)}, "
                f"{bounds[0]:g} to {bounds[-1]:g}",
                "choose a number below the last bound, or add buckets around it",
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
