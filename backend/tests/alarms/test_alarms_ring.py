"""Every alarm is heard by the real engine before it is deployed, on both sides of its threshold."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from alarms.alarm_cases import CASES

from app.core.metrics import metrics_client

RULES = Path(__file__).resolve().parents[2] / "monitoring" / "alerts.yaml"
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
OF_RESOURCE = {"namespace", "task_id", "le"}
SELECTOR = re.compile(r"custom_googleapis_com:(vividly_\w+)(?:\{([^}]*)\})?")
THRESHOLD = re.compile(r"([<>]) ([\d.]+)")
FOR_S = {"2m": ("0s", "4m"), "10m": ("0s", "20m")}


def rules():
    return [
        rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
    ]


def as_test(case):
    firing = f'count(ALERTS{{alertname="{case.alert}",alertstate="firing"}})'
    rung = [{"labels": "{}", "value": 1}] if case.rings else []
    return {
        "interval": case.every,
        "input_series": [{"series": name, "values": v} for name, v in case.series.items()],
        "promql_expr_test": [{"expr": firing, "eval_time": case.at, "exp_samples": rung}],
    }


def run(folder, cases, groups):
    """Promtool's verdict on ``cases`` under these rules."""
    assert cases, "an empty file would pass"
    (folder / "rules.yaml").write_text(json.dumps({"groups": groups}))
    tests = {"rule_files": ["rules.yaml"], "evaluation_interval": "30s"}
    (folder / "tests.yaml").write_text(
        json.dumps(tests | {"tests": [as_test(one) for one in cases]})
    )
    return subprocess.run(
        ["promtool", "test", "rules", "tests.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def mutants(rule):
    """The rule with one number wrong, by what is wrong."""
    for found in THRESHOLD.finditer(rule["expr"]):
        for factor in (0.8, 1.25):
            number = f"{float(found[2]) * factor:g}"
            expr = (
                f"{rule['expr'][: found.start()]}{found[1]} {number}{rule['expr'][found.end() :]}"
            )
            yield f"{found[2]} becomes {number}", rule | {"expr": expr}
    for wrong in FOR_S.get(rule.get("for"), ()):
        yield f"for becomes {wrong}", rule | {"for": wrong}


@pytest.mark.servers
@pytest.mark.parametrize("case", CASES, ids=lambda one: f"{one.alert}: {one.story}")
def test_an_alarm_rings_for_its_incident_and_for_nothing_beside_it(case, tmp_path):
    """The engine that evaluates the deployed expression says so (D47, D48)."""
    groups = yaml.safe_load(RULES.read_text())["groups"]

    verdict = run(tmp_path, [case], groups)

    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


@pytest.mark.servers
@pytest.mark.parametrize("rule", rules(), ids=lambda one: one["alert"])
def test_an_alarm_with_a_wrong_number_is_noticed(rule, tmp_path):
    """Each threshold a fifth lower or a quarter higher, and each wait left out or doubled."""
    cases = [one for one in CASES if one.alert == rule["alert"]]

    survivors = [
        what
        for what, wrong in mutants(rule)
        if run(tmp_path, cases, [{"name": "mutant", "rules": [wrong]}]).returncode == 0
    ]

    assert survivors == []


def test_the_plans_eight_alarms_stand_with_their_severity():
    """None is missing and none has another weight than the plan gives it (D48)."""
    found = {rule["alert"]: rule["labels"]["severity"] for rule in rules()}

    assert found == PLANNED


def test_every_alarm_is_proved_both_ways():
    """Each has a case in which it rings and one in which it stays silent."""
    proved = {(case.alert, case.rings) for case in CASES}

    assert proved == {(alert, rings) for alert in PLANNED for rings in (True, False)}


def test_every_alarm_looks_at_what_the_service_exports():
    """A renamed metric or label leaves no alarm behind that can never ring (D44)."""
    declared = {one.name: one for one in metrics_client.catalogue()}
    looked_at = [found for rule in rules() for found in SELECTOR.findall(rule["expr"])]

    assert looked_at
    for name, matchers in looked_at:
        plain = name if name in declared else re.sub(r"_(bucket|count|sum)$", "", name)
        assert plain in declared, f"{name} is not a metric of the service"
        labels = {one.name for one in declared[plain].labels} | OF_RESOURCE
        assert set(re.findall(r"(\w+)\s*[!=]", matchers)) <= labels, f"{name} has no such label"
