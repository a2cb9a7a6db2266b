"""A span as the cloud keeps it, whichever road it came by.

>>> span = StoredSpan("ab" * 16, "cd" * 8, name="GET /lessons", start_ns=1, end_ns=2)
>>> from_json(as_json(span)) == span
True
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class SpanEvent:
    """Something that happened within a span."""

    time_ns: int
    name: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SpanLink:
    """Another span that this one tells of."""

    trace_id: str
    span_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredSpan:
    """One finished span.

    ``parent_id`` is empty for a root, ``status`` is ``UNSET``, ``OK`` or ``ERROR``, ``kind``
    is OpenTelemetry's: ``INTERNAL``, ``SERVER``, ``CLIENT``, ``PRODUCER``, ``CONSUMER``, or
    empty. ``service`` is who made the span, as far as its attributes or resource say.
    Attributes are text, numbers, truths, or lists of them.
    """

    trace_id: str
    span_id: str
    parent_id: str = ""
    name: str = ""
    kind: str = ""
    start_ns: int = 0
    end_ns: int = 0
    attributes: Mapping[str, Any] = field(default_factory=dict)
    status: str = "UNSET"
    service: str = ""
    events: tuple[SpanEvent, ...] = ()
    links: tuple[SpanLink, ...] = ()
    status_message: str = ""
    project: str = ""


def as_json(span: StoredSpan) -> bytes:
    """For the journal."""
    return json.dumps(asdict(span), default=str).encode()


def from_json(body: bytes) -> StoredSpan:
    """What :func:`as_json` wrote."""
    told = json.loads(body)
    told["events"] = tuple(SpanEvent(**event) for event in told["events"])
    told["links"] = tuple(SpanLink(**link) for link in told["links"])
    return StoredSpan(**told)
