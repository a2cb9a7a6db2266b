"""Rules about percentiles: of what they are, of how many events, and how far they reach.

>>> from tocsin.monitoring.promql.reading import parsed
>>> [one.name for one in _quantiles(parsed("histogram_quantile(0.9, a_bucket) > 2"))]
['histogram_quantile']
"""

from collections.abc import Iterator
from typing import Final

from tocsin.monitoring.checks.chain import Chain, base
from tocsin.monitoring.checks.findings import Finding
from tocsin.monitoring.checks.guards import judged
from tocsin.monitoring.checks.questions import Question
from tocsin.monitoring.promql.tree import Node, limits, selectors, walk

_QUANTILE: Final = "histogram_quantile"


def unguarded_quantile(chain: Chain) -> Iterator[Finding]:
    """A percentile without a least number of events is the slowest of a handful."""
    for question, tree in chain.of_alerts:
        for comparison, guards in judged(tree):
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
        for comparison, _ in judged(tree):
            for _, compared, limit in limits(comparison):
                if compared.kind == "call" and compared.name == _QUANTILE:
                    yield from _out_of_bounds(chain, question, compared, limit)


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
