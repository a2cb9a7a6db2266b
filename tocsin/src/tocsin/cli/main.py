"""The command ``tocsin`` and its subcommands.

An error of the user's making ends in one line and status 2, never in a traceback.

>>> main(["--version"])
Traceback (most recent call last):
    ...
SystemExit: 0
"""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from tocsin.cli import canary, check, cloud, cost, dashboards, escalation, rehearse, render, slos
from tocsin.errors import DeclarationError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; the exit status."""
    chosen = _parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except DeclarationError as error:
        sys.stderr.write(f"tocsin: {error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tocsin", description="Observability with alarms proved to ring."
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in (cloud, check, rehearse, render, slos, escalation, dashboards, canary, cost):
        command.add_to(commands)
    return parser


def _version() -> str:
    try:
        return f"tocsin {version('tocsin')}"
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "tocsin, not installed"
