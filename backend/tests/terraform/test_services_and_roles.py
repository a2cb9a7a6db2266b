"""What the plan wants switched on and granted is in the applied configuration."""

import pytest
from terraform.workshop import values_of

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("terraform")]


@pytest.mark.parametrize("service", ["monitoring", "logging", "clouderrorreporting", "cloudtrace"])
def test_a_service_of_the_plan_is_switched_on(state, service):
    """And stays on when this configuration goes: others may use it (R185 to R188)."""
    services = {
        one["service"]: one["disable_on_destroy"]
        for one in values_of(state, "google_project_service").values()
    }

    assert services[f"{service}.googleapis.com"] is False


def test_terraform_has_the_plans_role_and_what_its_resources_need_besides(state):
    """Policies alone are the plan's (R192); dashboards, checks, channels and buckets too (N10)."""
    grants = values_of(state, "google_project_iam_member").values()

    roles = {
        one["role"]
        for one in grants
        if one["member"].startswith("serviceAccount:vividly-monitoring@")
    }

    assert roles >= {
        "roles/monitoring.alertPolicyEditor",
        "roles/monitoring.dashboardEditor",
        "roles/monitoring.notificationChannelEditor",
        "roles/monitoring.uptimeCheckConfigEditor",
        "roles/logging.configWriter",
    }
    assert not roles & {"roles/owner", "roles/editor"}
