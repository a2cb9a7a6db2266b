"""The real promtool's verdict on cases under rules.

An empty test file passes promtool, so a run without cases is refused here.

>>> as_test(Case("Down", "dead", {"up": "0x9"}, "5m", True, "a.yaml:1"))["interval"]
'1m'
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.durations import spelled
from tocsin.monitoring.rules import Rule
from tocsin.rehearsal.engines.programs import ProgramMissingError
from tocsin.rehearsal.rule_tests.cases import Case

_WITHIN_S: Final = 120


@dataclass(frozen=True)
class Ran:
    """What promtool said."""

    passed: bool
    is_readable: bool
    """whether the rule could be read at all"""
    said: str


def judged(cases: Sequence[Case], rules: Sequence[Mapping[str, Any]], interval_s: float) -> Ran:
    """Run these cases under these rules.

    Raises:
        ProgramMissingError: promtool is not installed.
        DeclarationError: there is no case.
    """
    if not cases:
        raise DeclarationError("no case to run, and promtool would be content with that")
    program = shutil.which("promtool")
    if program is None:
        raise ProgramMissingError("promtool is not installed: `apt-get install prometheus`")
    interval = spelled(interval_s)
    with tempfile.TemporaryDirectory(prefix="rehearsal-rules-") as name:
        folder = Path(name)
        group = {"name": "rehearsed", "interval": interval, "rules": list(rules)}
        (folder / "rules.yaml").write_text(json.dumps({"groups": [group]}))
        tests = {
            "rule_files": ["rules.yaml"],
            "evaluation_interval": interval,
            "tests": [as_test(one) for one in cases],
        }
        (folder / "tests.yaml").write_text(json.dumps(tests))
        done = subprocess.run(  # noqa: S603 - found by name, files of our own
            [program, "test", "rules", "tests.yaml"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_WITHIN_S,
            check=False,
        )
    said = done.stdout + done.stderr
    return Ran(done.returncode == 0, "could not parse expression" not in said, said)


def as_test(case: Case) -> dict[str, Any]:
    """A case as promtool reads it."""
    firing = f'count(ALERTS{{alertname="{case.alert}",alertstate="firing"}})'
    wanted = f"== {case.alarms}" if case.alarms else "> 0"
    return {
        "interval": case.every,
        "input_series": [{"series": name, "values": v} for name, v in case.series.items()],
        "promql_expr_test": [
            {
                "expr": f"({firing} {wanted}) >= bool 0" if case.rings else firing,
                "eval_time": case.at,
                "exp_samples": [{"labels": "{}", "value": 1}] if case.rings else [],
            }
        ],
    }


def as_rule(rule: Rule) -> dict[str, Any]:
    """A rule as a rule file has it, without its texts."""
    return {"alert": rule.alert, "expr": rule.expr, "for": spelled(rule.for_s)}
