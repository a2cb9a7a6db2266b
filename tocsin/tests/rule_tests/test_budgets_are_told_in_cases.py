"""The cases of budgets' alarms come from the promises, and notice a wrong number."""

from dataclasses import replace
from pathlib import Path

import pytest

from tocsin.cli.main import main
from tocsin.errors import DeclarationError
from tocsin.monitoring.budget_stories import stories
from tocsin.monitoring.service import Service
from tocsin.monitoring.slos import read_slos
from tocsin.rehearsal.rule_tests.cases import read_cases
from tocsin.rehearsal.rule_tests.promtool import as_rule, judged

SHOP = Path(__file__).parents[2] / "examples" / "shop" / "monitoring"
SERVICE = Service.load(SHOP)


@pytest.mark.parametrize("limit", [0.0001, 0.0144, 0.06, 0.3, 0.72])
def test_no_story_tells_what_cannot_be(limit):
    """Never more bad events than there are, and each story as long as the others."""
    made = list(stories(limit))

    for story in made:
        for told in filter(None, (story.first, story.second)):
            assert sum(one.beats for one in told) == 180
            assert all(0 <= one.bad <= one.all for one in told)
    assert {story.moment for story in made} == {"rings_at", "silent_at"}
    assert len(made) > 12


def test_a_small_budget_leaves_no_story_out():
    """What is left out depends on the promise alone."""
    assert len(list(stories(0.0144))) > len(list(stories(0.72)))


@pytest.mark.servers
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("14.4 * 0.02", "14.8 * 0.02"),
        ("14.4 * 0.02", "13.9 * 0.02"),
        ("[5m]", "[10m]"),
        ("[1h]", "[30m]"),
        ("> 10", "> 9"),
        ("> 10", "> 11"),
        ("by (namespace) ", ""),
    ],
)
def test_a_wrong_number_in_a_budgets_rule_is_noticed(old, new):
    """Though a program writes both, the cases judge the rule (D48)."""
    rule = SERVICE.rules().of("OrdersBudgetFastBurn")
    cases = read_cases(SERVICE.cases, SERVICE.catalogue(), SERVICE.prefix).of(rule.alert)
    assert old in rule.expr
    wrong = replace(rule, expr=rule.expr.replace(old, new))

    right, noticed = (judged(cases, [as_rule(one)], rule.interval_s) for one in (rule, wrong))

    assert right.passed
    assert noticed.is_readable
    assert not noticed.passed


def test_cases_that_are_not_of_the_promises_are_stale(tmp_path, capsys):
    """Whoever changes a promise, or the cases by hand, is told the command."""
    for name in ("tocsin.toml", "slos.yaml", "slo_alerts.yaml", "alerts.yaml"):
        (tmp_path / name).write_text((SHOP / name).read_text())
    (tmp_path / "cases").mkdir()

    stale = main(["slos", "--check", "--service", str(tmp_path)])
    made = main(["slos", "--service", str(tmp_path)])
    well = main(["slos", "--check", "--service", str(tmp_path)])

    assert (stale, made, well) == (1, 0, 0)
    assert "service-levels.yaml is stale: run `tocsin slos`" in capsys.readouterr().out
    of_the_shop = (SHOP / "cases" / "service-levels.yaml").read_text()
    assert (tmp_path / "cases" / "service-levels.yaml").read_text() == of_the_shop


@pytest.mark.parametrize("series", ["{good: a}", "{good: a, evil: b}", "a", "[a, b]"])
def test_series_that_tell_no_case_are_refused(tmp_path, series):
    """The promise is named, and what is wanted."""
    file = tmp_path / "slos.yaml"
    start, _, end = (SHOP / "slos.yaml").read_text().partition("  series:\n")
    file.write_text(f"{start}  series: {series}\n{end[end.index('  impact') :]}")

    with pytest.raises(DeclarationError, match="Orders: series names two of good, bad, all"):
        read_slos(file)
