"""Whatever an alarm, a panel or a page asks for: called otherwise in the code, it is noticed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from alarms.test_rule_cases import SERVICE

from tocsin.monitoring.catalogue import Catalogue, Label, Metric
from tocsin.monitoring.checks.chain import Chain, chain_of
from tocsin.monitoring.checks.checking import findings_of
from tocsin.monitoring.promql.tree import selectors

RULES = ("unknown-metric", "unknown-label", "impossible-value")
ENVIRONMENT = {"namespace", "task_id", "le", "check_id", "project_id"}


@cache
def chain() -> Chain:
    return chain_of(SERVICE)


def asked() -> Iterator[tuple[str, str, str]]:
    """Every metric, label and value that somebody asks for by name."""
    for _, tree in chain().readable:
        for one, above in selectors(tree):
            metric = chain().metric(one.name)
            yield metric.name, "", ""
            grouped = [label for node in above for label in node.labels]
            for label in {*grouped, *(m.label for m in one.matchers)} - ENVIRONMENT:
                if label in metric.labels:
                    yield metric.name, label, ""
            for matcher in one.matchers:
                values = chain().values(metric, matcher.label)
                words = matcher.value.split("|") if matcher.operator in ("=", "=~") else ()
                for word in words:
                    if values and word in values:
                        yield metric.name, matcher.label, word


ASKED = sorted(set(asked()))


def renamed(metric: Metric, label: str, value: str) -> Metric:
    """The metric as it would be if one thing of it were called otherwise."""
    if not label:
        return replace(metric, name=f"{metric.name}_renamed")
    old = metric.labels[label]
    if value:
        values = tuple("renamed" if one == value else one for one in old.values or ())
        return replace(metric, labels={**metric.labels, label: Label(label, values, old.at_most)})
    others = {name: one for name, one in metric.labels.items() if name != label}
    return replace(metric, labels={**others, f"{label}_renamed": old})


def findings_after(name: str, label: str, value: str) -> int:
    metrics = [renamed(one, label, value) if one.name == name else one for one in chain().catalogue]
    return len(findings_of(chain().with_catalogue(Catalogue(metrics)), RULES))


def test_nothing_is_found_while_names_agree():
    """The counter-test of all that follows."""
    assert findings_of(chain(), RULES) == []


def test_no_rename_passes_silently():
    """Each metric, label and label value in turn (D44, D51, D52, behaviour 36)."""
    silent = [one for one in ASKED if findings_after(*one) == 0]

    assert silent == []
    assert len(ASKED) > 80
    assert any(value for _, _, value in ASKED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"brute_force_lockouts_total"', '"lockouts_total"'),
        ('bounded("endpoint"', 'bounded("route"'),
        ('one_of("outcome", *Outcome)', 'one_of("result", *Outcome)'),
    ],
)
def test_a_rename_in_the_code_itself_fails_the_command(tmp_path: Path, old, new):
    """A copy of the service with one word changed: `tocsin check` ends with 1 (behaviour 36)."""
    backend = Path(__file__).parents[2]
    for folder in ("app", "monitoring", "docs", "drills", "migrations"):
        if (backend / folder).exists():
            shutil.copytree(backend / folder, tmp_path / folder)
    metrics = tmp_path / "app" / "core" / "metrics.py"
    text = metrics.read_text()
    assert old in text
    metrics.write_text(text.replace(old, new))

    done = subprocess.run(
        [sys.executable, "-m", "tocsin.cli", "check", "--service", str(tmp_path / "monitoring")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1, done.stderr
    assert "nobody exports" in done.stdout or "has no label" in done.stdout
