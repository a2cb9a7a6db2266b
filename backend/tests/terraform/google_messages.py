"""What Terraform would send, strictly parsed into the message classes of Google's own libraries.

Unknown fields and words are refused, queries are parsed, and the limits that Google states for
each message are held. Budgets, services and grants have no class here: their schema alone speaks.

    python -m terraform.google_messages SHOWN.json SCHEMA.json    (terraform show -json)

>>> as_message({"attributes": {"a": {"mode": "optional"}}, "blocks": {}}, {"a": 1, "b": None})
{'a': 1}
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
from google.cloud.logging_v2.types import LogBucket, LogMetric, LogSink
from google.cloud.monitoring_dashboard_v1.types import Dashboard
from google.cloud.monitoring_v3 import AlertPolicy, NotificationChannel, UptimeCheckConfig
from google.protobuf.json_format import ParseError

# What Terraform adds to a message of Google's, by resource.
MESSAGES: dict[str, tuple[Any, set[str]]] = {
    "google_monitoring_alert_policy": (AlertPolicy, set()),
    "google_monitoring_notification_channel": (
        NotificationChannel,
        {"force_delete", "sensitive_labels"},
    ),
    "google_monitoring_uptime_check_config": (UptimeCheckConfig, set()),
    "google_logging_metric": (LogMetric, set()),
    "google_logging_project_bucket_config": (LogBucket, {"location", "bucket_id"}),
    "google_logging_project_sink": (LogSink, {"unique_writer_identity"}),
}
TERRAFORMS_OWN = {"id", "project", "timeouts", "deletion_policy"}
PERIODS_S = {60, 300, 600, 900}


def resources(shown: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each resource of a state or a plan that ``terraform show -json`` printed."""
    values = shown.get("values") or shown["planned_values"]
    yield from (one for one in values["root_module"]["resources"] if one["mode"] == "managed")


def as_message(block: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """Terraform's shape made Google's: nothing empty, a list of at most one is the thing itself."""
    out: dict[str, Any] = {}
    for name, item in value.items():
        nested = block["blocks"].get(name)
        if item in (None, [], {}):
            continue
        if nested is None:
            if block["attributes"][name]["mode"] != "computed":
                # What a plan does not know yet is null within a list.
                out[name] = [one for one in item if one] if isinstance(item, list) else item
        elif nested["nesting"] == "single":
            out[name] = as_message(nested["block"], item)
        else:
            items = [as_message(nested["block"], one) for one in item]
            out[name] = items[0] if nested["max"] == 1 else items
    return out


def parsed(resource: dict[str, Any], schema: dict[str, Any]) -> Any:
    """The message of Google's library; None where there is no class for it."""
    if resource["type"] == "google_monitoring_dashboard":
        return Dashboard.from_json(
            resource["values"]["dashboard_json"], ignore_unknown_fields=False
        )
    if resource["type"] not in MESSAGES:
        return None
    cls, added = MESSAGES[resource["type"]]
    kept = {
        name: item
        for name, item in resource["values"].items()
        if name not in TERRAFORMS_OWN | added
    }
    shaped = as_message(schema["resources"][resource["type"]], kept)
    return cls.from_json(json.dumps(shaped), ignore_unknown_fields=False)


def breaches(message: Any, *, planned: bool = False) -> Iterator[str]:
    """The limits of Google's reference that the message exceeds; the class does not know them."""
    if isinstance(message, AlertPolicy):
        yield from _policy_breaches(message, planned=planned)
    if isinstance(message, UptimeCheckConfig):
        if message.period.total_seconds() not in PERIODS_S:
            yield f"a period is one of {sorted(PERIODS_S)} s"
        if not message.content_matchers:
            yield "no content is matched"
    if isinstance(message, LogMetric | LogSink) and len(message.filter) > 20_000:
        yield "a filter has at most 20000 characters"


def _policy_breaches(policy: AlertPolicy, *, planned: bool) -> Iterator[str]:
    """https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies."""
    (condition,) = policy.conditions
    rule = condition.condition_prometheus_query_language
    if rule.query or not planned:  # a plan does not know what waits for another resource
        promql_parser.parse(rule.query)
    interval_s = rule.evaluation_interval.total_seconds()
    if interval_s < 30 or interval_s % 30:
        yield f"evaluated every {interval_s} s: a multiple of 30 s is needed"
    if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", rule.alert_rule):
        yield f"{rule.alert_rule} is no valid name of a rule"
    content = policy.documentation.content
    if len(content) > 8192 or len(content.encode()) > 10240:
        yield "the documentation has more than 8192 characters"
    if len(policy.documentation.subject.encode()) > 255:
        yield "the subject is cut after 255 bytes"
    if len(policy.documentation.links) > 3:
        yield "a policy has three links at most"
    for pair in policy.user_labels.items():
        if not all(re.fullmatch(r"[a-z0-9_-]{1,63}", part) for part in pair):
            yield f"the label {pair} must be lower case, digits, _ and -"


def judged(shown: dict[str, Any], schema: dict[str, Any]) -> tuple[Counter[str], list[str]]:
    """How many resources of each type were accepted, and what is wrong with the others."""
    accepted: Counter[str] = Counter()
    refused: list[str] = []
    for resource in resources(shown):
        try:
            message = parsed(resource, schema)
            wrong = list(breaches(message, planned="values" not in shown))
        except (ValueError, ParseError) as error:  # the parser of PromQL says ValueError
            wrong = [str(error)]
        if wrong:
            refused += [f"{resource['address']}: {one}" for one in wrong]
        elif message is not None:
            accepted[resource["type"]] += 1
    return accepted, refused


def main(shown: str, schema: str) -> int:
    """Print the verdict; 1 if anything is refused."""
    accepted, refused = judged(
        json.loads(Path(shown).read_text()), json.loads(Path(schema).read_text())
    )
    counts = ", ".join(f"{count} {name}" for name, count in sorted(accepted.items()))
    sys.stdout.write(f"accepted by Google's classes: {counts}\n")
    for one in refused:
        sys.stdout.write(f"refused: {one}\n")
    return int(bool(refused) or not accepted)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
