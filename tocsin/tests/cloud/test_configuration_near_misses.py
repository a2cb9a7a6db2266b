"""What just keeps the rules of configuration is taken."""

import pytest
from cloud.violations import configuration as of
from cloud.violations.kind import Desk

EDGES = {
    "a whole policy": of.policy(
        {
            "display_name": "c",
            "condition_prometheus_query_language": {
                "query": 'custom_googleapis_com:shop_x{monitored_resource="generic_task"} > 5',
                "duration": {"seconds": 300},
                "evaluation_interval": {"seconds": 30},
                "labels": {"severity": "page"},
                "rule_group": "g" * 2048,
                "alert_rule": "ShopIsDown",
                "disable_metric_validation": True,
            },
        },
        display_name="x" * 512,
        severity="CRITICAL",
        user_labels={"team-1": "x" * 63},
        alert_strategy={"auto_close": {"seconds": 1800}, "notification_prompts": [1, 3]},
        documentation={"content": "x" * 8192, "mime_type": "text/markdown", "links": [{}] * 3},
    ),
    "six conditions": of.policy(*[of.PROMETHEUS] * 6),
    "sixty-four labels": of.policy(user_labels=dict(list(of.MANY.items())[:64])),
    "a condition on lines": of.policy(of.LOG, alert_strategy=of.RATE),
    "a threshold at once": of.threshold(duration={}, filter="x" * 2048),
    "an absence of two minutes": of.policy(
        {"condition_absent": {"filter": "x", "duration": {"seconds": 120}}}
    ),
    "a channel": of.channel(description="x" * 1024, user_labels={"a": ""}),
    "a check by default": of.uptime(period={}, timeout={"seconds": 60}),
    "a full tile": of.dashboard({"width": 48, "height": 1}, columns=48),
    "a bucket for ever so short": of.bucket(retention_days=1),
    "a distribution of lines": of.log_metric(
        metric_descriptor={"value_type": "DISTRIBUTION", "labels": [{"key": "a"}]},
        label_extractors={"a": "EXTRACT(jsonPayload.a)"},
        value_extractor="REGEXP_EXTRACT(jsonPayload.ms, '([0-9]+)')",
    ),
}


@pytest.mark.parametrize("does", EDGES.values(), ids=EDGES)
def test_configuration_on_the_edge_of_a_rule_is_taken(does):
    """On the very edge of a rule nothing is refused and no breach is counted."""
    desk = Desk()

    made = does(desk)

    assert made.name
    assert not desk.rules.breaches
