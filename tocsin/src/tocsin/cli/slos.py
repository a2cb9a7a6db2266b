"""``tocsin slos``: write the alarms on budgets and their cases, or say whether they are stale.

Exit status: 0 they are as they should be, 1 stale (``--check``), 2 the levels are wrong.
"""

import argparse
from pathlib import Path
from typing import Any

from tocsin.cli.made_files import keep
from tocsin.errors import DeclarationError


def add_to(commands: Any) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser("slos", help="write the alarms on service levels' budgets")
    parser.add_argument("--service", type=Path, metavar="FILE", help="the service's tocsin.toml")
    parser.add_argument("--check", action="store_true", help="write nothing, say what is stale")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Write or compare.

    Raises:
        DeclarationError: there are no levels, or one is wrong.
    """
    from tocsin.monitoring import budget_cases  # noqa: PLC0415 - an extra
    from tocsin.monitoring.service import Service  # noqa: PLC0415 - an extra
    from tocsin.monitoring.slos import WRITTEN, read_slos, rule_file  # noqa: PLC0415 - as above

    service = Service.load(chosen.service)
    if service.slos is None:
        raise DeclarationError(f"{service.file}: no slos.yaml beside it: nothing is promised")
    levels, source = read_slos(service.slos), service.slos.name
    made = {service.slos.parent / WRITTEN: rule_file(levels, source)}
    if any(level.series for level in levels):
        cases = budget_cases.cases_file(levels, source)
        made[service.cases / budget_cases.WRITTEN] = cases
    statuses = [
        keep(file, text, made_by="tocsin slos", check=chosen.check) for file, text in made.items()
    ]
    return max(statuses)
