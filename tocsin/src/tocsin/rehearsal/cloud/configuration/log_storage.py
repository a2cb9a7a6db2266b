"""Log buckets and log-based metrics of ``google.logging.v2``.

``_Default`` and ``_Required`` are there from the start, as in every project. What is
counted by a log-based metric is not counted here.

Source: https://cloud.google.com/logging/docs/reference/v2/rest

>>> from tocsin.rehearsal.cloud.world import World
>>> sorted(rpc.method for rpc in Buckets(World()).rpcs())[0]
'CreateBucket'
"""

from collections.abc import Iterator
from typing import Any, Final

from google.cloud.logging_v2 import types
from google.protobuf.empty_pb2 import Empty

from tocsin.rehearsal.cloud.configuration.alerting import Room
from tocsin.rehearsal.cloud.configuration.checks import hold
from tocsin.rehearsal.cloud.configuration.collection import merged
from tocsin.rehearsal.cloud.configuration.methods import Sort
from tocsin.rehearsal.cloud.configuration.rules import BUCKETS, LOG_METRICS
from tocsin.rehearsal.cloud.rpc import Rpc

_BUILT_IN_DAYS: Final = {"_Default": 30, "_Required": 400}
_DEFAULT_DAYS: Final = 30
_ACTIVE: Final = 1


class Types:
    """``google.logging.v2`` calls a ``LogBucket`` plainly a bucket in its methods."""

    Bucket = types.LogBucket

    def __getattr__(self, name: str) -> Any:
        return getattr(types, name)


class Buckets(Room):
    """Log buckets."""

    sort = Sort(
        "google.logging.v2.ConfigServiceV2",
        "Bucket",
        "Buckets",
        types=Types(),
        collection="/v2/{parent=projects/*/locations/*}/buckets",
        one="/v2/{name=projects/*/locations/*/buckets/*}",
        field="bucket",
        update="/v2/{name=projects/*/locations/*/buckets/*}",
    )
    kind = "configuration.bucket"
    items_field = "buckets"
    checks = BUCKETS
    parent_field = "parent"

    def create(self, request: Any) -> Any:
        """Keep a bucket under the id that the caller chose."""
        item = request.bucket
        item.name = f"{request.parent}/buckets/{request.bucket_id}"
        hold(self.world.rules, self.checks, item)
        self.dress(item)
        self._ensure_built_in(request.parent)
        return self.shelf.add(item)

    def list(self, request: Any) -> Any:
        """A page of a location's."""
        self._ensure_built_in(request.parent)
        return super().list(request)

    def get(self, request: Any) -> Any:
        """The one of that name."""
        self._ensure_built_in(request.name.partition("/buckets/")[0])
        return super().get(request)

    def update(self, request: Any) -> Any:
        """Change what the mask names."""
        self._ensure_built_in(request.name.partition("/buckets/")[0])
        changed = merged(self.shelf.get(request.name), request.bucket, request.update_mask)
        changed.name = request.name
        hold(self.world.rules, self.checks, changed)
        return self.shelf.put(changed)

    def dress(self, item: Any) -> None:
        """Thirty days unless told otherwise."""
        item.retention_days = item.retention_days or _DEFAULT_DAYS
        item.lifecycle_state = _ACTIVE
        item.create_time.FromNanoseconds(self.world.clock.wall_ns())

    def _ensure_built_in(self, parent: str) -> None:
        for bucket_id, days in _BUILT_IN_DAYS.items():
            name = f"{parent}/buckets/{bucket_id}"
            if parent.endswith("/locations/global") and not self.shelf.has(name):
                built_in = types.LogBucket.pb()(name=name, retention_days=days)
                built_in.lifecycle_state = _ACTIVE
                self.shelf.put(built_in)


class LogMetrics(Room):
    """Log-based metrics; their ``name`` is the last part of the path only."""

    sort = Sort(
        "google.logging.v2.MetricsServiceV2",
        "LogMetric",
        "LogMetrics",
        types=types,
        collection="/v2/{parent=projects/*}/metrics",
        one="/v2/{metric_name=projects/*/metrics/*}",
        field="metric",
        update="/v2/{metric_name=projects/*/metrics/*}",
        update_verb="PUT",
    )
    kind = "configuration.log_metric"
    items_field = "metrics"
    checks = LOG_METRICS
    parent_field = "parent"

    def rpcs(self) -> Iterator[Rpc]:
        """The methods."""
        yield from super().rpcs()

    def create(self, request: Any) -> Any:
        """Keep it under the name that the caller chose."""
        item = request.metric
        hold(self.world.rules, self.checks, item)
        self.dress(item)
        return self.shelf.add(item, name=f"{request.parent}/metrics/{item.name}")

    def get(self, request: Any) -> Any:
        """The one of that name."""
        return self.shelf.get(request.metric_name)

    def update(self, request: Any) -> Any:
        """The whole metric is replaced, or made."""
        item = request.metric
        hold(self.world.rules, self.checks, item)
        self.dress(item)
        return self.shelf.put(item, name=request.metric_name)

    def delete(self, request: Any) -> Empty:
        """Forget it."""
        self.shelf.remove(request.metric_name)
        return Empty()

    def dress(self, item: Any) -> None:
        """A counter unless told otherwise; its descriptor says so."""
        item.metric_descriptor.type = f"logging.googleapis.com/user/{item.name}"
        item.metric_descriptor.metric_kind = item.metric_descriptor.metric_kind or 2  # DELTA
        item.metric_descriptor.value_type = item.metric_descriptor.value_type or 2  # INT64
        item.update_time.FromNanoseconds(self.world.clock.wall_ns())
        if not item.HasField("create_time"):
            item.create_time.CopyFrom(item.update_time)
