"""``tocsin rehearse week``: a seeded week in real engines; what rang, when, and what for nothing.

Exit status: 0 every incident was found and nothing else rang, 1 not so, 2 wrong use or an
unreadable file, 3 a program is missing.

>>> parser = argparse.ArgumentParser()
>>> add_to(parser.add_subparsers())
>>> parser.parse_args(["week", "--seed", "3", "4"]).seed
[3, 4]
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tocsin.errors import DeclarationError

if TYPE_CHECKING:
    from tocsin.rehearsal.week.running import Run

_MISSING: Final = 3
_ENGINES: Final = ("prometheus", "victoriametrics")
_MOST_SEED: Final = 10**6


def add_to(commands: Any) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser("week", help="a service's week in Prometheus and VictoriaMetrics")
    parser.add_argument("--service", type=Path, metavar="TOML", help="the service's tocsin.toml")
    parser.add_argument("--scenario", type=Path, metavar="FILE", help="another week than its own")
    parser.add_argument("--seed", type=int, nargs="+", default=[1], metavar="N", help="(1)")
    parser.add_argument("--seeds", type=int, metavar="COUNT", help="that many, drawn now")
    parser.add_argument(
        "--engine", choices=("both", *_ENGINES), default="both", help="(%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Rehearse; the exit status.

    Raises:
        DeclarationError: the scenario or a rule cannot be read.
    """
    from tocsin.rehearsal.engines.programs import ProgramMissingError  # noqa: PLC0415 - an extra
    from tocsin.rehearsal.week.telling import as_data, told  # noqa: PLC0415 - an extra

    try:
        runs = list(_runs(chosen, _seeds(chosen, random.SystemRandom())))
    except ProgramMissingError as error:
        sys.stderr.write(f"tocsin: {error}\n")
        return _MISSING
    data = json.dumps(as_data(runs), indent=2) + "\n" if chosen.json else told(runs)
    sys.stdout.write(data)
    return 0 if all(one.verdict.is_good for one in runs) else 1


def _seeds(chosen: argparse.Namespace, chance: random.Random) -> list[int]:
    if chosen.seeds is None:
        return list(chosen.seed)
    if chosen.seeds < 1:
        raise DeclarationError(f"--seeds {chosen.seeds}: at least one")
    return [chance.randrange(_MOST_SEED) for _ in range(chosen.seeds)]


def _runs(chosen: argparse.Namespace, seeds: list[int]) -> "Iterator[Run]":
    from tocsin.monitoring.service import Service  # noqa: PLC0415 - an extra
    from tocsin.rehearsal.week.running import rehearsed  # noqa: PLC0415 - as above
    from tocsin.rehearsal.week.scenario.building import week_of  # noqa: PLC0415 - as above
    from tocsin.rehearsal.week.scenario.reading import read_scenario  # noqa: PLC0415 - as above

    service = Service.load(chosen.service)
    scenario = read_scenario(chosen.scenario or service.scenario)
    rules, catalogue = service.rules(), service.catalogue()
    unknown = {alert for one in scenario.events for alert in one.must} - {r.alert for r in rules}
    if unknown:
        raise DeclarationError(f"{scenario.file}: no rule is called {', '.join(sorted(unknown))}")
    waits_s = {rule.alert: rule.for_s for rule in rules}
    for seed in seeds:
        week = week_of(scenario, catalogue, prefix=service.prefix, seed=seed, waits_s=waits_s)
        for engine in _ENGINES if chosen.engine == "both" else (chosen.engine,):
            yield rehearsed(engine, week, rules, seed=seed)
