"""Reads PromQL into a tree.

The parser (promql-parser) keeps no positions, so each selector is looked up again in
the text, in the order of reading. Comments and quoted texts are never taken for names.

>>> from tocsin.monitoring.promql.tree import selectors
>>> tree = parsed('sum by (kind) (rate(shop_orders_total{paid="no"}[5m])) > 2')
>>> [(one.name, one.matchers, one.range_s, one.at) for one, _ in selectors(tree)]
[('shop_orders_total', (Matcher(label='paid', operator='=', value='no'),), 300.0, 20)]
"""

import re
from collections import Counter
from typing import Any, Final

from tocsin.monitoring.promql.tree import Matcher, Node

_OPERATORS: Final = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
_HIDDEN: Final = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*", re.DOTALL)


def parsed(expr: str) -> Node:
    """The tree of ``expr``.

    Raises:
        ValueError: it is no PromQL; the parser's words.
    """
    import promql_parser  # noqa: PLC0415 - an extra

    return _Reading(expr).node(promql_parser.parse(expr))


def hidden(text: str) -> str:
    """The text with comments and quoted texts blanked, of the same length."""
    return _HIDDEN.sub(lambda found: " " * len(found[0]), text)


def span(text: str, selector: Node) -> str:
    """A selector as it is written, with its braces."""
    end = selector.at + len(selector.name)
    braces = re.match(r"\s*\{[^}]*\}", hidden(text)[end:])
    return text[selector.at : end + (braces.end() if braces else 0)]


class _Reading:
    """One pass over the parser's tree, finding each name in the text."""

    def __init__(self, text: str) -> None:
        self._visible = hidden(text)
        self._seen: Counter[str] = Counter()

    def node(self, raw: Any) -> Node:
        kind = type(raw).__name__
        made = getattr(self, f"_{kind}", None)
        if made is None:  # parentheses and signs change nothing that is checked
            return self.node(raw.expr)
        node: Node = made(raw)
        return node

    def _VectorSelector(self, raw: Any) -> Node:  # noqa: N802 - the parser's names
        matchers = raw.matchers.matchers if raw.matchers else []
        name = raw.name or next((one.value for one in matchers if one.name == "__name__"), "")
        return Node(
            "selector",
            name,
            matchers=tuple(
                Matcher(one.name, _OPERATORS[str(one.op).rpartition(".")[2]], one.value)
                for one in matchers
                if one.name != "__name__"
            ),
            offset_s=raw.offset.total_seconds() if raw.offset else 0.0,
            at=self._place(name),
        )

    def _MatrixSelector(self, raw: Any) -> Node:  # noqa: N802
        inner = self.node(raw.vector_selector)
        return Node(
            "selector",
            inner.name,
            matchers=inner.matchers,
            range_s=raw.range.total_seconds(),
            offset_s=inner.offset_s,
            at=inner.at,
        )

    def _SubqueryExpr(self, raw: Any) -> Node:  # noqa: N802
        inner = self.node(raw.expr)
        return Node("subquery", children=(inner,), range_s=raw.range.total_seconds())

    def _Call(self, raw: Any) -> Node:  # noqa: N802
        at = self._place(raw.func.name)
        return Node("call", raw.func.name, tuple(self.node(one) for one in raw.args), at=at)

    def _AggregateExpr(self, raw: Any) -> Node:  # noqa: N802
        at = self._place(str(raw.op))
        parts = [one for one in (raw.param, raw.expr) if one is not None]
        grouped, labels = "", ()
        if raw.modifier is not None:
            grouped = "by" if str(raw.modifier.type).endswith("By") else "without"
            labels = tuple(raw.modifier.labels)
        children = tuple(self.node(one) for one in parts)
        return Node("aggregation", str(raw.op), children, grouped=grouped, labels=labels, at=at)

    def _BinaryExpr(self, raw: Any) -> Node:  # noqa: N802
        grouped, labels = "", ()
        if raw.modifier is not None and raw.modifier.matching is not None:
            include = str(raw.modifier.matching.type).endswith("Include")
            grouped = "on" if include else "ignoring"
            labels = tuple(raw.modifier.matching.labels)
        name = str(raw.op)
        children = (self.node(raw.lhs), self.node(raw.rhs))
        return Node("binary", name, children, grouped=grouped, labels=labels)

    def _NumberLiteral(self, raw: Any) -> Node:  # noqa: N802
        return Node("number", value=raw.val)

    def _StringLiteral(self, raw: Any) -> Node:  # noqa: N802
        return Node("text", str(raw.val))

    def _place(self, name: str) -> int:
        pattern = rf"(?<![\w:]){re.escape(name)}(?![\w:])"
        found = [one.start() for one in re.finditer(pattern, self._visible)]
        nth = self._seen[name]
        self._seen[name] += 1
        return found[nth] if nth < len(found) else 0
