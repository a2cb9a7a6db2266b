"""Google's names in PromQL, and back from nothing: one rule for names, one for labels.

The first ``/`` becomes ``:``, every other special character ``_``
(https://cloud.google.com/monitoring/promql/promql-mapping); a metric of Prometheus goes by
its own name, without domain and ending (MIGRATION.md of
GoogleCloudPlatform/opentelemetry-operations-python). A metric's label that a resource has
too is ``metric_…``.

>>> metric_name("custom.googleapis.com/vividly/http_requests_total")
'custom_googleapis_com:vividly_http_requests_total'
>>> metric_name("prometheus.googleapis.com/vividly_http_requests_total/counter")
'vividly_http_requests_total'
>>> labels_of({"job": "a", "route": "/"}, "generic_task", {"job": "api"})["metric_job"]
'a'
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

_PROMETHEUS: Final = "prometheus.googleapis.com/"
_SPECIAL: Final = re.compile(r"[^a-zA-Z0-9_]")
_SPECIAL_IN_NAME: Final = re.compile(r"[^a-zA-Z0-9_:]")
_KINDS: Final = {"CUMULATIVE": "counter", "DELTA": "counter", "GAUGE": "gauge"}
# Prometheus gives a scraped series these two unless it says itself that it has none.
_EMPTY: Final = {"job": "", "instance": ""}


@lru_cache(maxsize=10_000)
def metric_name(metric_type: str) -> str:
    """The name in PromQL of what Google calls ``metric_type``."""
    if metric_type.startswith(_PROMETHEUS):
        name = metric_type.removeprefix(_PROMETHEUS).rpartition("/")[0]
        plain = _SPECIAL_IN_NAME.sub("_", name)
    else:
        domain, _, path = metric_type.partition("/")
        plain = f"{_SPECIAL.sub('_', domain)}:{_SPECIAL.sub('_', path)}"
    return f"_{plain}" if plain[:1].isdigit() else plain


def labels_of(
    metric_labels: Mapping[str, str], resource_type: str, resource_labels: Mapping[str, str]
) -> dict[str, str]:
    """All labels of a series, by their names in PromQL."""
    found = {**_EMPTY, "monitored_resource": resource_type}
    found.update((_label(key), value) for key, value in resource_labels.items())
    for key, value in metric_labels.items():
        name = _label(key)
        taken = name in resource_labels or name == "monitored_resource"
        found[f"metric_{name}" if taken else name] = value
    return found


def kind_of(metric_kind: str, value_type: str) -> str:
    """The type in Prometheus' text format."""
    return "histogram" if value_type == "DISTRIBUTION" else _KINDS.get(metric_kind, "untyped")


def _label(key: str) -> str:
    plain = _SPECIAL.sub("_", key)
    return f"_{plain}" if plain[:1].isdigit() else plain
