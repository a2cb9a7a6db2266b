"""Cases are read with care, judged by the real promtool, and counted."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tocsin.errors import DeclarationError
from tocsin.monitoring.catalogue import Catalogue, Label, Metric
from tocsin.monitoring.rules import RuleBook, rules_in
from tocsin.rehearsal.rule_tests.cases import CaseBook, read_cases
from tocsin.rehearsal.rule_tests.promtool import judged
from tocsin.rehearsal.rule_tests.rehearsing import rehearsed

RULES = """
groups:
- name: shop
  interval: 30s
  rules:
  - alert: Thieves
    expr: sum by (namespace) (increase(shop_thefts_total{who!="staff"}[5m])) > 10
    labels: {severity: critical}
"""
CASES = """
Thieves:
  cases:
  - story: so many a minute
    at: 20m
    below: 1.9
    above: 2.1
    series:
      thefts_total{who="guest"}: 0+$nx60
  - story: what staff take
    silent_at: 20m
    series:
      thefts_total{who="staff"}: 0+90x60
"""
KNOWN = Catalogue(
    [
        Metric("shop_thefts_total", "counter", labels={"who": Label("who", ("guest", "staff"))}),
        Metric("shop_wait_seconds", "histogram", buckets=(1.0, 5.0)),
    ]
)
pytestmark = pytest.mark.servers


def book_of(folder: Path, text: str = CASES) -> CaseBook:
    (folder / "shop.yaml").write_text(text)
    return read_cases(folder, KNOWN, "shop_")


def rules_of(text: str = RULES) -> RuleBook:
    return RuleBook(rules_in(Path("alerts.yaml"), text))


def test_a_pair_is_two_cases_one_on_each_side(tmp_path):
    """Just below it stays silent, just above it rings, and both are counted (behaviour 35)."""
    report = rehearsed(book_of(tmp_path), rules_of(), with_mutants=False)

    assert report.counts == {"Thieves": (1, 2)}
    assert (report.failures, report.one_sided) == ([], [])


def test_a_wrong_threshold_is_told_with_the_case_that_noticed(tmp_path):
    """File, line, alarm, moment and story."""
    wrong = rules_of(RULES.replace("> 10", "> 11"))

    report = rehearsed(book_of(tmp_path), wrong, with_mutants=False)

    (said,) = report.failures
    assert said.endswith("shop.yaml:4: Thieves must ring at 20m: so many a minute: 2.1")


def test_an_alarm_without_a_case_is_not_proved(tmp_path):
    """It is a finding, where promtool would be content."""
    more = RULES + "  - {alert: Fire, expr: shop_thefts_total > 99}\n"

    report = rehearsed(book_of(tmp_path), rules_of(more), with_mutants=False)

    assert report.one_sided == ["Fire"]


def test_promtool_passes_an_empty_file_and_we_do_not(tmp_path):
    """Why cases are counted: no test at all is a success to promtool."""
    (tmp_path / "empty.txt").write_text("rule_files: []\ntests: []\n")
    program = shutil.which("promtool")

    done = subprocess.run(
        [str(program), "test", "rules", "empty.txt"], cwd=tmp_path, timeout=30, check=False
    )

    assert done.returncode == 0
    with pytest.raises(DeclarationError, match="no case to run"):
        judged([], [], 30)
    with pytest.raises(DeclarationError, match="no case at all"):
        book_of(tmp_path, "Thieves: {cases: []}\n")


def test_every_slip_in_a_rule_is_noticed_or_told(tmp_path):
    """Those that no case sees are named."""
    (score,) = rehearsed(book_of(tmp_path), rules_of(), with_mutants=True).scores

    assert score.killed >= 8
    assert score.stillborn == 0
    assert score.survivors == (
        "sum becomes max",
        "by (namespace) loses namespace",
        "for becomes 5m",
    )


def test_a_histogram_is_written_with_all_of_its_parts(tmp_path):
    """Every bucket of the metric, each with what is below it, as it is exported."""
    text = CASES.replace('thefts_total{who="staff"}: 0+90x60', "wait_seconds: {1: 3, 5: 4}")

    series = book_of(tmp_path, text).cases[-1].series

    common = 'namespace="prod",task_id="a"'
    assert series == {
        f'shop_wait_seconds_bucket{{le="1.0",{common}}}': "0+3x1600",
        f'shop_wait_seconds_bucket{{le="5.0",{common}}}': "0+7x1600",
        f'shop_wait_seconds_bucket{{le="+Inf",{common}}}': "0+7x1600",
        f"shop_wait_seconds_count{{{common}}}": "0+7x1600",
    }


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (('thefts_total{who="staff"}', "losses_total"), "nobody exports 'losses_total'"),
        (('who="staff"', 'whom="staff"'), "has no label 'whom'"),
        (('who="staff"', 'who="police"'), "who of shop_thefts_total is never 'police'"),
        (('thefts_total{who="staff"}', 'wait_seconds_bucket{le="3"}'), "has no label 'le'"),
        (("silent_at: 20m", "silent_at: noon"), "is no duration"),
        (("    silent_at: 20m\n", ""), "say `rings_at`"),
        (("story: what staff take", "tale: what staff take"), "is no field of a case"),
    ],
)
def test_a_mistake_in_a_case_is_told_with_file_and_line(tmp_path, wrong, says):
    """A renamed metric, label or value breaks its cases at once (behaviour 36)."""
    with pytest.raises(DeclarationError, match=r"shop\.yaml:\d+") as told:
        book_of(tmp_path, CASES.replace(*wrong, 1))

    assert says in str(told.value)
