"""Who writes: the resource of OTLP, in the words of OpenTelemetry and in those of Google.

``gcp.project_id`` names the project (without it Google answers INVALID_ARGUMENT,
https://github.com/open-telemetry/opentelemetry-js-contrib/pull/3756). For metrics Google
makes a ``prometheus_target`` of it, and takes ``location``, ``namespace``, ``job`` and
``instance`` first if they are there; they are, so that a rule written for ``generic_task``
finds the same values in the same labels
(https://docs.cloud.google.com/stackdriver/docs/reference/telemetry/v1.metrics).

>>> from tocsin.telemetry.metrics import Resource
>>> who = resource_attributes(
...     Resource("shop", "production", instance="i-1", process="7"), project="shop-prod"
... )()
>>> who["gcp.project_id"], who["job"], who["namespace"], who["location"], who["instance"]
('shop-prod', 'shop', 'production', 'global', 'i-1-7')
"""

from collections.abc import Callable, Mapping

from tocsin.telemetry.metrics import Resource

Attributes = Mapping[str, str]
WhoWrites = Callable[[], Attributes]
"""Asked at each export, for a forked child is another writer than its parent."""


def resource_attributes(
    resource: Resource | Callable[[], Resource],
    *,
    project: str = "",
    location: str = "",
    writer: str | Callable[[], str] = "",
    more: Attributes | None = None,
) -> WhoWrites:
    """What to send beside every span and number.

    ``writer`` is the name that no other process bears (``task_id`` of Cloud Monitoring's
    exporter); without it instance and process make one.
    """

    def attributes() -> Attributes:
        who = resource() if callable(resource) else resource
        name = writer() if callable(writer) else writer
        name = name or "-".join(part for part in (who.instance, who.process) if part)
        found = {
            "service.name": who.service,
            "service.version": who.version,
            "service.instance.id": name,
            "deployment.environment.name": who.environment,
            "location": location or "global",
            "namespace": who.environment,
            "job": who.service,
            "instance": name,
        }
        if project:
            found["gcp.project_id"] = project
        if location:
            found["cloud.region"] = location
        return {**found, **(more or {})}

    return attributes
