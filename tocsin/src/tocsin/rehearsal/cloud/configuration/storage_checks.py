"""What Google's definitions forbid in dashboards, log buckets and log-based metrics.

>>> from google.cloud.logging_v2.types import LogMetric
>>> [check.rule.name for check in LOG_METRICS if check.broken(LogMetric.pb()(name="/x"))]
['configuration.log_metric.name']
"""

import re
from typing import Any, Final

from google.api.metric_pb2 import MetricDescriptor

from tocsin.rehearsal.cloud.configuration.checks import Check
from tocsin.rehearsal.cloud.rulebook import Rule

_PROTOS: Final = "https://github.com/googleapis/googleapis/blob/master/google/"
_DASHBOARD: Final = _PROTOS + "monitoring/dashboard/v1/dashboard.proto"
_LAYOUTS: Final = _PROTOS + "monitoring/dashboard/v1/layouts.proto"
_BUCKET: Final = _PROTOS + "logging/v2/logging_config.proto"
_METRIC: Final = _PROTOS + "logging/v2/logging_metrics.proto"

COLUMNS_AT_MOST: Final = 48
"""The definition says 12; most of Google's own samples have 48."""
_NAME: Final = re.compile(r"(?!/)[A-Za-z0-9_\-.,+!*',()%/]{1,100}")
_EXTRACTOR: Final = re.compile(r"\s*(?:REGEXP_)?EXTRACT\(.+\)\s*", re.DOTALL)


def _outside(dashboard: Any) -> bool:
    layout = dashboard.mosaic_layout
    columns = layout.columns or COLUMNS_AT_MOST
    return not 1 <= columns <= COLUMNS_AT_MOST or any(
        min(tile.x_pos, tile.y_pos) < 0
        or min(tile.width, tile.height) < 1
        or tile.x_pos + tile.width > columns
        for tile in layout.tiles
    )


def _unextracted(metric: Any) -> bool:
    declared = {label.key for label in metric.metric_descriptor.labels}
    return declared != set(metric.label_extractors)


def _without_value(metric: Any) -> bool:
    is_distribution = metric.metric_descriptor.value_type == MetricDescriptor.ValueType.DISTRIBUTION
    return is_distribution and not _EXTRACTOR.fullmatch(metric.value_extractor)


DASHBOARDS: Final[tuple[Check, ...]] = (
    Check(
        Rule("configuration.dashboard.display_name", "A dashboard has a name.", _DASHBOARD),
        lambda dashboard: not dashboard.display_name,
        "Field dashboard.display_name is required.",
    ),
    Check(
        Rule(
            "configuration.dashboard.tiles",
            "A tile lies within its mosaic, at most 48 columns wide.",
            _LAYOUTS,
        ),
        _outside,
        "Field mosaic_layout had an invalid value: a tile does not lie within the columns.",
    ),
)

BUCKETS: Final[tuple[Check, ...]] = (
    Check(
        Rule("configuration.bucket.retention", "A bucket keeps logs for 1 day or more.", _BUCKET),
        lambda bucket: bucket.retention_days < 0,
        "Field retention_days had an invalid value: it must be 1 or more.",
    ),
)

LOG_METRICS: Final[tuple[Check, ...]] = (
    Check(
        Rule(
            "configuration.log_metric.name",
            "A log-based metric's name: at most 100 of certain characters, no slash first.",
            _METRIC,
        ),
        lambda metric: not _NAME.fullmatch(metric.name),
        "Field metric.name had an invalid value: at most 100 characters, not beginning with /.",
    ),
    Check(
        Rule(
            "configuration.log_metric.filter", "Its filter has at most 20,000 characters.", _METRIC
        ),
        lambda metric: len(metric.filter) > 20_000,  # noqa: PLR2004
        "Field metric.filter had an invalid value: it has more than 20000 characters.",
    ),
    Check(
        Rule(
            "configuration.log_metric.description",
            "Its description has at most 8,000 characters.",
            _METRIC,
        ),
        lambda metric: len(metric.description) > 8_000,  # noqa: PLR2004
        "Field metric.description had an invalid value: it has more than 8000 characters.",
    ),
    Check(
        Rule(
            "configuration.log_metric.labels",
            "Each of its labels has an extractor, and each extractor a label.",
            "https://github.com/chainguard-dev/terraform-infra-common/pull/470",
            "google",
        ),
        _unextracted,
        "Number of label descriptors must match number of label extractors",
    ),
    Check(
        Rule(
            "configuration.log_metric.value",
            "A distribution of log lines says where its value is found.",
            _METRIC,
        ),
        _without_value,
        "Field metric.value_extractor had an invalid value: a distribution needs EXTRACT(field).",
    ),
)
