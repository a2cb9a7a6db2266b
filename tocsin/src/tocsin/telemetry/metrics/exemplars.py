"""Single measurements that a sampled request left: the way from a slow bucket to a trace.

A histogram's series keeps the last one of each bucket, so it holds no more of them than
it has buckets. Of a request that is not sampled there is none, for its trace shows
nothing. They live in this process's memory only, and go out once per exporter.

>>> Exemplar(0.3, "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", 1_000).value
0.3
"""

from typing import NamedTuple

Measured = tuple[float, str, str, int]
"""An exemplar before it is read: a plain tuple costs a request half as much."""


class Exemplar(NamedTuple):
    """One measurement and the span it was made in."""

    value: float
    trace_id: str
    span_id: str
    wall_ns: int
