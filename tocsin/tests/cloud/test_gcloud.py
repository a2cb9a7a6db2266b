"""The real ``gcloud`` sets things up in the cloud, and reads them back."""

import pytest
from cloud.gcloud_desk import Gcloud

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

POLICY = {
    "displayName": "Lessons/LessonsFailing",
    "combiner": "OR",
    "severity": "CRITICAL",
    "conditions": [
        {
            "displayName": "c",
            "conditionPrometheusQueryLanguage": {
                "query": "custom_googleapis_com:vividly_x > 5",
                "duration": "300s",
                "evaluationInterval": "60s",
                "alertRule": "LessonsFailing",
            },
        }
    ],
    "documentation": {"content": "See the runbook.", "mimeType": "text/markdown"},
}
STACK = """Traceback (most recent call last):
  File "run.py", line 1, in run
    video()
ValueError: no frames"""
DASHBOARD = {
    "displayName": "Lessons",
    "mosaicLayout": {
        "columns": 48,
        "tiles": [
            {
                "width": 24,
                "height": 16,
                "widget": {
                    "title": "Requests",
                    "xyChart": {
                        "dataSets": [
                            {"plotType": "LINE", "timeSeriesQuery": {"prometheusQuery": "up"}}
                        ]
                    },
                },
            }
        ],
    },
}


@pytest.fixture
def gcloud(cloud, tmp_path):
    """gcloud, pointed at this test's cloud."""
    return Gcloud(cloud, tmp_path)


def test_gcloud_creates_lists_and_describes_an_alert_policy(gcloud, cloud):
    """A policy from a file comes back as it was given, with names of Google's making."""
    gcloud.get(
        "alpha",
        "monitoring",
        "policies",
        "create",
        "--policy-from-file",
        gcloud.file("policy.json", POLICY),
    )
    listed = gcloud.get("alpha", "monitoring", "policies", "list")
    described = gcloud.get("alpha", "monitoring", "policies", "describe", listed[0]["name"])

    assert described["displayName"] == POLICY["displayName"]
    assert described["conditions"][0]["name"].startswith(described["name"] + "/conditions/")
    condition = described["conditions"][0]["conditionPrometheusQueryLanguage"]
    assert condition == POLICY["conditions"][0]["conditionPrometheusQueryLanguage"]
    assert cloud.world.rules.breaches == {}


def test_a_misspelt_field_that_gcloud_lets_pass_is_refused_as_google_does(gcloud, cloud):
    """Gcloud sends unknown fields on; the cloud names each with its place and keeps nothing."""
    wrong = {**POLICY, "sevrity": "CRITICAL"}

    done = gcloud.run(
        "alpha",
        "monitoring",
        "policies",
        "create",
        "--policy-from-file",
        gcloud.file("wrong.json", wrong),
    )

    assert done.returncode == 1
    assert "Invalid JSON payload received. Unknown name" in done.stderr
    assert "at 'alert_policy': Cannot find field." in done.stderr
    assert cloud.configuration.all("policies") == []


def test_gcloud_creates_channels_and_uptime_checks(gcloud, cloud):
    """A channel and a check are kept with their labels and defaults."""
    gcloud.get(
        "beta",
        "monitoring",
        "channels",
        "create",
        "--type=email",
        "--display-name=On call",
        "--channel-labels=email_address=oncall@example.org",
    )
    gcloud.get(
        "monitoring",
        "uptime",
        "create",
        "api",
        "--resource-type=uptime-url",
        "--resource-labels=host=api.example.org,project_id=demo-project",
        "--path=/healthz",
        "--period=5",
    )

    (channel,) = gcloud.get("beta", "monitoring", "channels", "list")
    assert (channel["type"], channel["enabled"]) == ("email", True)
    (check,) = cloud.configuration.all("uptime_checks")
    assert (check.period.seconds, check.http_check.path) == (300, "/healthz")


def test_gcloud_creates_and_lists_dashboards(gcloud, cloud):
    """A dashboard is kept as given; a dry run keeps nothing."""
    file = gcloud.file("dashboard.json", DASHBOARD)

    gcloud.get("monitoring", "dashboards", "create", "--config-from-file", file, "--validate-only")
    kept_by_the_dry_run = cloud.configuration.all("dashboards")
    gcloud.get("monitoring", "dashboards", "create", "--config-from-file", file)

    (listed,) = gcloud.get("monitoring", "dashboards", "list")
    assert kept_by_the_dry_run == []
    assert listed["mosaicLayout"] == DASHBOARD["mosaicLayout"]


def test_gcloud_writes_and_reads_logs(gcloud, cloud):
    """An entry that gcloud wrote is found by a filter in Logging's language."""
    gcloud.run("logging", "write", "app", '{"event": "lesson_finished"}', "--payload-type=json")
    gcloud.run("logging", "write", "app", "something else", "--severity=ERROR")

    found = gcloud.get("logging", "read", 'jsonPayload.event="lesson_finished"')

    assert [entry["jsonPayload"] for entry in found] == [{"event": "lesson_finished"}]
    assert len(cloud.logs.entries("app")) == 2


def test_gcloud_creates_log_buckets_and_log_metrics(gcloud):
    """Buckets stand beside the two that every project has; metrics get their type."""
    gcloud.get("logging", "buckets", "create", "app", "--location=global", "--retention-days=90")
    gcloud.run("logging", "metrics", "create", "m", "--description=d", "--log-filter=severity>=400")

    buckets = gcloud.get("logging", "buckets", "list", "--location=global")
    (metric,) = gcloud.get("logging", "metrics", "list")
    kept = {bucket["name"].rpartition("/")[2]: bucket["retentionDays"] for bucket in buckets}
    assert kept == {"_Default": 30, "_Required": 400, "app": 90}
    assert metric["metricDescriptor"]["type"] == "logging.googleapis.com/user/m"


def test_gcloud_reports_an_error_event(gcloud, cloud):
    """A reported event makes a group."""
    done = gcloud.run(
        "beta",
        "error-reporting",
        "events",
        "report",
        "--service=api",
        f"--message={STACK}",
    )

    (group,) = cloud.errors.groups()
    assert done.returncode == 0, done.stderr
    assert (group.count, group.kind, group.services) == (1, "ValueError", ("api",))


def test_gcloud_enables_services_and_does_not_wait_for_ever(gcloud):
    """Enabling one or several services is done at once, and the list shows them."""
    gcloud.run("services", "enable", "run.googleapis.com")
    gcloud.run("services", "enable", "logging.googleapis.com", "monitoring.googleapis.com")

    listed = gcloud.get("services", "list", "--enabled")

    assert sorted(one["config"]["name"] for one in listed) == [
        "logging.googleapis.com",
        "monitoring.googleapis.com",
        "run.googleapis.com",
    ]
