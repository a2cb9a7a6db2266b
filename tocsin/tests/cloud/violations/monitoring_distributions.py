"""What breaks the arithmetic of distributions in Cloud Monitoring, and what Google says to it."""

from cloud.violations.kind import Violation
from cloud.violations.monitoring_shapes import (
    IN_PART,
    PARTLY,
    histogram,
    point,
    series,
    write,
    writes,
)
from google.api.distribution_pb2 import Distribution

DISTRIBUTION = PARTLY + "Field timeSeries[0].points[0].distributionValue had an invalid value: "


def with_options(form, **fields):
    value = Distribution(count=1, mean=1.0, bucket_counts=[1])
    getattr(value.bucket_options, form).SetInParent()
    for name, given in fields.items():
        setattr(getattr(value.bucket_options, form), name, given)
    return series(point(value, field="distribution_value"))


def with_exemplars(*exemplars):
    one = histogram(1)
    for value, types_of in exemplars:
        added = one.points[0].value.distribution_value.exemplars.add(value=value)
        for type_of in types_of:
            added.attachments.add(type_url=f"type.googleapis.com/{type_of}")
    return one


DISTRIBUTIONS = [
    Violation(
        "monitoring.distribution.sum",
        writes(write(histogram(1, count=0, mean=0.0))),
        IN_PART(
            DISTRIBUTION + "Distribution value has |bucket_counts| fields that sum to 1 which does "
            "not equal the |count| field value of 0.: timeSeries[0]"
        ),
    ),
    Violation(
        "monitoring.distribution.negative",
        writes(write(histogram(2, -1))),
        IN_PART(DISTRIBUTION + "Distribution value has a negative count."),
    ),
    Violation(
        "monitoring.distribution.empty",
        writes(write(histogram(mean=1.0))),
        IN_PART(DISTRIBUTION + "Distribution value of |count| 0 has"),
    ),
    Violation(
        "monitoring.distribution.empty",
        writes(write(histogram(mean=0.0, range={"min": 1.0, "max": 2.0}))),
        IN_PART(DISTRIBUTION + "Distribution value of |count| 0 has"),
    ),
    Violation(
        "monitoring.distribution.finite",
        writes(write(histogram(1, mean=float("nan")))),
        IN_PART(DISTRIBUTION + "Distribution |mean|"),
    ),
    Violation(
        "monitoring.distribution.finite",
        writes(write(histogram(1, sum_of_squared_deviation=-1.0))),
        IN_PART(DISTRIBUTION + "Distribution |mean|"),
    ),
    Violation(
        "monitoring.distribution.buckets_given",
        writes(write(histogram(1, 1, 1, 1))),
        IN_PART(
            DISTRIBUTION + "Distribution value has 4 |bucket_counts| fields, which is more than "
            "the 3 buckets allowed by the bucketing options.: timeSeries[0]"
        ),
    ),
    Violation(
        "monitoring.distribution.buckets_cap",
        writes(write(histogram(1, bounds=[float(bound) for bound in range(200)]))),
        IN_PART(DISTRIBUTION + "Distribution has 201 buckets, which is more than 200."),
    ),
    Violation(
        "monitoring.distribution.bounds_empty",
        writes(write(histogram(1, bounds=()))),
        IN_PART(
            DISTRIBUTION + "Distribution |explicit_buckets.bounds| does not have at least one "
            "entry.: timeSeries[0]"
        ),
    ),
    Violation(
        "monitoring.distribution.bounds_order",
        writes(write(histogram(1, bounds=(1.0, 1.0)))),
        IN_PART(DISTRIBUTION + "Distribution |explicit_buckets.bounds| does not rise strictly."),
    ),
    Violation(
        "monitoring.distribution.bounds_order",
        writes(write(histogram(1, bounds=(1.0, float("inf"))))),
        IN_PART("does not rise strictly."),
        why="Prometheus' last bound is no bound here",
    ),
    Violation(
        "monitoring.distribution.linear",
        writes(write(with_options("linear_buckets", num_finite_buckets=2, width=0.0))),
        IN_PART(DISTRIBUTION + "Distribution |linear_buckets| needs"),
    ),
    Violation(
        "monitoring.distribution.exponential",
        writes(
            write(
                with_options(
                    "exponential_buckets", num_finite_buckets=2, growth_factor=1.0, scale=1.0
                )
            )
        ),
        IN_PART(DISTRIBUTION + "Distribution |exponential_buckets| needs"),
    ),
    Violation(
        "monitoring.distribution.exemplar_order",
        writes(write(with_exemplars((2.0, ()), (1.0, ())))),
        IN_PART(DISTRIBUTION + "Distribution |exemplars| do not rise by |value|."),
    ),
    Violation(
        "monitoring.distribution.exemplar_attachments",
        writes(write(with_exemplars((1.0, ("a.B", "a.B"))))),
        IN_PART(DISTRIBUTION + "Distribution exemplar has two |attachments|"),
    ),
]
