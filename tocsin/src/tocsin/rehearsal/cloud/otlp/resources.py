"""Whose telemetry it is: OTLP's resource as project, ``prometheus_target`` and plain values.

The order in which attributes are asked is that of
https://docs.cloud.google.com/stackdriver/docs/reference/telemetry/v1.metrics

>>> told = {"service.name": "shop", "service.namespace": "eu", "cloud.region": "europe-west1"}
>>> target(told)["job"], target(told)["location"]
('eu/shop', 'europe-west1')
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tocsin.rehearsal.cloud.otlp import rules
from tocsin.rehearsal.cloud.refusals import invalid_argument
from tocsin.rehearsal.cloud.rulebook import Rulebook

_NOWHERE: Final = "unknown-project"
_PLATFORMS: Final = {"gcp_compute_engine": "__gce__", "gcp_cloud_run": "__run__"}
_UNKNOWN: Final = "unknown_service"
_WORKLOADS: Final = tuple(
    f"k8s.{kind}.name"
    for kind in ("deployment", "replicaset", "statefulset", "daemonset", "job", "cronjob")
)
# The OpenTelemetry-to-Prometheus rule: these are `job` and `instance` already.
_IN_TARGET: Final = frozenset({"service.name", "service.namespace", "service.instance.id"})


def value_of(value: Any) -> Any:
    """An ``AnyValue`` as Python's own; bytes as hexadecimal text."""
    which = value.WhichOneof("value")
    if which is None:
        return ""
    if which == "array_value":
        return [value_of(one) for one in value.array_value.values]
    if which == "kvlist_value":
        return {one.key: value_of(one.value) for one in value.kvlist_value.values}
    plain = getattr(value, which)
    return plain.hex() if isinstance(plain, bytes) else plain


def attributes_of(attributes: Iterable[Any]) -> dict[str, Any]:
    """Attributes by their keys; of two with one key the last."""
    return {one.key: value_of(one.value) for one in attributes}


def text_of(value: Any) -> str:
    """An attribute as a label's value.

    >>> text_of(True), text_of(2.0), text_of("GET")
    ('true', '2', 'GET')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def project_of(held: Rulebook, attributes: Mapping[str, Any]) -> str:
    """The project that this resource writes to.

    Raises:
        Refusal: it names none.
    """
    project = str(attributes.get("gcp.project_id", ""))
    if held.broken(rules.PROJECT, when=not project):
        raise invalid_argument('Resource is missing required attribute "gcp.project_id".')
    return project or _NOWHERE


def target(attributes: Mapping[str, Any]) -> dict[str, str]:
    """The labels of ``prometheus_target``, but the project's."""
    told = {key: text_of(value) for key, value in attributes.items()}
    return {
        "location": _first(told, "location", "cloud.availability_zone", "cloud.region"),
        "cluster": _first(told, "cluster", "k8s.cluster.name")
        or _PLATFORMS.get(told.get("cloud.platform", ""), ""),
        "namespace": _first(told, "namespace", "k8s.namespace.name", "service.namespace"),
        "job": told.get("job") or _job(told),
        "instance": _first(
            told, "instance", "service.instance.id", "faas.instance", "k8s.pod.name", "host.id"
        ),
    }


def info(attributes: Mapping[str, Any]) -> dict[str, str]:
    """The labels of ``target_info``: what the target's own labels do not say."""
    return {
        _label(key): text_of(value)
        for key, value in attributes.items()
        if key not in _IN_TARGET and key not in target({}) and text_of(value)
    }


def _job(told: Mapping[str, str]) -> str:
    name, space = told.get("service.name", ""), told.get("service.namespace", "")
    if name and not name.startswith(_UNKNOWN):
        return f"{space}/{name}" if space else name
    return _first(told, "faas.name", *_WORKLOADS) or name


def _first(told: Mapping[str, str], *keys: str) -> str:
    return next((told[key] for key in keys if told.get(key)), "")


def _label(key: str) -> str:
    plain = "".join(char if char.isascii() and char.isalnum() else "_" for char in key)
    return plain if plain[:1].isalpha() else f"key_{plain}"
