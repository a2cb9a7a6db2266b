"""``tocsin rehearse tests``: cases beside each threshold by promtool; with ``--mutants`` the score.

Exit status: 0 all well, 1 a case fails, an alarm is proved one way only, or too many mutants live;
2 wrong use or unreadable files, 3 promtool is missing.

>>> parser = argparse.ArgumentParser()
>>> add_to(parser.add_subparsers())
>>> parser.parse_args(["tests", "--mutants"]).mutants
True
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tocsin.errors import DeclarationError

if TYPE_CHECKING:
    from tocsin.rehearsal.rule_tests.cases import CaseBook
    from tocsin.rehearsal.rule_tests.rehearsing import Report

LEAST_KILLED: Final = 0.95
_MISSING: Final = 3


def add_to(commands: Any) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser("tests", help="cases beside each threshold, judged by promtool")
    parser.add_argument("alerts", nargs="*", metavar="ALERT", help="which; all if none is named")
    parser.add_argument("--service", type=Path, metavar="TOML", help="the service's tocsin.toml")
    parser.add_argument("--mutants", action="store_true", help="make each rule wrong as well")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Run the cases; the exit status.

    Raises:
        DeclarationError: cases or rules cannot be read.
    """
    from tocsin.monitoring.service import Service  # noqa: PLC0415 - an extra
    from tocsin.rehearsal.engines.programs import ProgramMissingError  # noqa: PLC0415
    from tocsin.rehearsal.rule_tests.cases import read_cases  # noqa: PLC0415
    from tocsin.rehearsal.rule_tests.rehearsing import rehearsed  # noqa: PLC0415

    service = Service.load(chosen.service)
    rules = service.rules()
    wanted = [rules.of(alert) for alert in chosen.alerts] or list(rules)
    book = read_cases(service.cases, service.catalogue(), service.prefix)
    strangers = {one.alert for one in book.cases} - {rule.alert for rule in rules}
    if strangers:
        raise DeclarationError(f"{service.cases}: no rule is called {', '.join(sorted(strangers))}")
    try:
        report = rehearsed(book, wanted, with_mutants=chosen.mutants)
    except ProgramMissingError as error:
        sys.stderr.write(f"tocsin: {error}\n")
        return _MISSING
    faults = list(_faults(report, book))
    if chosen.mutants and not chosen.alerts:
        faults += _too_few(report)
    sys.stdout.write(_as_json(report, faults) if chosen.json else _told(report, faults))
    return 1 if faults else 0


def _faults(report: "Report", book: "CaseBook") -> Iterator[str]:
    yield from (line for one in report.failures for line in one.splitlines())
    for alert in report.one_sided:
        yield f"{alert}: it needs a case in which it rings and one in which it stays silent"
    if not report.scores:
        return
    excused = {(one.alert, one.mutant) for one in book.excuses}
    living = {(score.alert, what) for score in report.scores for what in score.survivors}
    for alert, what in sorted(living - excused):
        yield f"{alert}: no case notices that {what}"
    judged = {score.alert for score in report.scores}
    for one in book.excuses:
        if one.alert in judged and (one.alert, one.mutant) not in living:
            yield f"{one.place}: {one.mutant!r} does not survive: take the excuse away"


def _too_few(report: "Report") -> Iterator[str]:
    """Of all rules together: a single one may have little that can be noticed."""
    killed, total = _killed(report)
    if killed < LEAST_KILLED * total:
        yield f"{killed} of {total} mutants are too few: {LEAST_KILLED:.0%} must be noticed"


def _killed(report: "Report") -> tuple[int, int]:
    return sum(one.killed for one in report.scores), sum(one.total for one in report.scores)


def _told(report: "Report", faults: Sequence[str]) -> str:
    scores = {one.alert: one for one in report.scores}
    lines = []
    for alert, (rings, silent) in report.counts.items():
        line = f"  {alert:30}{rings:>3} ring {silent:>3} silent"
        if alert in scores:
            line += f"   {scores[alert].killed:>3} of {scores[alert].total:>3} mutants noticed"
        lines.append(line)
    lines += [
        f"    survives: {one.alert}: {what}" for one in report.scores for what in one.survivors
    ]
    lines += [f"  FAULT  {one}" for one in faults]
    cases = sum(map(sum, report.counts.values()))
    total = f"{cases} cases of {len(report.counts)} alarms"
    if report.scores:
        killed, every = _killed(report)
        total += f", {killed} of {every} mutants noticed ({killed / every:.1%})"
    return "\n".join([*lines, f"{total}, {len(faults)} faults", ""])


def _as_json(report: "Report", faults: Sequence[str]) -> str:
    data = {
        "cases": {alert: {"ring": r, "silent": s} for alert, (r, s) in report.counts.items()},
        "mutants": [
            {"alert": s.alert, "total": s.total, "survivors": s.survivors} for s in report.scores
        ],
        "faults": list(faults),
    }
    return json.dumps(data, indent=2) + "\n"
