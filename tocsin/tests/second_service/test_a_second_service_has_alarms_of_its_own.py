"""The toolkit's commands serve a service that is not Vividly, and notice its slips as well."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tocsin.cli.main import main
from tocsin.monitoring.service import Service

FOLDER = Path(__file__).parents[2] / "examples" / "shop"
SERVICE = Service.load(FOLDER / "monitoring")


@pytest.mark.parametrize(
    "command",
    [["check"], ["render", "--check"], ["slos", "--check"], ["escalation", "--check"]],
)
def test_nothing_is_found_in_the_shop_as_it_stands(command, capsys):
    """Alarms, panels, pages and people fit together (D-16, behaviour 38)."""
    status = main([*command, "--service", str(SERVICE.file)])

    assert status == 0, capsys.readouterr().out


def test_a_service_below_is_found_from_above(monkeypatch, capsys):
    """Whoever stands in the folder needs no option."""
    monkeypatch.chdir(FOLDER)

    status = main(["check"])

    assert (status, "5 alarms" in capsys.readouterr().out) == (0, True)


@pytest.mark.servers
def test_every_alarm_of_the_shop_rings_above_and_is_silent_below(capsys):
    """By promtool, and each slip in a rule is noticed (D47, D48)."""
    status = main(["rehearse", "tests", "--mutants", "--service", str(SERVICE.file)])

    told = capsys.readouterr().out
    assert status == 0, told
    assert "of 5 alarms" in told


@pytest.mark.servers
def test_a_day_of_the_shop_is_rehearsed(capsys):
    """Its incidents are found on both engines, and lunch rings nothing (D47, behaviour 39)."""
    status = main(["rehearse", "week", "--seed", "11", "12", "--service", str(SERVICE.file)])

    told = capsys.readouterr().out
    assert status == 0, told
    assert "12 of 12 incidents found, 0 false firings" in told


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("shop/metrics.py", '"orders_total"', '"sales_total"', "unknown-metric"),
        ("shop/metrics.py", '"failed"', '"broken"', "impossible-value"),
        ("monitoring/alerts.yaml", "owner: warehouse", "owner: nobody", "unknown-recipient"),
        ("docs/runbooks/orders-unpacked.md", "# OrdersUnpacked", "# Late", "missing-runbook"),
        ("monitoring/tocsin.toml", "shop_telemetry_*", "shop_telemetry_none_*", "dead-metric"),
        ("monitoring/tocsin.toml", "[kept]", '[kept]\n"shop_ord*" = "used"', "dead-metric"),
    ],
)
def test_a_slip_in_the_shop_is_found(tmp_path, file, old, new, says):
    """A copy with one word changed: the command names the rule and ends with 1 (behaviour 36)."""
    copy = shutil.copytree(FOLDER, tmp_path / "shop")
    text = (copy / file).read_text()
    assert old in text
    (copy / file).write_text(text.replace(old, new))

    done = subprocess.run(
        [sys.executable, "-m", "tocsin.cli", "check", "--service", "monitoring"],
        cwd=copy,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1, done.stderr
    assert f" {says}: " in done.stdout
