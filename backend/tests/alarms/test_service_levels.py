"""What is promised to users, and the alarms that a program makes of it."""

from pathlib import Path

import pytest
from alarms.test_rule_cases import SERVICE

from tocsin.cli.main import main
from tocsin.errors import DeclarationError
from tocsin.monitoring.slos import BURNS, read_slos


def test_the_committed_alarms_and_cases_are_those_of_the_promises(capsys):
    """Nobody changed the one without the other."""
    status = main(["slos", "--check", "--service", str(SERVICE.file)])

    files = ("slo_alerts.yaml", "service-levels.yaml")
    assert status == 0
    assert capsys.readouterr().out == "".join(f"{one} is as it should be\n" for one in files)


def test_each_promise_has_a_quick_and_a_slow_alarm_with_a_guard():
    """Over a long and a short window each, and silent on a handful of bad events (behaviour 35)."""
    rules = {rule.alert: rule for rule in SERVICE.rules()}

    for level in read_slos(SERVICE.slos):
        for burn in BURNS:
            rule = rules[f"{level.name}Budget{burn.name}"]
            assert f"[{burn.long}]" in rule.expr
            assert f"[{burn.short}]" in rule.expr
            assert rule.expr.rstrip().endswith("> 10")
            assert rule.labels["severity"] == burn.severity


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("objective: 0.999", "objective: 99.9"), "objective is a share"),
        (("  owner: engineering\n", ""), "'owner' is missing"),
        (("  owner: engineering", "  boss: me\n  owner: engineering"), "'boss' is no field"),
        (("[$window]", "[5m]"), "needs [$window]"),
    ],
)
def test_a_promise_that_cannot_be_read_is_refused(tmp_path: Path, wrong, says):
    """What is wrong, and in which promise."""
    text = SERVICE.slos.read_text().replace(*wrong)
    file = tmp_path / "slos.yaml"
    file.write_text(text)

    with pytest.raises(DeclarationError, match="Availability") as told:
        read_slos(file)

    assert says in str(told.value)
