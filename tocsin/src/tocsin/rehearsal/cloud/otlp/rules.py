"""The Telemetry API's rules: what it refuses, changes or adds.

The rules of the shelves behind it (order, sampling period, sizes of labels and spans) hold
as well, and are counted under the names of those services.

>>> len({rule.name for rule in RULES}) == len(RULES)
True
"""

from typing import Final

from tocsin.rehearsal.cloud.rulebook import Rule

_NAMES: Final = "https://docs.cloud.google.com/stackdriver/docs/otlp-metrics/overview"
_MAPPING: Final = "https://docs.cloud.google.com/stackdriver/docs/reference/telemetry/v1.metrics"
_QUOTAS: Final = "https://docs.cloud.google.com/stackdriver/docs/reference/telemetry/quotas"
_MIGRATION: Final = (
    "https://github.com/GoogleCloudPlatform/opentelemetry-operations-python/blob/main/MIGRATION.md"
)
_PROJECT_ID: Final = "https://github.com/open-telemetry/opentelemetry-js-contrib/pull/3756"
_SPANS: Final = (
    "https://github.com/open-telemetry/opentelemetry-proto/blob/main/"
    "opentelemetry/proto/trace/v1/trace.proto"
)

PROJECT: Final = Rule(
    "otlp.resource.project",
    "A resource says its project in `gcp.project_id`, or the request is refused.",
    _PROJECT_ID,
)
POINTS: Final = Rule("otlp.metrics.points", "A request holds at most 200 data points.", _QUOTAS)
RESOURCES: Final = Rule(
    "otlp.metrics.resources", "A request holds at most 200 ResourceMetrics.", _QUOTAS
)
NAME: Final = Rule(
    "otlp.metric.name", "A metric's name matches `[a-zA-Z][a-zA-Z0-9_:./-]*`.", _NAMES
)
ATTRIBUTE: Final = Rule(
    "otlp.metric.attribute", "An attribute's key matches `[a-zA-Z_][a-zA-Z0-9_.]*`.", _NAMES
)
DELTA: Final = Rule(
    "otlp.metric.delta", "A sum that is neither monotonic nor cumulative is refused.", _MIGRATION
)
TEMPORALITY: Final = Rule(
    "otlp.metric.temporality", "A sum or histogram says how it aggregates over time.", _MAPPING
)
QUANTILES: Final = Rule("otlp.metric.quantiles", "A summary has at most 10 quantiles.", _QUOTAS)
WHOLE: Final = Rule("otlp.metric.double", "Whole numbers become doubles.", _MIGRATION)
TARGET_INFO: Final = Rule(
    "otlp.resource.target_info", "A resource's attributes become the metric target_info.", _MAPPING
)
TRACE_ID: Final = Rule("otlp.span.trace_id", "A trace id is 16 bytes, not all zero.", _SPANS)
SPAN_ID: Final = Rule("otlp.span.span_id", "A span id is 8 bytes, not all zero.", _SPANS)

RULES: Final = (
    PROJECT,
    POINTS,
    RESOURCES,
    NAME,
    ATTRIBUTE,
    DELTA,
    TEMPORALITY,
    QUANTILES,
    WHOLE,
    TARGET_INFO,
    TRACE_ID,
    SPAN_ID,
)
