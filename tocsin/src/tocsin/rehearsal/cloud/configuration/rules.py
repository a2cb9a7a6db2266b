"""What Google refuses in configuration.

>>> {rule.name.partition(".")[0] for rule in RULES} <= {"configuration"}
True
"""

from typing import Final

from tocsin.rehearsal.cloud.configuration.alerting_checks import CHANNELS, POLICIES, UPTIME
from tocsin.rehearsal.cloud.configuration.storage_checks import BUCKETS, DASHBOARDS, LOG_METRICS
from tocsin.rehearsal.cloud.rulebook import Rule

__all__ = ["BUCKETS", "CHANNELS", "DASHBOARDS", "LOG_METRICS", "POLICIES", "RULES", "UPTIME"]

RULES: Final[tuple[Rule, ...]] = tuple(
    check.rule
    for checks in (POLICIES, CHANNELS, UPTIME, DASHBOARDS, BUCKETS, LOG_METRICS)
    for check in checks
)
