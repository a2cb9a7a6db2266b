"""The arithmetic that a distribution must keep.

>>> from google.api.distribution_pb2 import Distribution
>>> from tocsin.rehearsal.cloud.rulebook import Rulebook
>>> odd = Distribution(count=3, bucket_counts=[1, 1])
>>> odd.bucket_options.explicit_buckets.bounds.append(1.0)
>>> check_distribution(Rulebook(), 0, odd)
Traceback (most recent call last):
    ...
tocsin.rehearsal.cloud.monitoring.answers.UnwritableError: Field \
timeSeries[0].points[0].distributionValue had an invalid value: Distribution value has \
|bucket_counts| fields that sum to 2 which does not equal the |count| field value of 3.
"""

from itertools import pairwise
from math import isfinite
from typing import Final, NoReturn

from google.api.distribution_pb2 import Distribution

from tocsin.rehearsal.cloud.monitoring import rules
from tocsin.rehearsal.cloud.monitoring.answers import invalid
from tocsin.rehearsal.cloud.rulebook import Rulebook

BUCKETS_AT_MOST: Final = 200


def check_distribution(held: Rulebook, index: int, value: Distribution) -> None:
    """Refuse a distribution that does not add up.

    Raises:
        UnwritableError: for the first fault found.
    """
    _check_numbers(held, index, value)
    _check_options(held, index, value.bucket_options)
    _check_buckets(held, index, value)
    _check_exemplars(held, index, value)


def bucket_number(options: Distribution.BucketOptions) -> int:
    """How many buckets these options make, the two unbounded ones with them."""
    form = options.WhichOneof("options")
    if form == "explicit_buckets":
        return len(options.explicit_buckets.bounds) + 1
    if form == "linear_buckets":
        return int(options.linear_buckets.num_finite_buckets) + 2
    if form == "exponential_buckets":
        return int(options.exponential_buckets.num_finite_buckets) + 2
    return 0


def _refuse(index: int, reason: str) -> NoReturn:
    raise invalid(index, "points[0].distributionValue", "", f"Distribution {reason}")


def _check_numbers(held: Rulebook, index: int, value: Distribution) -> None:
    negative = value.count < 0 or any(count < 0 for count in value.bucket_counts)
    if held.broken(rules.COUNT_NEGATIVE, when=negative):
        _refuse(index, "value has a negative count.")
    spread = value.sum_of_squared_deviation
    if held.broken(
        rules.FINITE, when=not (isfinite(value.mean) and isfinite(spread) and spread >= 0)
    ):
        _refuse(index, "|mean| or |sum_of_squared_deviation| is not a number that there can be.")
    of_nothing = value.mean != 0 or spread != 0 or value.HasField("range")
    if held.broken(rules.EMPTY_DISTRIBUTION, when=value.count == 0 and of_nothing):
        _refuse(index, "value of |count| 0 has a |mean|, |sum_of_squared_deviation| or |range|.")


def _check_options(held: Rulebook, index: int, options: Distribution.BucketOptions) -> None:
    form = options.WhichOneof("options")
    bounds = options.explicit_buckets.bounds
    if held.broken(rules.BOUNDS_EMPTY, when=form == "explicit_buckets" and not bounds):
        _refuse(index, "|explicit_buckets.bounds| does not have at least one entry.")
    rising = all(low < high for low, high in pairwise(bounds))
    if held.broken(rules.BOUNDS_ORDER, when=not rising or not all(map(isfinite, bounds))):
        _refuse(index, "|explicit_buckets.bounds| does not rise strictly.")
    linear = options.linear_buckets
    if held.broken(
        rules.LINEAR,
        when=form == "linear_buckets" and (linear.num_finite_buckets <= 0 or linear.width <= 0),
    ):
        _refuse(index, "|linear_buckets| needs positive |num_finite_buckets| and |width|.")
    growing = options.exponential_buckets
    unfit = growing.num_finite_buckets <= 0 or growing.growth_factor <= 1 or growing.scale <= 0
    if held.broken(rules.EXPONENTIAL, when=form == "exponential_buckets" and unfit):
        _refuse(
            index,
            "|exponential_buckets| needs positive |num_finite_buckets| and |scale|, "
            "and |growth_factor| above 1.",
        )


def _check_buckets(held: Rulebook, index: int, value: Distribution) -> None:
    allowed = bucket_number(value.bucket_options)
    if held.broken(rules.BUCKETS_CAP, when=allowed > BUCKETS_AT_MOST):
        _refuse(index, f"has {allowed} buckets, which is more than {BUCKETS_AT_MOST}.")
    given = len(value.bucket_counts)
    if held.broken(rules.BUCKETS_GIVEN, when=given > allowed):
        _refuse(
            index,
            f"value has {given} |bucket_counts| fields, which is more than the {allowed} "
            "buckets allowed by the bucketing options.",
        )
    total = sum(value.bucket_counts)
    is_histogram = bool(allowed or given)
    if held.broken(rules.COUNT_SUM, when=is_histogram and total != value.count):
        _refuse(
            index,
            f"value has |bucket_counts| fields that sum to {total} which does not equal the "
            f"|count| field value of {value.count}.",
        )


def _check_exemplars(held: Rulebook, index: int, value: Distribution) -> None:
    rising = all(a.value <= b.value for a, b in pairwise(value.exemplars))
    if held.broken(rules.EXEMPLAR_ORDER, when=not rising):
        _refuse(index, "|exemplars| do not rise by |value|.")
    for exemplar in value.exemplars:
        urls = [attachment.type_url for attachment in exemplar.attachments]
        if held.broken(rules.EXEMPLAR_ATTACHMENTS, when=len(urls) != len(set(urls))):
            _refuse(index, "exemplar has two |attachments| of one message type.")
