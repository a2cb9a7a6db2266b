# ruff: noqa: N802 - the protocol chose the methods' names
"""The provider itself: hashicorp/google's schema in front, no cloud behind.

It refuses what the schema refuses, plans what the cloud would choose as unknown, and keeps
what it was given. With ``GOOGLE_STANDIN_LOG`` each change is appended to that file as a line of
JSON, with the configuration as the cloud would have got it, write-only values included.

>>> place("google_monitoring_dashboard", {"project": "p", "dashboard_json": "{}"})
'projects/p/dashboards/115002777'
"""

import json
import os
import threading
import zlib
from pathlib import Path
from typing import Any

import msgpack
from standin.schema import SCHEMA, as_schema
from standin.values import Fault, emptied, faults, is_unknown, planned, settled
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

_COLLECTIONS = {
    "google_monitoring_alert_policy": "alertPolicies",
    "google_monitoring_notification_channel": "notificationChannels",
    "google_monitoring_uptime_check_config": "uptimeCheckConfigs",
    "google_monitoring_dashboard": "dashboards",
}
_CAPABILITIES = pb.ServerCapabilities(get_provider_schema_optional=True)


def _load(value: pb.DynamicValue) -> Any:
    if value.msgpack:
        return msgpack.unpackb(value.msgpack, strict_map_key=False)
    return json.loads(value.json) if value.json else None


def _dump(value: Any) -> pb.DynamicValue:
    return pb.DynamicValue(msgpack=msgpack.packb(value))


def _diagnostic(fault: Fault) -> pb.Diagnostic:
    summary, path = fault
    steps = [
        pb.AttributePath.Step(element_key_int=key)
        if isinstance(key, int)
        else pb.AttributePath.Step(attribute_name=key)
        for key in path
    ]
    return pb.Diagnostic(
        severity=pb.Diagnostic.ERROR, summary=summary, attribute=pb.AttributePath(steps=steps)
    )


def place(type_name: str, values: dict[str, Any]) -> str:
    """A name as Google gives them, the same for the same values."""
    known = {key: value for key, value in values.items() if not is_unknown(value)}
    number = zlib.crc32(json.dumps([type_name, known], sort_keys=True, default=str).encode())
    project = known.get("project") or "standin"
    collection = _COLLECTIONS.get(type_name, type_name.removeprefix("google_"))
    return f"projects/{project}/{collection}/{number}"


class Provider(rpc.ProviderServicer):
    """Answers Terraform; the protocol's method names are not ours."""

    def __init__(self) -> None:
        """Start without a configuration: Terraform sends it."""
        self._settings: dict[str, Any] = {}
        self._lock = threading.Lock()

    def GetMetadata(self, request, context):
        """What there is."""
        return pb.GetMetadata.Response(
            server_capabilities=_CAPABILITIES,
            resources=[
                pb.GetMetadata.ResourceMetadata(type_name=one) for one in SCHEMA["resources"]
            ],
            data_sources=[
                pb.GetMetadata.DataSourceMetadata(type_name=one) for one in SCHEMA["data_sources"]
            ],
        )

    def GetProviderSchema(self, request, context):
        """How each of it is written."""
        return pb.GetProviderSchema.Response(
            provider=as_schema(SCHEMA["provider"]),
            resource_schemas={one: as_schema(it) for one, it in SCHEMA["resources"].items()},
            data_source_schemas={one: as_schema(it) for one, it in SCHEMA["data_sources"].items()},
            server_capabilities=_CAPABILITIES,
        )

    def ValidateProviderConfig(self, request, context):
        """Refuse a provider block that the real one would refuse."""
        found = faults(SCHEMA["provider"], _load(request.config) or {}, ("provider",))
        return pb.ValidateProviderConfig.Response(diagnostics=[_diagnostic(one) for one in found])

    def ConfigureProvider(self, request, context):
        """Keep the project and the region, which resources inherit."""
        given = _load(request.config) or {}
        self._settings = {key: value for key, value in given.items() if not is_unknown(value)}
        return pb.ConfigureProvider.Response()

    def ValidateResourceConfig(self, request, context):
        """Refuse what the schema refuses."""
        found = faults(SCHEMA["resources"][request.type_name], _load(request.config) or {})
        return pb.ValidateResourceConfig.Response(diagnostics=[_diagnostic(one) for one in found])

    def ValidateDataResourceConfig(self, request, context):
        """Refuse what the schema refuses."""
        found = faults(SCHEMA["data_sources"][request.type_name], _load(request.config) or {})
        return pb.ValidateDataResourceConfig.Response(
            diagnostics=[_diagnostic(one) for one in found]
        )

    def ReadDataSource(self, request, context):
        """Make up what the cloud would know."""
        block = SCHEMA["data_sources"][request.type_name]
        asked = planned(block, _load(request.config), None, self._settings)
        return pb.ReadDataSource.Response(
            state=_dump(settled(block, asked, place(request.type_name, asked)))
        )

    def UpgradeResourceState(self, request, context):
        """Take a state as it is."""
        return pb.UpgradeResourceState.Response(
            upgraded_state=_dump(json.loads(request.raw_state.json))
        )

    def ReadResource(self, request, context):
        """Nobody changes anything behind Terraform's back."""
        return pb.ReadResource.Response(new_state=request.current_state, private=request.private)

    def PlanResourceChange(self, request, context):
        """Tell which values the cloud will choose."""
        proposed = _load(request.proposed_new_state)
        if proposed is None:
            return pb.PlanResourceChange.Response(planned_state=request.proposed_new_state)
        block = SCHEMA["resources"][request.type_name]
        plan = planned(block, proposed, _load(request.prior_state), self._settings)
        return pb.PlanResourceChange.Response(planned_state=_dump(plan))

    def ApplyResourceChange(self, request, context):
        """Keep what was planned, with names for what was unknown."""
        plan, before = _load(request.planned_state), _load(request.prior_state)
        if plan is None:
            self._note("delete", request.type_name, before)
            return pb.ApplyResourceChange.Response(new_state=request.planned_state)
        name = (before or {}).get("id") or place(request.type_name, plan)
        after = settled(SCHEMA["resources"][request.type_name], plan, name)
        self._note("update" if before else "create", request.type_name, _load(request.config))
        return pb.ApplyResourceChange.Response(new_state=_dump(after))

    def ImportResourceState(self, request, context):
        """Know the id; the rest is read."""
        state = emptied(SCHEMA["resources"][request.type_name], request.id)
        found = pb.ImportResourceState.ImportedResource(
            type_name=request.type_name, state=_dump(state)
        )
        return pb.ImportResourceState.Response(imported_resources=[found])

    def GetFunctions(self, request, context):
        """Offer none."""
        return pb.GetFunctions.Response()

    def StopProvider(self, request, context):
        """Nothing runs that could be stopped."""
        return pb.StopProvider.Response()

    def _note(self, deed: str, type_name: str, values: Any) -> None:
        target = os.environ.get("GOOGLE_STANDIN_LOG")
        if not target:
            return
        line = json.dumps({"deed": deed, "type": type_name, "values": values}, default=str)
        with self._lock, Path(target).open("a") as file:
            file.write(line + "\n")
