"""Every alarm reaches its people, by one table that Terraform, Alertmanager and the page share."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from alarms.test_rule_cases import SERVICE

from tocsin.cli.main import main
from tocsin.monitoring.alertmanager import Doors, configuration
from tocsin.monitoring.escalation import read_escalation

TABLE = read_escalation(SERVICE.escalation)


def test_the_page_is_what_the_table_says(capsys):
    """Nobody changed the one without the other (D56)."""
    status = main(["escalation", "--check", "--service", str(SERVICE.file)])

    assert (status, "as it should be" in capsys.readouterr().out) == (0, True)


@pytest.mark.parametrize("rule", SERVICE.rules(), ids=lambda one: one.alert)
def test_an_alarm_reaches_somebody_and_wakes_only_who_must_wake(rule):
    """Critical ones page, warnings do not, and each is told on two other ways (D50)."""
    told = dict(TABLE.told(rule.labels["severity"], rule.labels["owner"]))

    assert ("pagerduty" in told) == (rule.labels["severity"] == "critical")
    assert {"slack", "email"} <= set(told)


def test_the_plans_pages_go_where_the_plan_wants_them():
    """The four of high severity page; floods and guessing go to security (R087 to R108)."""
    owners = {rule.alert: rule.labels["owner"] for rule in SERVICE.rules()}

    assert owners["BruteForceAttack"] == owners["AuthenticationFailuresSpike"] == "security"
    assert owners["HighErrorRate"] == owners["DatabaseConnectionIssues"] == "engineering"


@pytest.mark.servers
def test_alertmanager_itself_routes_every_alarm_to_its_owner(tmp_path: Path):
    """Its own checker takes the configuration and names the receiver of each alarm (D50)."""
    amtool = shutil.which("amtool")
    assert amtool, "amtool is missing: scripts/install-parts"
    made = configuration(TABLE, Doors("127.0.0.1:25", "vividly.example", tmp_path))
    (tmp_path / "am.yml").write_text(yaml.safe_dump(made))

    checked = subprocess.run(
        [amtool, "check-config", "am.yml"], cwd=tmp_path, timeout=30, check=False
    )
    found = {
        (severity, owner): subprocess.run(
            [
                *(amtool, "config", "routes", "test", "--config.file=am.yml"),
                *(f"severity={severity}", f"owner={owner}"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        ).stdout.strip()
        for severity, owner in {
            (rule.labels["severity"], rule.labels["owner"]) for rule in SERVICE.rules()
        }
    }

    assert checked.returncode == 0
    assert found == {key: "-".join(key) for key in found}
