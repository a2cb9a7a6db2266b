"""Descriptors are made before the first point: kind, type, unit, description, labels.

Google makes one by itself at the first point otherwise, without unit and description. Each
process tells its descriptors once; a label that is new since the last release, or that turns
up later, is added by telling it again (labels are never removed). The answer lists labels
that others gave the metric: our points then carry them empty, for Google wants all.

>>> type_of("shop", "shop_orders_total")
'custom.googleapis.com/shop/orders_total'
"""

from collections.abc import Iterable
from typing import Any, Final

from google.api.label_pb2 import LabelDescriptor
from google.api.metric_pb2 import MetricDescriptor
from google.api_core.exceptions import AlreadyExists, GoogleAPICallError, RetryError

from tocsin.clock import Clock
from tocsin.telemetry.delivery.readings import Reading, unit_of
from tocsin.telemetry.exporters.cloud_monitoring.answers import RETRIED, cause_of
from tocsin.telemetry.exporters.cloud_monitoring.lines import (
    CUMULATIVE,
    DISTRIBUTION,
    DOUBLE,
    GAUGE,
    label_key,
)

DOMAIN: Final = "custom.googleapis.com"

_TRY_AGAIN_AFTER_NS: Final = 600_000_000_000
_NANOSECONDS: Final = 1_000_000_000


def type_of(namespace: str, name: str) -> str:
    """A metric's type; in PromQL it reads ``custom_googleapis_com:namespace_name``."""
    # Prometheus' rules leave names with colons, which Google keeps for Prometheus' own domain.
    path = name.removeprefix(f"{namespace}_").replace(":", "_")
    return f"{DOMAIN}/{namespace}/{path}"


class Descriptors:
    """What Google was told of this process's metrics; used by one thread."""

    def __init__(self, namespace: str, project_name: str, clock: Clock) -> None:
        self._namespace = namespace
        self._project_name = project_name
        self._clock = clock
        self._wanted: dict[str, MetricDescriptor] = {}
        self._told: dict[str, set[str]] = {}
        self._again_ns: dict[str, int] = {}
        self._extra: dict[str, tuple[str, ...]] = {}

    def note(self, reading: Reading) -> None:
        """See to it that the metric is described, with these labels."""
        wanted = self._wanted.get(reading.name)
        if wanted is None:
            wanted = self._wanted[reading.name] = self._described(reading)
            self._told.setdefault(reading.name, set())
        keys = {label_key(name) for name in reading.label_names}
        known = {label.key for label in wanted.labels}
        for key in sorted(keys - known):
            wanted.labels.append(LabelDescriptor(key=key))
        if keys - known:
            self._again_ns.pop(reading.name, None)

    def extra_labels(self, name: str) -> tuple[str, ...]:
        """Labels that the metric has beyond ours."""
        return self._extra.get(name, ())

    def tell(self, client: Any, names: Iterable[str], *, within_s: float) -> str:
        """Describe what of ``names`` is not described yet; the cause if something failed.

        Google being away ends it for now. What it refuses is tried again after ten
        minutes; the points are written all the same.
        """
        until_ns = self._clock.monotonic_ns() + round(within_s * _NANOSECONDS)
        failure = ""
        for name in dict.fromkeys(names):
            left_s = (until_ns - self._clock.monotonic_ns()) / _NANOSECONDS
            if not self._is_due(name):
                continue
            if left_s <= 0:
                return failure
            cause = self._tell_one(client, name, left_s)
            failure = cause or failure
            if cause in RETRIED:
                return failure
        return failure

    def _is_due(self, name: str) -> bool:
        wanted = {label.key for label in self._wanted[name].labels}
        is_told = name in self._extra and wanted <= self._told[name]
        return not is_told and self._clock.monotonic_ns() >= self._again_ns.get(name, 0)

    def _tell_one(self, client: Any, name: str, timeout_s: float) -> str:
        wanted = self._wanted[name]
        ours = {label.key for label in wanted.labels}
        answered = ours
        try:
            answer = client.create_metric_descriptor(
                name=self._project_name, metric_descriptor=wanted, timeout=timeout_s, retry=None
            )
            answered = {label.key for label in answer.labels}
        except AlreadyExists:
            pass
        except (GoogleAPICallError, RetryError) as error:
            if cause_of(error) not in RETRIED:
                self._again_ns[name] = self._clock.monotonic_ns() + _TRY_AGAIN_AFTER_NS
            return cause_of(error)
        self._told[name] = ours
        self._extra[name] = tuple(sorted(answered - ours))
        return ""

    def _described(self, reading: Reading) -> MetricDescriptor:
        metric_type = type_of(self._namespace, reading.name)
        return MetricDescriptor(
            type=metric_type,
            metric_kind=GAUGE if reading.kind == "gauge" else CUMULATIVE,
            value_type=DISTRIBUTION if reading.kind == "histogram" else DOUBLE,
            unit=unit_of(reading.name),
            description=reading.help,
            display_name=reading.name,
        )
