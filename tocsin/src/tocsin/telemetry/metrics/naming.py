"""Names that every backend takes and that a stranger can read (R067).

A wrong name is refused where it is declared, with the name to use instead; found later, it
would cost a dashboard. The form is Prometheus' own advice on naming
(https://prometheus.io/docs/practices/naming/); lengths and numbers are those of Google
Cloud Monitoring (https://cloud.google.com/monitoring/quotas).

>>> full_name("shop", "orders_total", "counter")
'shop_orders_total'
>>> full_name("shop", "checkout_latency_milliseconds", "histogram")
Traceback (most recent call last):
    ...
tocsin.errors.DeclarationError: metric checkout_latency_milliseconds: `milliseconds` is not a \
base unit: call it checkout_latency_seconds (or _ms where milliseconds are the custom)
"""

import math
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from tocsin.errors import DeclarationError

NAME_AT_MOST: Final = 100
LABEL_NAME_AT_MOST: Final = 100
LABELS_AT_MOST: Final = 30
BUCKETS_AT_MOST: Final = 199
"""Finite bounds; with the last, open one they make Google's 200 buckets."""

_SNAKE: Final = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*\Z")
_UNITS: Final = frozenset({"seconds", "ms", "bytes", "ratio"})
_BETTER_UNIT: Final = {
    **dict.fromkeys(("milliseconds", "millis", "msec"), "seconds"),
    **dict.fromkeys(("microseconds", "us", "nanoseconds", "ns"), "seconds"),
    **dict.fromkeys(("sec", "secs", "minutes", "hours", "days"), "seconds"),
    **dict.fromkeys(("kb", "mb", "gb", "kilobytes", "megabytes", "gigabytes"), "bytes"),
    **dict.fromkeys(("percent", "percentage", "pct"), "ratio"),
}
# Prometheus derives these from a histogram or a counter: a metric of that name collides.
_DERIVED: Final = ("bucket", "sum", "count", "created", "info")
# Names that a recording call has for itself, that Prometheus keeps, or that Google's
# monitored resource brings along (its label would hide ours).
_TAKEN: Final = frozenset(
    {"amount", "value", "name", "self"}
    | {"le", "quantile", "pid"}
    | {"job", "instance", "project_id", "location", "cluster", "namespace", "task_id", "node_id"}
)


def check_namespace(namespace: str) -> None:
    """Refuse a namespace that is not snake_case."""
    if not _SNAKE.match(namespace):
        raise DeclarationError(
            f"namespace {namespace!r}: use lower-case words joined by single underscores, "
            "the service's name as a rule"
        )


def full_name(namespace: str, name: str, kind: str) -> str:
    """The exported name of a metric that is declared as ``name``.

    Raises:
        DeclarationError: the name cannot work, or would mislead.
    """
    if not isinstance(name, str) or not _SNAKE.match(name):
        raise DeclarationError(
            f"metric {name!r}: use lower-case words joined by single underscores, "
            "such as orders_total"
        )
    if name.startswith(f"{namespace}_"):
        raise DeclarationError(
            f"metric {name}: the namespace is put before it, so declare "
            f"{name.removeprefix(namespace + '_')}"
        )
    _check_ending(name, kind)
    full = f"{namespace}_{name}"
    if len(full) > NAME_AT_MOST:
        raise DeclarationError(
            f"metric {name}: {full} has {len(full)} characters and may have {NAME_AT_MOST}: "
            "shorten it"
        )
    return full


def _check_ending(name: str, kind: str) -> None:
    is_total = name == "total" or name.endswith("_total")
    if kind == "counter" and not is_total:
        raise DeclarationError(f"metric {name}: a counter ends in _total: call it {name}_total")
    if kind != "counter" and is_total:
        raise DeclarationError(
            f"metric {name}: a {kind} never ends in _total: call it "
            f"{name.removesuffix('_total')}, or declare a counter"
        )
    stem, _, last = name.removesuffix("_total").rpartition("_")
    if last in _DERIVED:
        raise DeclarationError(
            f"metric {name}: names in _{last} are those that Prometheus derives from others: "
            f"end it with what is measured, such as {stem or name}_items"
        )
    if last in _BETTER_UNIT:
        unit = _BETTER_UNIT[last]
        or_ms = " (or _ms where milliseconds are the custom)" if "milli" in last else ""
        raise DeclarationError(
            f"metric {name}: `{last}` is not a base unit: call it "
            f"{stem + '_' if stem else ''}{unit}{or_ms}"
        )
    if kind == "histogram" and last not in _UNITS and not last.endswith("s"):
        raise DeclarationError(
            f"metric {name}: a histogram's name ends in its unit ({', '.join(sorted(_UNITS))}, "
            f"or the things counted, in the plural): call it {name}_seconds if it is a time"
        )


def check_label_names(metric: str, names: Iterable[str]) -> None:
    """Refuse label names that a backend refuses, or that a recording call cannot take."""
    seen: list[str] = []
    for name in names:
        _check_label_name(metric, name)
        if name in seen:
            raise DeclarationError(f"metric {metric}: label {name} is declared twice: drop one")
        seen.append(name)
    if len(seen) > LABELS_AT_MOST:
        raise DeclarationError(
            f"metric {metric}: {len(seen)} labels, and Cloud Monitoring takes "
            f"{LABELS_AT_MOST}: leave out those that no alert or panel asks for"
        )


def _check_label_name(metric: str, name: str) -> None:
    if not isinstance(name, str) or not _SNAKE.match(name) or len(name) > LABEL_NAME_AT_MOST:
        raise DeclarationError(
            f"metric {metric}: label {name!r}: use at most {LABEL_NAME_AT_MOST} characters, "
            "lower-case words joined by single underscores"
        )
    if name in _TAKEN:
        raise DeclarationError(
            f"metric {metric}: label {name} is taken (by the recording call, by Prometheus or "
            f"by the monitored resource): say whose {name} it is, such as queue_{name}"
        )


def checked_buckets(metric: str, buckets: Iterable[float]) -> tuple[float, ...]:
    """The finite upper bounds, as floats; a last ``inf`` is dropped, for it is implied.

    Raises:
        DeclarationError: none, too many, not finite, not positive or not rising.
    """
    bounds = tuple(float(bound) for bound in buckets)
    if bounds and bounds[-1] == math.inf:
        bounds = bounds[:-1]
    if not bounds:
        raise DeclarationError(
            f"metric {metric}: no buckets: give the bounds that its alerts and panels ask for"
        )
    if len(bounds) > BUCKETS_AT_MOST:
        raise DeclarationError(
            f"metric {metric}: {len(bounds)} buckets, and Cloud Monitoring takes "
            f"{BUCKETS_AT_MOST}: about 12 do as a rule"
        )
    if not all(0 < bound < math.inf for bound in bounds):
        raise DeclarationError(
            f"metric {metric}: bucket bounds are positive finite numbers; got {bounds}"
        )
    if any(low >= high for low, high in pairwise(bounds)):
        raise DeclarationError(
            f"metric {metric}: bucket bounds rise strictly: use {tuple(sorted(set(bounds)))}"
        )
    return bounds
