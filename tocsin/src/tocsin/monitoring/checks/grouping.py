"""Rules about what an alarm is sent per: per client and per environment, each with care.

>>> from tocsin.monitoring.promql.reading import parsed
>>> from tocsin.monitoring.promql.tree import selectors
>>> [(one, above)] = selectors(parsed("sum by (ip) (rate(x[5m]))"))
>>> reaches("ip", above), reaches("namespace", above)
(True, False)
"""

import re
from collections.abc import Iterator

from tocsin.monitoring.catalogue import Metric
from tocsin.monitoring.checks.chain import ENVIRONMENT, OTHER, Chain
from tocsin.monitoring.checks.findings import Finding
from tocsin.monitoring.checks.questions import Question
from tocsin.monitoring.promql.tree import Above, Node, calls, selectors


def open_label(chain: Chain) -> Iterator[Finding]:
    """An alarm per client needs a bound, and must not take `other` for one client."""
    for question, tree in chain.of_alerts:
        for one, above in selectors(tree):
            if not _asks_for_absence(above):  # its result has none of the series' own values
                yield from _open_labels(chain, question, one, above)


def mixed_environments(chain: Chain) -> Iterator[Finding]:
    """Two environments of one project must not add up to one alarm (D54)."""
    for question, tree in chain.readable:
        if question.kind == "runbook":
            continue
        for one, above in selectors(tree):
            metric = chain.metric(one.name)
            ours = metric is not None and metric.origin == "service"
            if ours and not _is_set_aside(one, above) and not _keeps_apart(one, above):
                yield Finding(
                    "mixed-environments",
                    question.place(one.name, one.at),
                    f"{question.asker}: adds up {one.name} of all environments",
                    f"keep the label {ENVIRONMENT}: sum by ({ENVIRONMENT}, …)",
                )


def _open_labels(chain: Chain, question: Question, one: Node, above: Above) -> Iterator[Finding]:
    metric = chain.metric(one.name)
    if metric is None:
        return  # unknown-metric's
    for label in sorted(metric.labels):
        if chain.values(metric, label) is not None or not reaches(label, above):
            continue
        says = _wrong_with(metric, label, one)
        if says:
            yield Finding(
                "open-label",
                question.place(one.name, one.at),
                f"{question.asker}: one alarm per {label} of {one.name}: {says}",
                f'sum {label} away, or exclude what is shared: {label}!="{OTHER}"',
            )


def _keeps_apart(one: Node, above: Above) -> bool:
    pinned = any(m.label == ENVIRONMENT and m.operator == "=" for m in one.matchers)
    return pinned or _asks_for_absence(above) or reaches(ENVIRONMENT, above)


def _asks_for_absence(above: Above) -> bool:
    return any(name.startswith("absent") for name in calls(above))


def reaches(label: str, above: Above) -> bool:
    """Whether every aggregation on the way keeps a label."""
    return all(
        (label in node.labels) == (node.grouped != "without")
        for node in above
        if node.kind == "aggregation" and node.name not in ("topk", "bottomk")
    )


def _wrong_with(metric: Metric, label: str, one: Node) -> str:
    if not metric.labels[label].at_most:
        return "it has no bound"
    for matcher in one.matchers:
        if matcher.label != label:
            continue
        if matcher.operator == "=" or (matcher.operator == "!=" and matcher.value == OTHER):
            return ""
        hits = re.fullmatch(matcher.value, OTHER) is not None
        if matcher.operator in ("=~", "!~") and hits == (matcher.operator == "!~"):
            return ""
    return f"`{OTHER}` is many of them"


def _is_set_aside(one: Node, above: Above) -> bool:
    """Whether it stands behind `unless` or `and`, where it adds nothing up."""
    below = one
    for node in reversed(above):
        if node.kind == "binary" and node.name in ("and", "unless") and node.right is below:
            return True
        below = node
    return False
