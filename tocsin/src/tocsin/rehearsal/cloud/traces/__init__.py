"""Cloud Trace: takes spans, cuts what is too long, keeps them for reading.

>>> from tocsin.rehearsal.cloud.world import World
>>> Traces(World()).spans()
[]
"""

from tocsin.rehearsal.cloud.traces.service import Traces
from tocsin.rehearsal.cloud.traces.span import SpanEvent, SpanLink, StoredSpan

__all__ = ["SpanEvent", "SpanLink", "StoredSpan", "Traces"]
