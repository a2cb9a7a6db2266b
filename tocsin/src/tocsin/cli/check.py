"""``tocsin check``: what is wrong with a service's alarms, panels and runbooks, all at once.

Exit status: 0 nothing found, 1 findings, 2 something cannot be read, 3 an extra is missing.
The rules stand in ``tocsin/docs/checks``.

>>> import argparse
>>> parser = argparse.ArgumentParser()
>>> add_to(parser.add_subparsers())
>>> parser.parse_args(["check", "--rule", "unknown-metric"]).rule
['unknown-metric']
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tocsin.monitoring.checks.chain import Chain
    from tocsin.monitoring.checks.findings import Finding


def add_to(commands: Any) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "check", help="what is wrong with alarms, panels and runbooks, all at once"
    )
    parser.add_argument("--service", type=Path, metavar="PATH", help="a tocsin.toml or its folder")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--rule", nargs="+", default=[], metavar="NAME", help="these rules only")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Check one service.

    Raises:
        DeclarationError: something cannot be read.
    """
    try:
        import promql_parser  # noqa: F401, PLC0415 - an extra
        import yaml  # noqa: F401, PLC0415 - an extra
    except ModuleNotFoundError as error:
        sys.stderr.write(f'tocsin: check needs {error.name}: pip install "tocsin[rehearsal]"\n')
        return 3
    from tocsin.monitoring.checks.chain import chain_of  # noqa: PLC0415
    from tocsin.monitoring.checks.checking import findings_of  # noqa: PLC0415
    from tocsin.monitoring.service import Service  # noqa: PLC0415

    chain = chain_of(Service.load(chosen.service))
    findings = findings_of(chain, chosen.rule)
    sys.stdout.write(_as_json(chain, findings) if chosen.json else _as_text(chain, findings))
    return 1 if findings else 0


def _as_json(chain: "Chain", findings: "list[Finding]") -> str:
    from tocsin.monitoring.checks.findings import as_data  # noqa: PLC0415

    told = {"checked": _checked(chain), "findings": as_data(findings)}
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _as_text(chain: "Chain", findings: "list[Finding]") -> str:
    from tocsin.monitoring.checks.findings import as_text  # noqa: PLC0415

    counted = ", ".join(f"{count} {what}" for what, count in _checked(chain).items())
    count = f"{len(findings)} finding{'s' if len(findings) > 1 else ''}"
    told = as_text(findings) + "\n" if findings else ""
    return f"{told}checked {counted}: {count if findings else 'nothing found'}\n"


def _checked(chain: "Chain") -> dict[str, int]:
    return {
        "metrics": sum(1 for _ in chain.catalogue),
        "alarms": len(chain.alerts),
        "panels": sum(1 for board in chain.dashboards for _ in board.panels),
        "runbooks": len(chain.runbooks),
    }
