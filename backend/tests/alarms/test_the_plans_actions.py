"""Each of the plan's eight alarms goes where the plan wants it."""

import pytest
from alarms.test_rule_cases import SERVICE

from tocsin.monitoring.escalation import read_escalation

ALARMS = [
    ("BruteForceAttack", "security", {"pagerduty", "email"}),
    ("DDoSAttempt", "security", {"pagerduty"}),
    ("ServiceDown", "engineering", {"pagerduty"}),
    ("HighErrorRate", "engineering", {"pagerduty", "email"}),
    ("ElevatedRateLimiting", "engineering", {"email"}),
    ("PerformanceDegradation", "engineering", {"email"}),
    ("DatabaseConnectionIssues", "engineering", {"email"}),
    ("AuthenticationFailuresSpike", "security", {"email"}),
]


@pytest.mark.parametrize(("alarm", "owner", "channels"), ALARMS, ids=[one[0] for one in ALARMS])
def test_an_alarm_of_the_plan_reaches_whom_the_plan_names(alarm, owner, channels):
    """By each way that it names, and only where it says so by pager (R088 to R109)."""
    rule = SERVICE.rules().of(alarm)

    told = dict(read_escalation(SERVICE.escalation).told(rule.labels["severity"], owner))

    assert rule.labels["owner"] == owner
    assert told.keys() >= channels
    assert ("pagerduty" in told) == ("pagerduty" in channels)
    assert told["email"] == f"{owner}-oncall"
