"""The service: three methods, all called ``Export``, of three services of OpenTelemetry.

Over HTTP each has its path, in protobuf and in JSON
(https://opentelemetry.io/docs/specs/otlp/#otlphttp-request).

>>> from tocsin.rehearsal.cloud.monitoring import Monitoring
>>> from tocsin.rehearsal.cloud.traces import Traces
>>> world = World()
>>> otlp = Otlp(world, monitoring=Monitoring(world), traces=Traces(world), logs=None)
>>> [rpc.http[0].path for rpc in otlp.rpcs()]
['/v1/metrics', '/v1/traces', '/v1/logs']
"""

from collections.abc import Iterable
from typing import Any, Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tocsin.rehearsal.cloud.otlp import logs as log_records
from tocsin.rehearsal.cloud.otlp import spans
from tocsin.rehearsal.cloud.otlp.json_ids import reshaped
from tocsin.rehearsal.cloud.otlp.metrics import Metrics
from tocsin.rehearsal.cloud.rpc import Http, Rpc
from tocsin.rehearsal.cloud.world import World

_COLLECTOR: Final = "opentelemetry.proto.collector"


class Otlp:
    """``telemetry.googleapis.com`` of one cloud; keeps nothing itself."""

    def __init__(self, world: World, *, monitoring: Any, traces: Any, logs: Any) -> None:
        self._world = world
        self._metrics = Metrics(world, monitoring)
        self._traces = traces
        self._logs = logs

    def rpcs(self) -> Iterable[Rpc]:
        """The three methods."""
        return (
            _rpc(
                "metrics.v1.MetricsService",
                "/v1/metrics",
                ExportMetricsServiceRequest,
                ExportMetricsServiceResponse,
                self._metrics.export,
            ),
            _rpc(
                "trace.v1.TraceService",
                "/v1/traces",
                ExportTraceServiceRequest,
                ExportTraceServiceResponse,
                self._export_spans,
            ),
            _rpc(
                "logs.v1.LogsService",
                "/v1/logs",
                ExportLogsServiceRequest,
                ExportLogsServiceResponse,
                self._export_logs,
            ),
        )

    def recall(self, kind: str, body: bytes, received_ns: int) -> None:
        """Nothing: what came by OTLP is in the journals of those that keep it."""

    def _export_spans(self, request: Any) -> ExportTraceServiceResponse:
        return spans.export(request, self._world, self._traces.keep_span)

    def _export_logs(self, request: Any) -> ExportLogsServiceResponse:
        return log_records.export(request, self._world.rules, self._logs)


def _rpc(service: str, path: str, request: Any, response: Any, handle: Any) -> Rpc:
    http = Http("POST", path, "*", reshape=reshaped)
    return Rpc(f"{_COLLECTOR}.{service}", "Export", request, response, handle, (http,))
