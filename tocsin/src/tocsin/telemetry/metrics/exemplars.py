"""Single measurements that a sampled request left: the way from a slow bucket to a trace.

A histogram's series keeps the last one of each bucket, so it holds no more of them than
it has buckets. Of a request that is not sampled there is none, for its trace shows
nothing. They live in this process's memory only, and go out once per exporter.

>>> from tocsin.telemetry.context import RequestContext
>>> exemplar_of(RequestContext("req-12345678"), 0.3, 1_000) is None
True
"""

from typing import NamedTuple

from tocsin.telemetry.context import RequestContext


class Exemplar(NamedTuple):
    """One measurement and the span it was made in."""

    value: float
    trace_id: str
    span_id: str
    wall_ns: int


def exemplar_of(context: RequestContext | None, value: float, wall_ns: int) -> Exemplar | None:
    """The exemplar that ``context`` makes of a measurement; ``None`` where nothing is recorded."""
    if context is None or context.span is None:
        return None
    return Exemplar(value, context.trace_id, context.span_id, wall_ns)
