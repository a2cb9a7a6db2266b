"""Google's Telemetry API: OTLP metrics, traces and logs, by gRPC and HTTP.

What comes in is mapped as Google maps it and kept on the shelves of the services it belongs
to: metrics as ``prometheus.googleapis.com/…`` series of a ``prometheus_target``, spans with
Cloud Trace, log records with Cloud Logging. A part that is refused is told of in
``partial_success``, as OTLP has it (https://opentelemetry.io/docs/specs/otlp/#partial-success).

Not held: quotas of requests and bytes a minute; IAM; the labels that Google makes of the
instrumentation scope, which are not known.
"""

from tocsin.rehearsal.cloud.otlp.service import Otlp

__all__ = ["Otlp"]
