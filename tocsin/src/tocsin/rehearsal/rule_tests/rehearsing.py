"""All cases of a service, and the mutants that its cases should notice.

>>> Score("Down", total=4, survivors=("for is left out",), stillborn=0).killed
3
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from tocsin.monitoring.durations import seconds
from tocsin.monitoring.rules import Rule
from tocsin.monitoring.slos import WRITTEN
from tocsin.rehearsal.rule_tests.cases import Case, CaseBook
from tocsin.rehearsal.rule_tests.mutants import Mutant, mutants_of
from tocsin.rehearsal.rule_tests.promtool import as_rule, judged

AT_A_TIME: Final = 2
_QUICK_S: Final = 14_400
_SPARSE_S: Final = 300.0
"""How often a rule that does not wait is asked in a case of many hours."""


@dataclass(frozen=True)
class Score:
    """How many of a rule's mutants its cases noticed."""

    alert: str
    total: int
    survivors: tuple[str, ...]
    stillborn: int
    """mutants that are no PromQL: they do not count"""

    @property
    def killed(self) -> int:
        """Those that a case noticed."""
        return self.total - len(self.survivors)


@dataclass(frozen=True)
class Report:
    """Everything that was found out."""

    counts: dict[str, tuple[int, int]]
    """by alarm: cases in which it rings, and in which it stays silent"""
    failures: list[str] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)

    @property
    def one_sided(self) -> list[str]:
        """Alarms that are not proved both ways."""
        return [alert for alert, (rings, silent) in self.counts.items() if not (rings and silent)]


def rehearsed(book: CaseBook, rules: Sequence[Rule], *, with_mutants: bool) -> Report:
    """Run all cases of these rules; with mutants, each rule wrong in each way.

    Raises:
        ProgramMissingError: promtool is not installed.
    """
    with ThreadPoolExecutor(AT_A_TIME) as workers:
        said = list(workers.map(lambda rule: _failure(book.of(rule.alert), rule), rules))
        scores: list[Score] = []
        if with_mutants and not any(said):
            # A program's rules have no slips of a pen; the program has tests.
            written = [rule for rule in rules if rule.file.name != WRITTEN]
            scores = list(workers.map(lambda rule: _score(book.of(rule.alert), rule), written))
    return Report(
        counts={rule.alert: _counts(book.of(rule.alert)) for rule in rules},
        failures=[one for one in said if one],
        scores=scores,
    )


def _counts(cases: Sequence[Case]) -> tuple[int, int]:
    rings = sum(case.rings for case in cases)
    return rings, len(cases) - rings


def _failure(cases: Sequence[Case], rule: Rule) -> str:
    """What went wrong with the rule as it stands, case by case."""
    ran = [judged(some, [as_rule(rule)], every_s) for some, every_s in _batches(cases, rule)]
    if all(one.passed for one in ran):
        return ""
    wrong = [
        f"{case.place}: {rule.alert} must {'ring' if case.rings else 'stay silent'} "
        f"at {case.at}: {case.story}"
        for case in cases
        if not judged([case], [as_rule(rule)], rule.interval_s).passed
    ]
    return "\n".join(wrong) or "\n".join(one.said for one in ran)


def _batches(cases: Sequence[Case], rule: Rule) -> list[tuple[list[Case], float]]:
    """The cases that are soon over, and the others, each with how often the rule is asked.

    Most mutants die of the first.
    """
    quick = [one for one in cases if seconds(one.at) <= _QUICK_S]
    slow = [one for one in cases if seconds(one.at) > _QUICK_S]
    sparse_s = rule.interval_s if rule.for_s else _SPARSE_S
    return [batch for batch in ((quick, rule.interval_s), (slow, sparse_s)) if batch[0]]


def _score(cases: Sequence[Case], rule: Rule) -> Score:
    survivors, total, stillborn = [], 0, 0
    for mutant in mutants_of(as_rule(rule)):
        fate = _fate(cases, mutant, rule)
        stillborn += fate == "stillborn"
        total += fate != "stillborn"
        if fate == "survives":
            survivors.append(mutant.what)
    return Score(rule.alert, total, tuple(survivors), stillborn)


def _fate(cases: Sequence[Case], mutant: Mutant, rule: Rule) -> str:
    for some, every_s in _batches(cases, rule):
        ran = judged(some, [mutant.rule], every_s)
        if not ran.is_readable:
            return "stillborn"
        if not ran.passed:
            return "killed"
    return "survives"
