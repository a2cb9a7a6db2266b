"""Tokens and keys reach the cloud and stay nowhere."""

import json
import re

import pytest
from terraform.workshop import CONFIGURATION, SECRETS

PLANTED = [
    SECRETS["TF_VAR_slack_token"],
    *json.loads(SECRETS["TF_VAR_pagerduty_service_keys"]).values(),
]


@pytest.mark.servers
@pytest.mark.xdist_group("terraform")
def test_no_secret_stands_in_plan_or_state(applied, planned, state):
    """Neither the JSON of plan and state nor the files themselves hold a planted secret."""
    files = [
        one.read_bytes() for one in (applied.folder / "plan", applied.folder / "terraform.tfstate")
    ]

    written = json.dumps([planned, state]).encode() + b"".join(files)

    assert [one for one in PLANTED if one.encode() in written] == []


@pytest.mark.servers
@pytest.mark.xdist_group("terraform")
def test_every_secret_reaches_the_channel_that_needs_it(applied):
    """The cloud is told each planted secret, so that nobody passes by sending none."""
    told = json.dumps(
        [one for one in applied.told() if one["type"] == "google_monitoring_notification_channel"]
    )

    assert [one for one in PLANTED if one not in told] == []


def test_no_file_of_an_environment_names_a_secret():
    """The tfvars hold versions and addresses, never a value of a secret variable."""
    declared = (CONFIGURATION / "variables.tf").read_text()
    blocks = re.findall(r'^variable "(\w+)" (\{.*?^\})', declared, re.DOTALL | re.MULTILINE)
    secret = [name for name, block in blocks if re.search(r"sensitive\s+= true", block)]

    named = [
        (file.name, name)
        for file in (CONFIGURATION / "environments").iterdir()
        for name in secret
        if re.search(rf"^\s*{name}\s*=", file.read_text(), re.MULTILINE)
    ]

    assert set(secret) == {"slack_token", "pagerduty_service_keys"}
    assert named == []


@pytest.mark.servers
@pytest.mark.xdist_group("terraform")
def test_a_rotated_token_is_sent_when_its_version_is_counted_up(applied):
    """Terraform cannot see that a write-only value changed, so the version tells it."""
    rotated = applied.plan("prod", "-var=slack_token_version=2", "-out=rotated")

    changes = applied.shown("rotated")["resource_changes"]

    touched = {one["name"] for one in changes if one["change"]["actions"] != ["no-op"]}
    assert touched == {"slack"}
    assert "0 to add" in rotated
