"""All rules of all services, for the tests that break them and the page that lists them.

>>> {"monitoring", "logs"} <= {rule.name.partition(".")[0] for rule in RULES}
True
"""

from typing import Final

from tocsin.rehearsal.cloud.configuration.rules import RULES as CONFIGURATION
from tocsin.rehearsal.cloud.errors.rules import RULES as ERRORS
from tocsin.rehearsal.cloud.logs.rules import RULES as LOGS
from tocsin.rehearsal.cloud.monitoring.rules import RULES as MONITORING
from tocsin.rehearsal.cloud.otlp.rules import RULES as OTLP
from tocsin.rehearsal.cloud.rulebook import Rule
from tocsin.rehearsal.cloud.traces.rules import RULES as TRACES

RULES: Final[tuple[Rule, ...]] = (*MONITORING, *LOGS, *ERRORS, *TRACES, *OTLP, *CONFIGURATION)
"""A name begins with its service's."""
