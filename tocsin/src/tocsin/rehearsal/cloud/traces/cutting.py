"""Cuts a span to Cloud Trace's size: nothing here is refused, everything is counted.

>>> from tocsin.rehearsal.cloud.rulebook import Rulebook
>>> span = StoredSpan("ab" * 16, "cd" * 8, name="n" * 2_000)
>>> len(cut(span, Rulebook()).name)
1024
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from tocsin.rehearsal.cloud.rulebook import Rule, Rulebook
from tocsin.rehearsal.cloud.traces import rules as r
from tocsin.rehearsal.cloud.traces.span import SpanEvent, SpanLink, StoredSpan

NAME_BYTES: Final = 1_024
ATTRIBUTES: Final = 1_024
KEY_BYTES: Final = 512
VALUE_BYTES: Final = 65_532
EVENTS: Final = 256
LINKS: Final = 128
_YEAR_NS: Final = 365 * 86_400 * 10**9


def cut(span: StoredSpan, rules: Rulebook) -> StoredSpan:
    """``span`` within the limits."""
    return replace(
        span,
        name=_short(span.name, NAME_BYTES, r.LONG_NAME, rules),
        attributes=_attributes(span.attributes, rules),
        events=_events(span, rules),
        links=_links(span.links, rules),
    )


def _short(text: str, most_bytes: int, rule: Rule, rules: Rulebook) -> str:
    raw = text.encode("utf-8", "replace")
    if rules.broken(rule, when=len(raw) > most_bytes):
        return raw[:most_bytes].decode("utf-8", "ignore")
    return text


def _attributes(attributes: Mapping[str, Any], rules: Rulebook) -> dict[str, Any]:
    kept = list(attributes.items())
    if rules.broken(r.ATTRIBUTES, when=len(kept) > ATTRIBUTES):
        kept = kept[:ATTRIBUTES]
    return {
        _short(key, KEY_BYTES, r.ATTRIBUTE_KEY, rules): _value(value, rules) for key, value in kept
    }


def _value(value: Any, rules: Rulebook) -> Any:
    if isinstance(value, str):
        return _short(value, VALUE_BYTES, r.ATTRIBUTE_VALUE, rules)
    return value


def _events(span: StoredSpan, rules: Rulebook) -> tuple[SpanEvent, ...]:
    oldest_ns = span.start_ns - _YEAR_NS
    kept = [
        replace(event, attributes=_attributes(event.attributes, rules))
        for event in span.events
        if not rules.broken(r.EVENT_AGE, when=event.time_ns < oldest_ns)
    ]
    if rules.broken(r.EVENTS, when=len(kept) > EVENTS):
        kept = kept[:EVENTS]
    return tuple(kept)


def _links(links: tuple[SpanLink, ...], rules: Rulebook) -> tuple[SpanLink, ...]:
    kept = links[:LINKS] if rules.broken(r.LINKS, when=len(links) > LINKS) else links
    return tuple(replace(link, attributes=_attributes(link.attributes, rules)) for link in kept)
