"""OTLP's log records, written to Cloud Logging.

Severities as in Google's Go exporter; the log's name is the record's ``gcp.log_name``, else
``otlp`` (which name Google gives is not known). The monitored resource is ``generic_task``
where the resource names a service and its instance, else ``generic_node``
(resourcemapping.go of GoogleCloudPlatform/opentelemetry-operations-go).

>>> severity(9), severity(17), severity(24)
(200, 500, 800)
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from google.cloud.logging_v2.types import LogEntry, WriteLogEntriesRequest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from tocsin.rehearsal.cloud.otlp.resources import attributes_of, project_of, text_of, value_of
from tocsin.rehearsal.cloud.refusals import Refusal
from tocsin.rehearsal.cloud.rulebook import Rulebook

_Entry: Final[Any] = LogEntry.pb()
_Request: Final[Any] = WriteLogEntriesRequest.pb()
_FROM: Final = (
    (24, 800),
    (23, 700),
    (21, 600),
    (17, 500),
    (13, 400),
    (11, 300),
    (9, 200),
    (1, 100),
)
"""OTLP's severity number from here on, and Google's ``LogSeverity``."""
_LOG_NAME: Final = "gcp.log_name"
_SAMPLED: Final = 1
_PLAIN_KEY: Final = re.compile(r"[^A-Za-z0-9_/.-]")


def export(request: Any, held: Rulebook, logs: Any) -> ExportLogsServiceResponse:
    """Keep the records that can be; tell how many could not.

    Raises:
        Refusal: a resource says no project.
    """
    answer = ExportLogsServiceResponse()
    write = next(rpc.handle for rpc in logs.rpcs() if rpc.method == "WriteLogEntries")
    told = [attributes_of(group.resource.attributes) for group in request.resource_logs]
    projects = [project_of(held, attributes) for attributes in told]
    for project, attributes, group in zip(projects, told, request.resource_logs, strict=True):
        for record in (one for scope in group.scope_logs for one in scope.log_records):
            try:
                write(_Request(entries=[_entry(record, project, attributes)]))
            except Refusal as refusal:
                answer.partial_success.rejected_log_records += 1
                answer.partial_success.error_message = refusal.message
    return answer


def severity(number: int) -> int:
    """Google's number for OpenTelemetry's."""
    return next((google for least, google in _FROM if number >= least), 0)


def _entry(record: Any, project: str, resource: Mapping[str, Any]) -> Any:
    attributes = attributes_of(record.attributes)
    log_id = str(attributes.pop(_LOG_NAME, "") or record.event_name or "otlp")
    entry = _Entry(
        log_name=f"projects/{project}/logs/{quote(_PLAIN_KEY.sub('_', log_id), safe='')}",
        severity=severity(record.severity_number),
        span_id=record.span_id.hex(),
        trace_sampled=bool(record.flags & _SAMPLED),
    )
    if record.trace_id:
        entry.trace = f"projects/{project}/traces/{record.trace_id.hex()}"
    if record.time_unix_nano:
        entry.timestamp.FromNanoseconds(record.time_unix_nano)
    for key, value in attributes.items():
        entry.labels[key] = text_of(value)
    entry.resource.type, labels = _monitored(resource)
    for key, value in labels.items():
        entry.resource.labels[key] = value
    _fill_body(entry, value_of(record.body))
    return entry


def _fill_body(entry: Any, body: Any) -> None:
    if isinstance(body, dict):
        ParseDict(body, entry.json_payload)
    else:
        entry.text_payload = text_of(body)


def _monitored(resource: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    told = {key: text_of(value) for key, value in resource.items()}
    place = told.get("cloud.availability_zone") or told.get("cloud.region") or "global"
    common = {"location": place, "namespace": told.get("service.namespace", "")}
    job, task = told.get("service.name"), told.get("service.instance.id")
    if job and task:
        return "generic_task", {**common, "job": job, "task_id": task}
    return "generic_node", {**common, "node_id": told.get("host.id") or told.get("host.name", "")}
