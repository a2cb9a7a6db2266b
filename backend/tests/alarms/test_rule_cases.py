"""Every alarm is heard by the real engine before it is deployed, on both sides of its threshold."""

from pathlib import Path

import pytest

from tocsin.cli.main import main
from tocsin.monitoring.service import Service
from tocsin.rehearsal.rule_tests.cases import read_cases
from tocsin.rehearsal.rule_tests.rehearsing import rehearsed

SERVICE = Service.load(Path(__file__).parents[2] / "monitoring")
PLANNED = {
    "BruteForceAttack": "critical",
    "DDoSAttempt": "critical",
    "ServiceDown": "critical",
    "HighErrorRate": "critical",
    "ElevatedRateLimiting": "warning",
    "PerformanceDegradation": "warning",
    "DatabaseConnectionIssues": "warning",
    "AuthenticationFailuresSpike": "warning",
}
WAITS_S = {"ServiceDown": 120, "PerformanceDegradation": 600}


@pytest.mark.servers
def test_every_alarm_rings_for_its_incidents_and_for_nothing_beside_them(capsys):
    """All cases of all alarms, each proved both ways, by promtool (D47, D48, D49, behaviour 35)."""
    status = main(["rehearse", "tests", "--service", str(SERVICE.file)])

    assert (status, capsys.readouterr().out.splitlines()[-1][-10:]) == (0, ", 0 faults")


@pytest.mark.servers
@pytest.mark.parametrize("alert", ["ServiceDown", "DDoSAttempt"])
def test_an_alarm_with_any_slip_is_noticed(alert):
    """Two alarms here; `make alerts` makes every rule wrong in each way (D48)."""
    book = read_cases(SERVICE.cases, SERVICE.catalogue(), SERVICE.prefix)

    (score,) = rehearsed(book, [SERVICE.rules().of(alert)], with_mutants=True).scores

    assert score.total > 10
    assert score.survivors == ()


def test_the_plans_eight_alarms_stand_with_their_severity_and_wait():
    """None is missing, none has another weight or another wait than the plan's (D48, D49)."""
    rules = {rule.alert: rule for rule in SERVICE.rules()}

    planned = {name: rules[name] for name in PLANNED}

    assert {name: one.labels["severity"] for name, one in planned.items()} == PLANNED
    assert {name: planned[name].for_s for name in WAITS_S} == WAITS_S
    assert all(one.annotations["plan"].startswith("R") for one in planned.values())
