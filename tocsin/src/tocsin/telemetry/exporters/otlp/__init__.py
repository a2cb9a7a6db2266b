"""OTLP: spans and metrics to Google's Telemetry API, or to any OpenTelemetry collector.

Each carrier is handed to a courier, which has the thread, the queue and the retries::

    endpoint = OtlpEndpoint.google()  # or OtlpEndpoint.of("http://127.0.0.1:4317")
    who = resource_attributes(metrics.resource, project="shop-prod", location="europe-west1")
    Courier("spans", SpanCarrier(endpoint, who), …)
    Courier("metrics", MetricsCarrier(metrics, endpoint, who), …)

gRPC alone, for Google advises against HTTP here: HTTP exporters do not refresh tokens
(https://docs.cloud.google.com/stackdriver/docs/otlp-metrics/overview). The encoding, the
stubs and the credentials are OpenTelemetry's own; its exporter classes are not used, because
they hide the answer (and with it a partial success), sleep between tries of their own, and
read the environment.

>>> OtlpEndpoint.of("http://127.0.0.1:4317").insecure
True
"""

from tocsin.telemetry.exporters.google import missing

try:
    import grpc  # noqa: F401 - only to tell early, and in words, what is not installed
    import opentelemetry.exporter.otlp.proto.grpc
    import opentelemetry.sdk.trace  # noqa: F401
except ImportError as error:
    raise missing("otlp", error) from error

from tocsin.telemetry.exporters.otlp.endpoint import OtlpEndpoint
from tocsin.telemetry.exporters.otlp.metrics import MetricsCarrier
from tocsin.telemetry.exporters.otlp.spans import SpanCarrier
from tocsin.telemetry.exporters.otlp.writer import resource_attributes

__all__ = ["MetricsCarrier", "OtlpEndpoint", "SpanCarrier", "resource_attributes"]
