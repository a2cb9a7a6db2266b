"""Names that a series carries: its metric's type, its labels, its monitored resource.

The resources are those that Google lists for users' metrics, with the labels that its page
of monitored resources gives them.
https://docs.cloud.google.com/monitoring/api/resources

>>> from tocsin.rehearsal.cloud.rulebook import Rulebook
>>> check_metric_type(Rulebook(), 0, "custom.googleapis.com/vividly/requests_total")
>>> domain("custom.googleapis.com/vividly/requests_total")
'custom.googleapis.com'
"""

import re
from collections.abc import Mapping
from typing import Final

from google.api.monitored_resource_pb2 import MonitoredResource

from tocsin.rehearsal.cloud.monitoring import rules
from tocsin.rehearsal.cloud.monitoring.answers import UnwritableError, invalid
from tocsin.rehearsal.cloud.rulebook import Rulebook

PROMETHEUS: Final = "prometheus.googleapis.com"
WORKLOAD: Final = "workload.googleapis.com"
CUSTOM: Final = "custom.googleapis.com"
USER_DOMAINS: Final = frozenset({CUSTOM, "external.googleapis.com", WORKLOAD, PROMETHEUS})

RESOURCES: Final[dict[str, tuple[str, ...]]] = {
    "global": ("project_id",),
    "generic_task": ("project_id", "location", "namespace", "job", "task_id"),
    "generic_node": ("project_id", "location", "namespace", "node_id"),
    "gce_instance": ("project_id", "instance_id", "zone"),
    "gke_container": (
        *("project_id", "cluster_name", "namespace_id"),
        *("instance_id", "pod_id", "container_name", "zone"),
    ),
    "k8s_cluster": ("project_id", "location", "cluster_name"),
    "k8s_node": ("project_id", "location", "cluster_name", "node_name"),
    "k8s_pod": ("project_id", "location", "cluster_name", "namespace_name", "pod_name"),
    "k8s_container": (
        *("project_id", "location", "cluster_name"),
        *("namespace_name", "pod_name", "container_name"),
    ),
    "aws_ec2_instance": ("project_id", "instance_id", "region", "aws_account"),
    "dataflow_job": ("project_id", "job_name", "region"),
    "prometheus_target": ("project_id", "location", "cluster", "namespace", "job", "instance"),
}

_TYPE: Final = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:/[A-Za-z0-9_.-]+)+")
_PROMETHEUS_TYPE: Final = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:/[A-Za-z0-9_.:-]+)+")
_LABEL_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PROMETHEUS_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
"""As OTLP takes them: https://docs.cloud.google.com/stackdriver/docs/otlp-metrics/overview"""
_KEY_LENGTH: Final = 100
_VALUE_LENGTH: Final = 1024
_PLACE: Final = re.compile(r"global|us|eu|asia|[a-z]+-[a-z]+\d+(?:-[a-z])?|aws:[a-z0-9-]+")
_PLACES: Final = ("location", "zone", "region")


def domain(metric_type: str) -> str:
    """What stands before the first slash."""
    return metric_type.partition("/")[0]


def labels_at_most(metric_type: str) -> int:
    """How many labels a descriptor may have."""
    return 200 if domain(metric_type) == PROMETHEUS else 30


def well_formed(metric_type: str) -> bool:
    """Whether this is a domain and a path."""
    form = _PROMETHEUS_TYPE if domain(metric_type) == PROMETHEUS else _TYPE
    return form.fullmatch(metric_type) is not None


def key_is_plain(key: str, metric_type: str) -> bool:
    """Whether a label's key has no character that it must not have on this metric."""
    form = _PROMETHEUS_KEY if domain(metric_type) == PROMETHEUS else _LABEL_KEY
    return form.fullmatch(key) is not None


def key_is_long(key: str) -> bool:
    """Whether a label's key has too many characters."""
    return len(key) > _KEY_LENGTH


FORM_REASON: Final = (
    "The metric type must be a URL-formatted string with a domain and non-empty path."
)
KEY_REASON: Final = "Label key contains invalid characters."


def check_metric_type(held: Rulebook, index: int, metric_type: str) -> None:
    """Refuse what is no type, and what is not a user's to write.

    Raises:
        UnwritableError: one of the two.
    """
    if held.broken(rules.TYPE_FORM, when=not well_formed(metric_type)):
        raise invalid(index, "metric.type", metric_type, FORM_REASON)
    if held.broken(rules.DOMAIN, when=domain(metric_type) not in USER_DOMAINS):
        reason = f"Metrics of {domain(metric_type)} cannot be written by users."
        raise invalid(index, "metric.type", metric_type, reason)


def check_labels(held: Rulebook, index: int, metric_type: str, labels: Mapping[str, str]) -> None:
    """Refuse keys and values that no label may have.

    Raises:
        UnwritableError: for the first of them.
    """
    for key, value in labels.items():
        if held.broken(rules.LABEL_KEY, when=not key_is_plain(key, metric_type)):
            raise invalid(index, "metric.labels", key, KEY_REASON)
        if held.broken(rules.LABEL_KEY_LENGTH, when=key_is_long(key)):
            reason = f"Label key is longer than {_KEY_LENGTH} characters."
            raise invalid(index, "metric.labels", key, reason)
        if held.broken(rules.LABEL_VALUE_LENGTH, when=len(value) > _VALUE_LENGTH):
            reason = f"Label value is longer than {_VALUE_LENGTH} characters."
            raise invalid(index, "metric.labels", key, reason)


def check_resource(held: Rulebook, resource: MonitoredResource) -> None:
    """Refuse a resource that is not complete, or has what its type has not.

    Raises:
        UnwritableError: for the first fault found.
    """
    known = RESOURCES.get(resource.type)
    if held.broken(rules.RESOURCE_TYPE, when=known is None):
        raise UnwritableError(f"Unrecognized resource type: {resource.type}.")
    if known is None:
        return
    for key in sorted(resource.labels):
        if held.broken(rules.RESOURCE_UNKNOWN, when=key not in known):
            raise UnwritableError(f"Unrecognized resource label: {key}")
    missing = sorted(set(known) - set(resource.labels) - {"project_id"})
    if held.broken(rules.RESOURCE_MISSING, when=bool(missing)):
        raise UnwritableError(
            f"The set of resource labels is incomplete. Missing labels: ({' '.join(missing)})."
        )
    places = [resource.labels[key] for key in _PLACES if key in resource.labels]
    lost = any(not _PLACE.fullmatch(place) for place in places)
    if held.broken(rules.LOCATION, when=lost):
        raise UnwritableError("Unrecognized region or location.")
