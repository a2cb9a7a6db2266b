"""OTLP's histograms as Google's distributions.

Bounds stay; only the side on which a value of exactly that size lies changes (OTLP's buckets
take their upper bound, Google's their lower), which no histogram remembers. Exemplars carry
the span they came from, as Google's own Go exporter writes them.

>>> from opentelemetry.proto.metrics.v1.metrics_pb2 import HistogramDataPoint
>>> point = HistogramDataPoint(count=3, sum=6.0, bucket_counts=[1, 2], explicit_bounds=[1.0])
>>> distribution(point, "p").mean
2.0
"""

from typing import Any, Final

from google.api.distribution_pb2 import Distribution
from google.cloud.monitoring_v3.types import DroppedLabels, SpanContext

from tocsin.rehearsal.cloud.monitoring.times import timestamp
from tocsin.rehearsal.cloud.otlp.resources import attributes_of, text_of

_MOST_FINITE: Final = 198


def distribution(point: Any, project: str) -> Distribution:
    """Of a histogram with bounds of its own."""
    made = _begun(point, project)
    if point.explicit_bounds:
        made.bucket_options.explicit_buckets.bounds.extend(point.explicit_bounds)
        made.bucket_counts.extend(point.bucket_counts)
    else:
        made.bucket_options.explicit_buckets.bounds.append(0.0)
        made.bucket_counts.extend([0, point.count])
    return made


def exponential(point: Any, project: str) -> Distribution:
    """Of an exponential histogram: what is not above zero goes below the first bucket."""
    made = _begun(point, project)
    growth = 2.0 ** (2.0**-point.scale)
    counts = list(point.positive.bucket_counts)
    offset = point.positive.offset
    while len(counts) > _MOST_FINITE:
        # Half the resolution: neighbours join, as OpenTelemetry does when it runs out of room.
        if offset % 2:
            counts, offset = [0, *counts], offset - 1
        counts = [sum(counts[at : at + 2]) for at in range(0, len(counts), 2)]
        offset, growth = offset // 2, growth * growth
    buckets = made.bucket_options.exponential_buckets
    buckets.num_finite_buckets = max(len(counts), 1)
    buckets.growth_factor = growth
    buckets.scale = growth**offset
    below = point.zero_count + sum(point.negative.bucket_counts)
    made.bucket_counts.extend([below, *counts])
    return made


def _begun(point: Any, project: str) -> Distribution:
    mean = point.sum / point.count if point.count else 0.0
    made = Distribution(count=point.count, mean=mean)
    for exemplar in sorted(point.exemplars, key=_value):
        one = made.exemplars.add(value=_value(exemplar))
        one.timestamp.CopyFrom(timestamp(exemplar.time_unix_nano))
        _attach(one, exemplar, project)
    return made


def _attach(one: Any, exemplar: Any, project: str) -> None:
    if exemplar.trace_id and exemplar.span_id:
        name = f"projects/{project}/traces/{exemplar.trace_id.hex()}/spans/{exemplar.span_id.hex()}"
        one.attachments.add().Pack(SpanContext.pb(SpanContext(span_name=name)))
    left = attributes_of(exemplar.filtered_attributes)
    if left:
        dropped = DroppedLabels(label={key: text_of(value) for key, value in left.items()})
        one.attachments.add().Pack(DroppedLabels.pb(dropped))


def _value(exemplar: Any) -> float:
    return float(getattr(exemplar, exemplar.WhichOneof("value") or "as_double"))
