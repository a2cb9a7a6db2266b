r"""Points in Prometheus' text format, each with its own time.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format

>>> list(lines("up", {"job": 'a"b'}, 1.5, 2_000_000))
['up{job="a\\"b"} 1.5 2\n']
>>> list(lines("up", {"job": "a"}, "text", 2_000_000))
[]
"""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any, Final

from google.api.distribution_pb2 import Distribution

_NS_PER_MS: Final = 1_000_000
_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_HELP_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\n": "\\n"})


def head(name: str, kind: str, described: str) -> str:
    """What a metric is, for Prometheus' metadata."""
    return f"# HELP {name} {described.translate(_HELP_ESCAPES)}\n# TYPE {name} {kind}\n"


def lines(name: str, labels: Mapping[str, str], value: Any, end_ns: int) -> Iterator[str]:
    """One point: a line, or a histogram's many; of a text there is none in PromQL."""
    text = ",".join(f'{key}="{one.translate(_ESCAPES)}"' for key, one in labels.items())
    at = f"{end_ns // _NS_PER_MS}\n"
    if isinstance(value, Distribution):
        yield from _histogram(name, text, value, at)
    elif not isinstance(value, str):
        yield f"{name}{{{text}}} {float(value)!r} {at}"


def bounds(value: Distribution) -> list[float]:
    """The finite bounds between a distribution's buckets.

    >>> one = Distribution()
    >>> one.bucket_options.linear_buckets.num_finite_buckets = 2
    >>> one.bucket_options.linear_buckets.width = 0.5
    >>> bounds(one)
    [0.0, 0.5, 1.0]
    """
    options = value.bucket_options
    which = options.WhichOneof("options")
    if which == "linear_buckets":
        linear = options.linear_buckets
        return [
            linear.offset + linear.width * index for index in range(linear.num_finite_buckets + 1)
        ]
    if which == "exponential_buckets":
        grows = options.exponential_buckets
        return [
            grows.scale * grows.growth_factor**index
            for index in range(grows.num_finite_buckets + 1)
        ]
    return list(options.explicit_buckets.bounds)


def _histogram(name: str, text: str, value: Distribution, at: str) -> Iterator[str]:
    limits = bounds(value)
    counts = [*value.bucket_counts, *[0] * (len(limits) + 1)][: len(limits) + 1]
    for limit, count in zip(limits, accumulate(counts), strict=False):
        yield f'{name}_bucket{{{text},le="{limit!r}"}} {count} {at}'
    yield f'{name}_bucket{{{text},le="+Inf"}} {value.count} {at}'
    yield f"{name}_count{{{text}}} {value.count} {at}"
    yield f"{name}_sum{{{text}}} {value.mean * value.count!r} {at}"
