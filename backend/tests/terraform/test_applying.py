"""Terraform itself applies the configuration to an empty project, and then has nothing to do."""

import json
import re

import promql_parser
import pytest
import yaml
from google.cloud.monitoring_v3 import AlertPolicy
from terraform.google_messages import judged, parsed, resources
from terraform.workshop import values_of

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("terraform")]

CHECK_ID = re.compile(r'check_id=~?"[^"]*"')
PLANNED = {
    "BruteForceAttack": ("CRITICAL", 0),
    "DDoSAttempt": ("CRITICAL", 0),
    "ServiceDown": ("CRITICAL", 120),
    "HighErrorRate": ("CRITICAL", 0),
    "ElevatedRateLimiting": ("WARNING", 0),
    "PerformanceDegradation": ("WARNING", 600),
    "DatabaseConnectionIssues": ("WARNING", 120),
    "AuthenticationFailuresSpike": ("WARNING", 0),
}


@pytest.fixture(scope="session")
def policies(state, schema):
    """The policies as Google's library understands them, by alert."""
    return {
        one["index"]: parsed(one, json.loads(schema))
        for one in resources(state)
        if one["type"] == "google_monitoring_alert_policy"
    }


def query_of(policy: AlertPolicy) -> str:
    (condition,) = policy.conditions
    return condition.condition_prometheus_query_language.query


def test_the_first_apply_switches_the_services_on_before_anything_uses_them(applied):
    """On an empty project, what is made first are the services (D56)."""
    deeds = [one["type"] for one in applied.told() if one["deed"] == "create"]

    services = [at for at, name in enumerate(deeds) if name == "google_project_service"]

    assert services == list(range(len(services)))
    assert len(deeds) > len(services) > 0


def test_the_second_plan_has_nothing_to_do(applied):
    """Applying twice makes nothing twice (D53, behaviour 37)."""
    again = applied.run(
        "plan",
        "-no-color",
        "-input=false",
        "-detailed-exitcode",
        "-var-file=environments/prod.tfvars",
    )

    assert "No changes." in again


@pytest.mark.parametrize("when", ["planned", "state"])
def test_googles_own_classes_accept_every_message(request, schema, when):
    """Every part parses without a field that Google does not know (D46)."""
    shown = request.getfixturevalue(when)

    accepted, refused = judged(shown, json.loads(schema))

    assert refused == []
    assert accepted["google_monitoring_alert_policy"] >= len(PLANNED)
    assert accepted["google_monitoring_uptime_check_config"] == 1


def test_the_plan_shows_every_query_but_those_that_wait_for_the_check(planned):
    """A reviewer reads the queries in the plan, before anything is changed (D53)."""
    policies = values_of(planned, "google_monitoring_alert_policy")

    hidden = {
        name
        for name, one in policies.items()
        if "query" not in one["conditions"][0]["condition_prometheus_query_language"][0]
    }

    assert hidden == {"ServiceDown", "TelemetrySilent"}


@pytest.mark.parametrize("alert", PLANNED)
def test_each_planned_alert_is_a_policy_with_the_plans_severity_and_duration(policies, alert):
    """The eight are there as the plan has them (D48, D49)."""
    (condition,) = policies[alert].conditions
    rule = condition.condition_prometheus_query_language

    assert (policies[alert].severity.name, rule.duration.total_seconds()) == PLANNED[alert]
    promql_parser.parse(rule.query)


def test_every_policy_says_what_people_feel_and_where_to_read_on(policies):
    """Whoever is woken finds the summary, the effect and the runbook in the message (D56)."""
    unclear = {
        name
        for name, policy in policies.items()
        if "What people feel:" not in policy.documentation.content
        or [link.display_name for link in policy.documentation.links] != ["Runbook"]
    }

    assert unclear == set()


def test_every_query_watches_this_environment_alone(policies):
    """Environments that share a project do not ring for each other (D54)."""
    selectors = [
        found
        for policy in policies.values()
        for found in re.findall(r"custom_googleapis_com:\w+(?:\{[^}]*\})?", query_of(policy))
    ]

    assert [one for one in selectors if 'namespace="production"' not in one] == []
    assert len(selectors) >= len(PLANNED)


def test_what_is_deployed_is_what_was_rehearsed(applied, policies):
    """But for the environment and the check's id, each query is the rule's own (D55)."""
    rules = {
        rule["alert"]: rule["expr"].strip()
        for file in applied.monitoring.glob("*alerts.yaml")
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
    }

    deployed = {
        name: query_of(policy)
        .replace('{namespace="production"}', "")
        .replace('namespace="production",', "")
        for name, policy in policies.items()
    }

    assert CHECK_ID.sub("", str(deployed)) == CHECK_ID.sub("", str({n: rules[n] for n in deployed}))
    assert set(deployed) == set(rules)


def test_the_alarm_of_the_health_check_watches_the_check_that_was_made(policies, state):
    """The id in the query is the one that the cloud gave to the check (D51)."""
    check = values_of(state, "google_monitoring_uptime_check_config")["health"]

    watched = set(re.findall(r'check_id="([^"]*)"', query_of(policies["ServiceDown"])))

    assert watched == {check["uptime_check_id"]}


def test_health_is_asked_from_several_continents_and_read(state):
    """A check a minute from three continents, over TLS, that reads the answer (R135)."""
    check = values_of(state, "google_monitoring_uptime_check_config")["health"]

    assert (check["period"], len(check["selected_regions"])) == ("60s", 3)
    assert check["http_check"][0]["path"] == "/health"
    assert check["http_check"][0]["validate_ssl"]
    assert "alive" in check["content_matchers"][0]["content"]


def test_every_dashboard_of_the_repository_is_deployed(applied, state):
    """What was rendered for Google becomes a dashboard, each with its environment's name (D45)."""
    rendered = {one.name for one in (applied.monitoring / "rendered" / "google").glob("*.json")}

    deployed = values_of(state, "google_monitoring_dashboard")

    assert set(deployed) == rendered
    names = [json.loads(one["dashboard_json"])["displayName"] for one in deployed.values()]
    assert all(name.endswith(" (prod)") for name in names)


def test_logs_are_kept_as_long_as_promised(state):
    """Ordinary lines for 30 days, those about attacks longer (D56)."""
    buckets = values_of(state, "google_logging_project_bucket_config")

    days = {one["bucket_id"]: one["retention_days"] for one in buckets.values()}
    assert days == {"_Default": 30, "vividly-security-prod": 400}


def test_the_running_service_may_write_telemetry_and_nothing_else(state):
    """Its roles are the writers' ones; error reports are among them (D56)."""
    grants = values_of(state, "google_project_iam_member").values()

    ours = {
        one["role"] for one in grants if one["member"].startswith("serviceAccount:vividly-api@")
    }

    assert ours == {
        "roles/cloudtrace.agent",
        "roles/errorreporting.writer",
        "roles/logging.logWriter",
        "roles/monitoring.metricWriter",
        "roles/telemetry.tracesWriter",
    }


def test_terraform_may_grant_the_services_roles_alone(state):
    """The right to grant is bound to the list of what the service needs."""
    grants = values_of(state, "google_project_iam_member").values()

    (admin,) = (one for one in grants if one["role"].endswith("projectIamAdmin"))

    allowed = re.findall(r"'(roles/[^']+)'", admin["condition"][0]["expression"])
    assert "hasOnly" in admin["condition"][0]["expression"]
    assert [role for role in allowed if "Admin" in role or "owner" in role] == []


def test_a_budget_tells_before_the_money_is_spent(state):
    """The budget is a resource with thresholds and recipients (D58)."""
    (budget,) = values_of(state, "google_billing_budget").values()

    assert len(budget["threshold_rules"]) == 4
    assert budget["all_updates_rule"][0]["monitoring_notification_channels"]
