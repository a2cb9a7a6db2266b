"""The bill that the handbook shows is the one of what is declared, and within its budget."""

import re
from pathlib import Path

import yaml

from app.core.config import Settings
from app.watched_values import exporting
from tocsin.cli.main import main

BACKEND = Path(__file__).parents[2]
PROVED = BACKEND.parent / "scripts" / "prove-alarms"


def test_the_page_is_current_and_the_bill_within_the_budget(capsys):
    """As `make alerts` asks, with the same budget (R220, R243)."""
    (command,) = re.findall(r"^run (cost .*)$", PROVED.read_text(), re.MULTILINE)

    status = main([*command.split(), "--service", str(BACKEND / "monitoring")])

    told = capsys.readouterr()
    assert status == 0, told.out + told.err


def test_the_bill_is_reckoned_of_what_is_deployed():
    """Interval and ratio are those of the manifest, and settings that the service accepts."""
    manifest = yaml.safe_load((BACKEND / "deploy" / "cloud-run.yaml").read_text())
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    values = {one["name"]: one.get("value") for one in container["env"]}

    told = exporting()

    assert told["every_s"] == float(values["EXPORT_EVERY_S"])
    assert told["trace_ratio"] == float(values["TRACE_RATIO"])
    assert told["metrics_by"] == "bytes"
    assert {"export_every_s", "trace_ratio", "export_metrics"} <= set(Settings.model_fields)
