"""One week in one engine: fill it, ask each rule as it will be asked, judge what rang."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic

from tocsin.monitoring.rules import Rule
from tocsin.rehearsal.engines.engine import ENGINES, Engine
from tocsin.rehearsal.week.firing import Firing, firings, joined
from tocsin.rehearsal.week.series import Week
from tocsin.rehearsal.week.verdict import Verdict, judged


@dataclass(frozen=True)
class Run:
    """A verdict with what it took."""

    seed: int
    verdict: Verdict
    samples: int
    series: int
    took_s: float


def rehearsed(engine: str, week: Week, rules: Sequence[Rule], *, seed: int) -> Run:
    """Let one engine judge one week.

    Raises:
        DeclarationError: it does not understand a rule.
        ProgramMissingError: it is not installed.
    """
    began_s = monotonic()
    with ENGINES[engine]() as running:
        running.load(week)
        # As many as there are cores that one engine can use beside the other.
        with ThreadPoolExecutor(2) as askers:
            rang = dict(askers.map(lambda rule: (rule.alert, _rang(running, week, rule)), rules))
    return Run(
        seed=seed,
        verdict=judged(engine, week.incidents, rang),
        samples=week.samples,
        series=len(week.series),
        took_s=monotonic() - began_s,
    )


def _rang(engine: Engine, week: Week, rule: Rule) -> list[Firing]:
    every_s = int(rule.interval_s)
    end_s = week.start_unix_s + week.lasts_s
    holds = engine.ask(rule.expr, week.start_unix_s, end_s, every_s)
    return joined(
        Firing(one.start_s - week.start_unix_s, one.end_s - week.start_unix_s)
        for instants in holds.values()
        for one in firings(instants, for_s=rule.for_s, every_s=every_s)
    )
