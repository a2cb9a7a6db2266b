"""``tocsin escalation``: write the page on who is told of which alarm, or say if it is stale.

The page lies beside the folder of runbooks. Exit status: 0 it is as it should be, 1 stale
(``--check``), 2 the table is wrong.
"""

import argparse
from pathlib import Path
from typing import Any

from tocsin.cli.made_files import keep
from tocsin.errors import DeclarationError


def add_to(commands: Any) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser("escalation", help="write the page on who is told of an alarm")
    parser.add_argument("--service", type=Path, metavar="FILE", help="the service's tocsin.toml")
    parser.add_argument("--check", action="store_true", help="write nothing, say if it is stale")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Write or compare.

    Raises:
        DeclarationError: there is no table, or it is wrong.
    """
    from tocsin.monitoring.escalation import read_escalation  # noqa: PLC0415 - an extra
    from tocsin.monitoring.escalation_page import WRITTEN, page  # noqa: PLC0415 - as above
    from tocsin.monitoring.service import Service  # noqa: PLC0415 - as above

    service = Service.load(chosen.service)
    if service.escalation is None:
        raise DeclarationError(f"{service.file}: no escalation.yaml beside it: nobody is told")
    table = read_escalation(service.escalation)
    wanted = page(table, service.rules(), service.escalation.name)
    file = service.runbooks.parent / WRITTEN
    return keep(file, wanted, made_by="tocsin escalation", check=chosen.check)
