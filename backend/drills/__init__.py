"""How each of Vividly's alarms is made to ring for real: `tocsin rehearse drill`.

One module an alarm. The order is that in which they are caused: what takes long to clear comes
first, what others would raise too comes before them.
"""

from typing import Final

from drills import (
    authentication_failures_spike,
    brute_force_attack,
    database_connection_issues,
    ddos_attempt,
    elevated_rate_limiting,
    high_error_rate,
    performance_degradation,
    service_down,
)
from drills.stage import vividly_on_stage
from tocsin.rehearsal.drills.declared import Drills
from tocsin.rehearsal.uptime.check import UptimeCheck

CAUSES: Final = Drills(
    stage=vividly_on_stage,
    uptime=UptimeCheck(check_id="vividly-health-drill", path="/health", contains='"alive"'),
    causes=(
        brute_force_attack.CAUSE,
        authentication_failures_spike.CAUSE,
        elevated_rate_limiting.CAUSE,
        database_connection_issues.CAUSE,
        high_error_rate.CAUSE,
        performance_degradation.CAUSE,
        ddos_attempt.CAUSE,
        service_down.CAUSE,
    ),
)
