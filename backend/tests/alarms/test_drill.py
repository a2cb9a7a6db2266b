"""Alarms on the real service, from cause to all-clear: two that ring, and one without a cause."""

from dataclasses import replace
from pathlib import Path

import pytest

from drills import CAUSES, ddos_attempt, elevated_rate_limiting, service_down
from tocsin.rehearsal.drills.performing import Performance
from tocsin.rehearsal.drills.scaling import scaled_rules
from tocsin.rehearsal.drills.timeline import Timeline
from tocsin.rehearsal.drills.verdict import Verdict

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("drill")]

RULES = Path(__file__).parents[2] / "monitoring" / "alerts.yaml"
SPEED = 30.0
RINGING = ("ElevatedRateLimiting", "ServiceDown")
NOTHING_HAPPENS = replace(
    ddos_attempt.CAUSE, cause=lambda _stage: None, mend=lambda _stage: None, within_s=2.0
)


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    """One drill with real Prometheus, Alertmanager, PostgreSQL and the service's own processes."""
    performance = Performance(
        drills=CAUSES, rules=scaled_rules([RULES], speed=SPEED), escalation=None, speed=SPEED
    )
    return performance.carried_out(
        [elevated_rate_limiting.CAUSE, NOTHING_HAPPENS, service_down.CAUSE]
    )


def line(verdict: Verdict, alert: str) -> Timeline:
    """What happened to this alarm."""
    return next(one for one in verdict.timelines if one.alert == alert)


@pytest.mark.parametrize("alert", RINGING)
def test_an_incident_on_the_real_service_rings_reaches_everybody_and_clears(verdict, alert):
    """Cause, export, alarm, each channel, end, each channel: no step is missing (D49, D50)."""
    found = line(verdict, alert)

    assert found.problems() == []
    assert found.exported_ns is not None
    assert found.caused_ns < found.exported_ns < found.firing_ns < found.cleared_ns


def test_a_killed_service_is_told_within_its_two_minutes_and_a_little(verdict):
    """The scaled 2 minutes are 4 s; all that lies between the kill and the page is a few more."""
    found = line(verdict, "ServiceDown")

    assert 4.0 <= found.seconds_to(found.notified_ns["pagerduty"]) <= 15.0


def test_a_warning_pages_nobody(verdict):
    """PagerDuty heard of one alarm, once when it began and once when it ended (D50)."""
    assert line(verdict, "ElevatedRateLimiting").channels == ("slack", "email")
    assert verdict.deliveries["pagerduty"] == 2


def test_nothing_rang_without_a_cause_and_nobody_is_named(verdict):
    """No alarm while healthy, none besides, nothing refused, no account or address."""
    assert verdict.told_while_healthy == 0
    assert list(verdict.strays) == []


def test_a_drill_that_hears_nothing_says_so_within_its_time(verdict):
    """An alarm whose incident did not happen fails the drill, and holds nobody up."""
    found = line(verdict, "DDoSAttempt")

    assert found.problems()[0] == "it did not ring within the time"
    assert not verdict.is_good
    assert verdict.took_s < 60
