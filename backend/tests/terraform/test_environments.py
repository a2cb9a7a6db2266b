"""Each environment plans as its file says, and tells somebody of every alarm."""

import re

import pytest
from terraform.workshop import CONFIGURATION, ROOT

ENVIRONMENTS = ("dev", "staging", "prod")
LOGGED = re.compile(r'log\.\w+\(\s*"(\w+)"')
SECURITY_EVENTS = re.compile(r"security_events = \[(.*?)\]", re.DOTALL)


@pytest.mark.servers
@pytest.mark.xdist_group("terraform")
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_alarm_of_an_environment_reaches_somebody(workshop, environment):
    """No policy is without a channel, and where somebody is paged, pages reach a pager (D50)."""
    workshop.plan(environment)

    routes = workshop.shown("plan")["planned_values"]["outputs"]["routes"]["value"]

    assert [alert for alert, route in routes.items() if not route] == []
    paged = [alert for alert, route in routes.items() if any("pagerduty/" in one for one in route)]
    assert bool(paged) is (environment == "prod")


@pytest.mark.servers
@pytest.mark.xdist_group("terraform")
def test_prod_without_its_pagers_is_not_applied(workshop):
    """The refusal names the alert, the owner and the file to mend (D50)."""
    refusal = workshop.plan("prod", "-var=pagerduty_key_versions={}", ends=1)

    told = " ".join(refusal.replace("│", " ").split())
    assert "ServiceDown must wake somebody, and engineering has no pager in prod." in told
    assert "environments/prod.tfvars" in told


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_state_of_each_environment_lies_in_a_bucket_of_its_own(environment):
    """No run keeps its state in a workspace that is thrown away (D53)."""
    settings = (CONFIGURATION / "environments" / f"{environment}.gcs.tfbackend").read_text()

    assert 'backend "gcs"' in (CONFIGURATION / "backend.tf").read_text()
    assert f"-{environment}" in settings


def test_the_configuration_knows_nothing_of_the_stand_in():
    """It asks for hashicorp/google, and holds no word of what stands in for it."""
    texts = [one.read_text() for one in CONFIGURATION.rglob("*.tf")]

    assert sum('source = "hashicorp/google"' in text for text in texts) == 1
    assert [text for text in texts if re.search(r"stand-?in|mirror|localhost", text)] == []


def test_the_security_log_keeps_events_that_the_service_really_logs():
    """A renamed event would silently be kept for 30 days only (D56)."""
    (listed,) = SECURITY_EVENTS.findall((CONFIGURATION / "log_buckets.tf").read_text())
    logged = {
        event
        for source in (ROOT / "backend" / "app").rglob("*.py")
        for event in LOGGED.findall(source.read_text())
    }

    kept = set(re.findall(r'"(\w+)"', listed))

    assert kept <= logged
    assert {"brute_force_lockout", "refresh_token_reused"} <= kept


@pytest.mark.servers
@pytest.mark.xdist_group("terraform")
def test_an_owner_whom_the_table_does_not_know_is_named(workshop):
    """The refusal says which alert has the owner that nobody knows (D50)."""
    rules = workshop.monitoring / "alerts.yaml"
    rules.write_text(re.sub(r"owner: engineering", "owner: nobody", rules.read_text(), count=1))

    refusal = workshop.plan("prod", ends=1)

    told = " ".join(refusal.replace("│", " ").split())
    assert "escalation.yaml does not know the severity or the owner of: ServiceDown" in told
