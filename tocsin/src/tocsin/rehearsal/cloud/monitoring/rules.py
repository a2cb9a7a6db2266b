"""Cloud Monitoring's rules: what the service refuses, where that is known from, in whose words.

Sources are Google's own definitions and pages where they say it, and issue threads of
public projects where people pasted what the live service answered. ``wording="google"``
means that the text of the refusal was seen from the live service; numbers that Google has
raised since (labels, days) are today's.

>>> len({rule.name for rule in RULES}) == len(RULES)
True
"""

from typing import Final

from tocsin.rehearsal.cloud.rulebook import Rule

_PROTOS: Final = "https://github.com/googleapis/googleapis/blob/master/google/"
_SERVICE: Final = _PROTOS + "monitoring/v3/metric_service.proto"
_METRIC: Final = _PROTOS + "monitoring/v3/metric.proto"
_TIMES: Final = _PROTOS + "monitoring/v3/common.proto"
_DESCRIPTOR: Final = _PROTOS + "api/metric.proto"
_DISTRIBUTION: Final = _PROTOS + "api/distribution.proto"
_QUOTAS: Final = "https://docs.cloud.google.com/monitoring/quotas"
_ISSUES: Final = "https://github.com/"

PROJECT: Final = Rule(
    "monitoring.request.project", "A request names its project: `projects/ID`.", _SERVICE
)
EMPTY: Final = Rule(
    "monitoring.request.empty",
    "A write holds at least one series.",
    _ISSUES + "GoogleCloudPlatform/opentelemetry-operations-go/issues/98",
    "google",
)
CAP: Final = Rule(
    "monitoring.series.cap",
    "A write holds at most 200 series, or none of it is taken.",
    _ISSUES + "GoogleCloudPlatform/opentelemetry-operations-js/issues/87",
    "google",
)
ONE_POINT: Final = Rule(
    "monitoring.series.one_point", "A series is written with exactly one point.", _METRIC
)
DUPLICATE: Final = Rule(
    "monitoring.series.duplicate",
    "A series stands once in a write; the second is refused.",
    _ISSUES + "google/go-metrics-stackdriver/issues/11",
    "google",
)
TYPE_FORM: Final = Rule(
    "monitoring.metric.form",
    "A metric type is a domain and a path; a colon stands only in Prometheus' metrics.",
    _ISSUES + "Stackdriver/stackdriver-prometheus-sidecar/issues/255",
    "google",
)
DOMAIN: Final = Rule(
    "monitoring.metric.domain",
    "Users write under `custom`, `external`, `workload` and `prometheus.googleapis.com` only.",
    _DESCRIPTOR,
)
LABEL_KEY: Final = Rule(
    "monitoring.label.key",
    "A label's key is letters, digits and `_`, a letter first; Prometheus' may have `.`.",
    _ISSUES + "GoogleCloudPlatform/opentelemetry-operations-go/issues/98",
    "google",
)
LABEL_KEY_LENGTH: Final = Rule(
    "monitoring.label.key_length", "A label's key has at most 100 characters.", _QUOTAS
)
LABEL_VALUE_LENGTH: Final = Rule(
    "monitoring.label.value_length", "A label's value has at most 1024 characters.", _QUOTAS
)
LABEL_COUNT: Final = Rule(
    "monitoring.label.count",
    "New labels join the descriptor until it has 30, of Prometheus' metrics 200.",
    _ISSUES + "GoogleCloudPlatform/prometheus-engine/issues/493",
    "google",
)
RESOURCE_TYPE: Final = Rule(
    "monitoring.resource.type",
    "The monitored resource is one that takes users' metrics.",
    _ISSUES + "GoogleCloudPlatform/opentelemetry-operations-java/issues/46",
    "google",
)
RESOURCE_UNKNOWN: Final = Rule(
    "monitoring.resource.label_unknown",
    "A resource has no labels but those of its type.",
    _ISSUES + "census-ecosystem/opencensus-go-exporter-stackdriver/issues/92",
    "google",
)
RESOURCE_MISSING: Final = Rule(
    "monitoring.resource.label_missing",
    "A resource has every label of its type; the project comes from the request.",
    _ISSUES + "GoogleCloudPlatform/opentelemetry-operations-java/issues/139",
    "google",
)
LOCATION: Final = Rule(
    "monitoring.resource.location",
    "A location is `global`, a region or a zone, by its form: no list of them is kept here.",
    _ISSUES + "Stackdriver/stackdriver-prometheus-sidecar/issues/155",
    "google",
)
KIND: Final = Rule(
    "monitoring.series.kind",
    "A series is of its descriptor's kind; unsaid it is GAUGE when a descriptor is made for it.",
    _ISSUES + "kubernetes/test-infra/issues/25437",
    "google",
)
VALUE_TYPE: Final = Rule(
    "monitoring.series.value_type",
    "A point's value is of its descriptor's type.",
    _ISSUES + "micrometer-metrics/micrometer/issues/2160",
    "google",
)
DECLARED_TYPE: Final = Rule(
    "monitoring.series.declared_type",
    "A value type that a series declares is that of its point.",
    _METRIC,
)
NO_VALUE: Final = Rule("monitoring.point.value", "A point has a value.", _METRIC)
NO_END: Final = Rule("monitoring.point.end", "A point has an end time.", _TIMES)
PAST: Final = Rule(
    "monitoring.point.past",
    "A point ends at most 25 h ago; the live service adds 10 s of grace.",
    _ISSUES + "influxdata/telegraf/issues/13826",
    "google",
)
FUTURE: Final = Rule("monitoring.point.future", "A point ends at most 5 min in the future.", _TIMES)
GAUGE_SPAN: Final = Rule(
    "monitoring.interval.gauge",
    "A gauge's start, if given, is its end.",
    _ISSUES + "googleapis/java-bigtable/pull/2719",
    "google",
)
SPAN: Final = Rule(
    "monitoring.interval.span",
    "What is no gauge starts before it ends.",
    _ISSUES + "influxdata/telegraf/issues/13725",
    "google",
)
OLDER_START: Final = Rule(
    "monitoring.order.start",
    "A cumulative series' start never steps back, and a new start comes with a later end.",
    _ISSUES + "Stackdriver/collectd/issues/191",
    "google",
)
RESET_OVERLAP: Final = Rule(
    "monitoring.order.reset",
    "A reset starts at least 1 ms after the last end. Stated, but not seen refused.",
    _TIMES,
)
DELTA_OVERLAP: Final = Rule(
    "monitoring.order.delta",
    "A delta starts at least 1 ms after the last end.",
    _TIMES,
)
OLDER_END: Final = Rule(
    "monitoring.order.end",
    "A point ends no earlier than the last of its series.",
    _ISSUES + "googleapis/python-monitoring/issues/57",
    "google",
)
SAMPLING: Final = Rule(
    "monitoring.order.sampling",
    "The points of a series end at least 5 s apart; the inner status is FAILED_PRECONDITION.",
    _ISSUES + "influxdata/telegraf/issues/13959",
    "google",
)
COUNT_SUM: Final = Rule(
    "monitoring.distribution.sum",
    "Bucket counts add up to the count.",
    _ISSUES + "micrometer-metrics/micrometer/issues/5651",
    "google",
)
COUNT_NEGATIVE: Final = Rule(
    "monitoring.distribution.negative", "No count of a distribution is negative.", _DISTRIBUTION
)
EMPTY_DISTRIBUTION: Final = Rule(
    "monitoring.distribution.empty",
    "A distribution of nothing has mean 0, deviation 0 and no range.",
    _DISTRIBUTION,
)
FINITE: Final = Rule(
    "monitoring.distribution.finite",
    "Mean and deviation are finite, the deviation is not negative.",
    _DISTRIBUTION,
)
BUCKETS_GIVEN: Final = Rule(
    "monitoring.distribution.buckets_given",
    "There are no more bucket counts than buckets; fewer are filled up with 0.",
    _ISSUES + "census-ecosystem/opencensus-go-exporter-stackdriver/issues/98",
    "google",
)
BUCKETS_CAP: Final = Rule(
    "monitoring.distribution.buckets_cap", "A distribution has at most 200 buckets.", _QUOTAS
)
BOUNDS_EMPTY: Final = Rule(
    "monitoring.distribution.bounds_empty",
    "Explicit buckets have at least one bound.",
    _ISSUES + "GoogleCloudPlatform/opentelemetry-operations-java/issues/409",
    "google",
)
BOUNDS_ORDER: Final = Rule(
    "monitoring.distribution.bounds_order", "Bounds rise strictly.", _DISTRIBUTION
)
LINEAR: Final = Rule(
    "monitoring.distribution.linear",
    "Linear buckets: a positive number of them, a positive width.",
    _DISTRIBUTION,
)
EXPONENTIAL: Final = Rule(
    "monitoring.distribution.exponential",
    "Exponential buckets: a positive number of them, a factor above 1, a positive scale.",
    _DISTRIBUTION,
)
EXEMPLAR_ORDER: Final = Rule(
    "monitoring.distribution.exemplar_order", "Exemplars rise by value.", _DISTRIBUTION
)
EXEMPLAR_ATTACHMENTS: Final = Rule(
    "monitoring.distribution.exemplar_attachments",
    "An exemplar has at most one attachment of each message type.",
    _DISTRIBUTION,
)
DESCRIPTOR_KIND: Final = Rule(
    "monitoring.descriptor.kind",
    "Users' metrics are GAUGE or CUMULATIVE; DELTA only Prometheus' (by OTLP).",
    _METRIC,
)
DESCRIPTOR_TYPE: Final = Rule(
    "monitoring.descriptor.value_type",
    "Users' metrics are BOOL, INT64, DOUBLE or DISTRIBUTION.",
    _ISSUES + "influxdata/telegraf/issues/5315",
    "google",
)
DESCRIPTOR_BOOL: Final = Rule(
    "monitoring.descriptor.bool", "BOOL goes with GAUGE only.", _DESCRIPTOR
)
DESCRIPTOR_LABELS: Final = Rule(
    "monitoring.descriptor.labels",
    "A descriptor is made with at most 30 labels, of Prometheus' metrics 200.",
    _ISSUES + "GoogleCloudPlatform/k8s-stackdriver/issues/192",
    "google",
)
DESCRIPTOR_LABEL_TWICE: Final = Rule(
    "monitoring.descriptor.label_twice", "A label stands once in a descriptor.", _DESCRIPTOR
)
DESCRIPTOR_LABEL_TYPE: Final = Rule(
    "monitoring.descriptor.label_type",
    "Labels of `workload.googleapis.com` metrics are STRING.",
    _ISSUES + "GoogleCloudPlatform/opentelemetry-operations-java/issues/159",
    "google",
)
DESCRIPTOR_CONFLICT: Final = Rule(
    "monitoring.descriptor.conflict",
    "Creating again changes texts and adds labels, never kind or value type.",
    _ISSUES + "census-ecosystem/opencensus-go-exporter-stackdriver/issues/239",
    "google",
)
DESCRIPTOR_CAP: Final = Rule(
    "monitoring.descriptor.cap",
    "A project has at most 10,000 descriptors of `custom`, and 25,000 of all other domains.",
    _QUOTAS,
)
LIST_METRIC: Final = Rule(
    "monitoring.list.metric",
    "A list of series is of one metric type, given with `=`.",
    _SERVICE,
)
LIST_UNKNOWN: Final = Rule(
    "monitoring.list.unknown",
    "A list of series is of a metric that the project has a descriptor of.",
    _ISSUES + "prometheus-community/stackdriver_exporter/issues/28",
    "google",
)
LIST_ORDER: Final = Rule("monitoring.list.order", "`order_by` is left blank.", _SERVICE)
LIST_INTERVAL: Final = Rule(
    "monitoring.list.interval",
    "A list of series has an interval, whose start is not after its end.",
    _SERVICE,
)
LIST_PAGE: Final = Rule(
    "monitoring.list.page", "A page has at most 100,000 points, whatever is asked.", _SERVICE
)

RULES: Final[tuple[Rule, ...]] = tuple(
    found for name, found in list(globals().items()) if isinstance(found, Rule) and name.isupper()
)
