"""What Google refuses in configuration.

>>> {rule.name.partition(".")[0] for rule in RULES} <= {"configuration"}
True
"""

from typing import Final

from tocsin.rehearsal.cloud.configuration.checks import Check
from tocsin.rehearsal.cloud.rulebook import Rule

POLICIES: Final[tuple[Check, ...]] = ()
CHANNELS: Final[tuple[Check, ...]] = ()
UPTIME: Final[tuple[Check, ...]] = ()
DASHBOARDS: Final[tuple[Check, ...]] = ()
BUCKETS: Final[tuple[Check, ...]] = ()
LOG_METRICS: Final[tuple[Check, ...]] = ()

RULES: Final[tuple[Rule, ...]] = tuple(
    check.rule
    for checks in (POLICIES, CHANNELS, UPTIME, DASHBOARDS, BUCKETS, LOG_METRICS)
    for check in checks
)
