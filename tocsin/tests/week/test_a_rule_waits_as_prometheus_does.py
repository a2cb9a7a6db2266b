"""Our reading of `for` is Prometheus' own, instant by instant."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from tocsin.rehearsal.week.firing import Firing, firings, joined

EVERY_S = 30
INSTANTS = 60


def promtools_firings(folder: Path, holds: list[bool], for_s: int) -> list[bool]:
    """At which instants the real engine says that it fires."""
    rule = {"alert": "Held", "expr": "held > 0", "for": f"{for_s}s"}
    group = {"name": "g", "interval": "30s", "rules": [rule]}
    (folder / "rules.yaml").write_text(json.dumps({"groups": [group]}))
    found = []
    for instant in range(INSTANTS):
        expected = {
            "expr": 'count(ALERTS{alertname="Held",alertstate="firing"})',
            "eval_time": f"{instant * EVERY_S}s",
            "exp_samples": [{"labels": "{}", "value": 1}],
        }
        found.append(expected)
    values = " ".join("1" if one else "0" for one in holds)
    test = {
        "interval": "30s",
        "input_series": [{"series": "held", "values": values}],
        "promql_expr_test": found,
    }
    data = {"rule_files": ["rules.yaml"], "evaluation_interval": "30s", "tests": [test]}
    (folder / "tests.yaml").write_text(json.dumps(data))
    program = shutil.which("promtool")
    assert program, "promtool is missing: scripts/install-parts"
    done = subprocess.run(
        [program, "test", "rules", "tests.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return [
        f"time: {_spelled(instant * EVERY_S)}," not in done.stderr for instant in range(INSTANTS)
    ]


def _spelled(length_s: int) -> str:
    minutes, seconds = divmod(length_s, 60)
    return (f"{minutes}m" if minutes else "") + (f"{seconds}s" if seconds or not minutes else "")


@pytest.mark.servers
@pytest.mark.parametrize("for_s", [0, 30, 120])
def test_what_fires_is_what_the_real_engine_says(tmp_path, for_s):
    """Stretches with gaps, drawn by chance, under three waits (behaviour 35)."""
    chance = random.Random(for_s)  # noqa: S311 - a test's dice
    holds = [chance.random() < 0.8 for _ in range(INSTANTS)]
    held_at = [number * EVERY_S for number, one in enumerate(holds) if one]

    ours = firings(held_at, for_s=for_s, every_s=EVERY_S)
    theirs = promtools_firings(tmp_path, holds, for_s)

    instants = [number * EVERY_S for number in range(INSTANTS)]
    assert [any(one.start_s <= at < one.end_s for one in ours) for at in instants] == theirs


def test_an_alarm_of_several_series_rings_while_one_of_them_does():
    """Two clients' alarms that overlap are one stretch of ringing."""
    found = joined([Firing(0, 60), Firing(30, 120), Firing(300, 330)])

    assert found == [Firing(0, 120), Firing(300, 330)]


def test_a_condition_that_never_holds_never_fires():
    """Nothing in, nothing out."""
    assert firings([], for_s=0, every_s=30) == []
