"""What breaks each rule of configuration; the refusals are in our own words."""

from functools import partial

from cloud.violations.kind import Refused, Violation
from google.cloud import monitoring_dashboard_v1 as dashboards
from google.cloud import monitoring_v3 as monitoring
from google.cloud.logging_v2 import types as logging

PROJECT = "projects/school"
INVALID = partial(Refused, "INVALID_ARGUMENT")
PROMETHEUS = {"condition_prometheus_query_language": {"query": "up < 1"}}
THRESHOLD = {"filter": "x", "comparison": "COMPARISON_GT", "duration": {"seconds": 60}}
MANY = {f"label_{number}": "x" for number in range(65)}


def policy(*conditions, **fields):
    whole = {"conditions": conditions or (PROMETHEUS,), "combiner": "OR", **fields}
    request = monitoring.CreateAlertPolicyRequest(name=PROJECT, alert_policy=whole)
    return lambda desk: desk.call("CreateAlertPolicy", request)


def promql(**fields):
    return policy({"condition_prometheus_query_language": {"query": "up < 1", **fields}})


def threshold(**fields):
    return policy({"condition_threshold": {**THRESHOLD, **fields}})


def channel(**fields):
    request = monitoring.CreateNotificationChannelRequest(
        name=PROJECT,
        notification_channel={"type": "email", "labels": {"email_address": "a@b.c"}, **fields},
    )
    return lambda desk: desk.call("CreateNotificationChannel", request)


def uptime(**fields):
    whole = {
        "display_name": "up",
        "http_check": {},
        "period": {"seconds": 60},
        "timeout": {"seconds": 10},
        **fields,
    }
    request = monitoring.CreateUptimeCheckConfigRequest(parent=PROJECT, uptime_check_config=whole)
    return lambda desk: desk.call("CreateUptimeCheckConfig", request)


def dashboard(*tiles, name="d", columns=12):
    whole = {"display_name": name, "mosaic_layout": {"columns": columns, "tiles": tiles}}
    request = dashboards.CreateDashboardRequest(parent=PROJECT, dashboard=whole)
    return lambda desk: desk.call("CreateDashboard", request)


def bucket(**fields):
    request = logging.CreateBucketRequest(
        parent=f"{PROJECT}/locations/global", bucket_id="b", bucket=fields
    )
    return lambda desk: desk.call("CreateBucket", request)


def log_metric(**fields):
    whole = {"name": "m", "filter": "severity>=ERROR", **fields}
    request = logging.CreateLogMetricRequest(parent=PROJECT, metric=whole)
    return lambda desk: desk.call("CreateLogMetric", request)


def broken(rule, does, says):
    return Violation(f"configuration.{rule}", does, INVALID(says))


MQL = {"condition_monitoring_query_language": {"query": "fetch x"}}
LOG = {"condition_matched_log": {"filter": "severity>=ERROR"}}
RATE = {"notification_rate_limit": {"period": {"seconds": 300}}}

POLICIES = [
    broken("policy.conditions", policy(*[PROMETHEUS] * 7), "there must be 1 to 6"),
    broken("policy.mql_alone", policy(MQL, PROMETHEUS), "an MQL condition stands alone"),
    broken(
        "policy.log_match_alone",
        policy(LOG, PROMETHEUS, alert_strategy=RATE),
        "a log condition stands alone",
    ),
    broken("policy.log_match_rate", policy(LOG), "notification_rate_limit is required"),
    broken("policy.query", promql(query=" "), "it is empty"),
    broken(
        "policy.evaluation_interval", promql(evaluation_interval={"seconds": 45}), "multiple of 30s"
    ),
    broken(
        "policy.evaluation_interval", promql(evaluation_interval={}), "a positive multiple of 30s"
    ),
    broken("policy.duration", promql(duration={"seconds": -1}), "Field duration"),
    broken("policy.duration", threshold(duration={"seconds": 90}), "no multiple of 60s"),
    broken(
        "policy.absence",
        policy({"condition_absent": {"filter": "x", "duration": {"seconds": 60}}}),
        "120s or more",
    ),
    broken("policy.comparison", threshold(comparison="COMPARISON_GE"), "use COMPARISON_GT"),
    broken("policy.filter", threshold(filter="x" * 2049), "more than 2048 characters"),
    broken(
        "policy.alignment",
        threshold(aggregations=[{"alignment_period": {"seconds": 59}}]),
        "it must be 60s or more",
    ),
    broken("policy.rule_group", promql(rule_group="g" * 2049), "Field rule_group"),
    broken("policy.alert_rule", promql(alert_rule="two words"), "valid Prometheus label name"),
    broken(
        "policy.documentation", policy(documentation={"content": "x" * 8193}), "8192 characters"
    ),
    broken("policy.documentation", policy(documentation={"content": "€" * 3414}), "10240 bytes"),
    broken("policy.documentation", policy(documentation={"links": [{}] * 4}), "3 links"),
    broken(
        "policy.documentation", policy(documentation={"mime_type": "text/html"}), "text/markdown"
    ),
    broken(
        "policy.prompts",
        policy(alert_strategy={"notification_prompts": [0]}),
        "NOTIFICATION_PROMPT_UNSPECIFIED",
    ),
    broken("policy.display_name", policy(display_name="x" * 513), "more than 512 characters"),
    broken("policy.user_labels", policy(user_labels=MANY), "Field user_labels"),
    broken("policy.user_labels", policy(user_labels={"Team": "x"}), "Field user_labels"),
]

CHANNELS_AND_CHECKS = [
    broken("channel.display_name", channel(display_name="x" * 513), "Field display_name"),
    broken("channel.user_labels", channel(user_labels={"a": "x" * 64}), "Field user_labels"),
    broken("channel.description", channel(description="x" * 1025), "Field description"),
    broken("uptime.period", uptime(period={"seconds": 120}), "60s, 300s, 600s or 900s"),
    broken("uptime.timeout", uptime(timeout={"seconds": 61}), "between 1s and 60s"),
    broken(
        "uptime.content", uptime(content_matchers=[{"content": "x" * 1025}]), "more than 1024 bytes"
    ),
    broken(
        "uptime.headers",
        uptime(http_check={"headers": {f"h{number}": "x" for number in range(101)}}),
        "more than 100",
    ),
    broken(
        "uptime.pings",
        uptime(http_check={"ping_config": {"pings_count": 4}}),
        "it must be 3 or less",
    ),
]

STORED = [
    broken("dashboard.display_name", dashboard(name=""), "display_name is required"),
    broken("dashboard.tiles", dashboard({"width": 6, "height": 4, "x_pos": 7}), "a tile"),
    broken("dashboard.tiles", dashboard({"width": 6}), "a tile"),
    broken("bucket.retention", bucket(retention_days=-1), "1 or more"),
    broken("log_metric.name", log_metric(name="/m"), "not beginning with /"),
    broken("log_metric.filter", log_metric(filter="x" * 20_001), "more than 20000 characters"),
    broken(
        "log_metric.description", log_metric(description="x" * 8_001), "more than 8000 characters"
    ),
    broken(
        "log_metric.labels",
        log_metric(metric_descriptor={"labels": [{"key": "a"}]}),
        "Number of label descriptors must match number of label extractors",
    ),
    broken(
        "log_metric.value",
        log_metric(metric_descriptor={"value_type": "DISTRIBUTION"}),
        "a distribution needs EXTRACT(field)",
    ),
]

VIOLATIONS = [*POLICIES, *CHANNELS_AND_CHECKS, *STORED]
