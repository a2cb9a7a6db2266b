"""How each of Vividly's alarms is made to ring for real: `tocsin rehearse drill`.

One module an alarm. The order is that in which they are caused: what takes long to clear comes
first, what others would raise too comes before them.
"""

from typing import Final

from drills import (
    authentication_failures_spike,
    brute_force_attack,
    brute_force_unattributed,
    database_connection_issues,
    database_server_near_its_limit,
    ddos_attempt,
    elevated_rate_limiting,
    high_error_rate,
    lesson_queue_slow,
    lessons_failing,
    performance_degradation,
    provider_failing,
    service_down,
    telemetry_dropped,
    telemetry_silent,
)
from drills.stage import vividly_on_stage
from tocsin.rehearsal.drills.declared import Drills
from tocsin.rehearsal.uptime.check import UptimeCheck

CAUSES: Final = Drills(
    stage=vividly_on_stage,
    uptime=UptimeCheck(check_id="vividly-health-drill", path="/health", contains='"alive"'),
    causes=(
        brute_force_attack.CAUSE,
        brute_force_unattributed.CAUSE,
        authentication_failures_spike.CAUSE,
        elevated_rate_limiting.CAUSE,
        database_connection_issues.CAUSE,
        high_error_rate.CAUSE,
        performance_degradation.CAUSE,
        ddos_attempt.CAUSE,
        service_down.CAUSE,
        lessons_failing.CAUSE,
        provider_failing.CAUSE,
        lesson_queue_slow.CAUSE,
        database_server_near_its_limit.CAUSE,
        telemetry_dropped.CAUSE,
        telemetry_silent.CAUSE,
    ),
    not_drilled={
        "JourneyFailing": "the stage has no journey beside it; backend/tests/journey walks it, ill "
        "and well, and the rule has cases",
        "LessonsStuck": "a worker takes up by itself whatever another left lying",
        "LabelBoundReached": "every label whose values come from outside is bounded by design, "
        "and those that fill up in ordinary use are no alarm",
    },
    summing=dict.fromkeys(
        (
            "AvailabilityBudgetFastBurn",
            "AvailabilityBudgetSlowBurn",
            "LatencyBudgetFastBurn",
            "LatencyBudgetSlowBurn",
            "LessonBudgetFastBurn",
            "LessonBudgetSlowBurn",
        ),
        "a budget is spent by all the incidents of its hours together; the week proves it",
    ),
)
