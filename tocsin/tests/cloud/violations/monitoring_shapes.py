"""Series, points and descriptors to break rules with; each call changes one thing of a good one."""

from functools import partial

from cloud.violations.kind import Desk, Refused
from google.api.distribution_pb2 import Distribution
from google.api.metric_pb2 import MetricDescriptor
from google.cloud.monitoring_v3 import types
from google.protobuf.timestamp_pb2 import Timestamp

PROJECT = "projects/school"
METRIC = "custom.googleapis.com/vividly/lessons_total"
TASK = {"location": "europe-west1", "namespace": "test", "job": "api", "task_id": "1-1-1"}
NS = 1_000_000_000
START_NS = 1_767_225_600 * NS  # the hand clock's first moment
MANY = {f"label_{number}": "x" for number in range(31)}

INVALID = partial(Refused, "INVALID_ARGUMENT")
IN_PART = partial(Refused, "INVALID_ARGUMENT", inner=(3,))
PARTLY = "One or more TimeSeries could not be written: "


def timestamp(moment_ns):
    return Timestamp(seconds=moment_ns // NS, nanos=moment_ns % NS)


def point(value=1, *, end_s=0.0, start_s=None, field="int64_value"):
    """A point that ends so many seconds after the clock's first moment."""
    interval = {"end_time": timestamp(START_NS + round(end_s * NS))}
    if start_s is not None:
        interval["start_time"] = timestamp(START_NS + round(start_s * NS))
    return types.Point.pb()(interval=interval, value={field: value})


def series(
    one=None,
    *more,
    metric=METRIC,
    labels=None,
    kind="GAUGE",
    resource="generic_task",
    resource_labels=TASK,
    **fields,
):
    """A series of a metric, by default a gauge with a point of now."""
    return types.TimeSeries.pb()(
        metric={"type": metric, "labels": labels or {}},
        resource={"type": resource, "labels": resource_labels},
        metric_kind=kind,
        points=[one or point(), *more],
        **fields,
    )


def counter(value, *, start_s, end_s, **fields):
    """A series of a counter that has counted so much since then."""
    return series(point(value, start_s=start_s, end_s=end_s), kind="CUMULATIVE", **fields)


def histogram(*counts, count=None, bounds=(1.0, 2.0), mean=1.0, **fields):
    """A gauge of a distribution with explicit bounds."""
    value = Distribution(
        count=sum(counts) if count is None else count, mean=mean, bucket_counts=counts, **fields
    )
    if bounds is not None:
        value.bucket_options.explicit_buckets.bounds.extend(bounds)
        value.bucket_options.explicit_buckets.SetInParent()
    return series(point(value, field="distribution_value"))


def write(*those, name=PROJECT):
    return types.CreateTimeSeriesRequest.pb()(name=name, time_series=those)


def describe(metric=METRIC, *, kind="GAUGE", value_type="INT64", labels=(), name=PROJECT):
    return types.CreateMetricDescriptorRequest.pb()(
        name=name,
        metric_descriptor=MetricDescriptor(
            type=metric, metric_kind=kind, value_type=value_type, labels=labels
        ),
    )


def ask(*, metric=METRIC, start_s=-3600.0, end_s=3600.0, **fields):
    """A list of all series of a metric, two hours long unless the interval is given."""
    interval = {
        "start_time": timestamp(START_NS + round(start_s * NS)),
        "end_time": timestamp(START_NS + round(end_s * NS)),
    }
    whole = {"filter": f'metric.type = "{metric}"', "interval": interval, **fields}
    return types.ListTimeSeriesRequest.pb()(name=PROJECT, **whole)


def writes(*requests):
    """Each written in turn; the last one is the violation."""

    def does(desk: Desk):
        for request in requests:
            made = "CreateMetricDescriptor" if hasattr(request, "metric_descriptor") else ""
            desk.call(made or "CreateTimeSeries", request)

    return does
