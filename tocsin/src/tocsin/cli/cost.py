"""``tocsin cost``: what the service's monitoring costs a month, and what would change it.

Exit status: 0 it is told, 1 it is over the ``--budget`` or the page is stale (``--check``),
2 wrong use, 3 no cloud answers at ``--measured``.

>>> import argparse
>>> parser = argparse.ArgumentParser()
>>> add_to(parser.add_subparsers())
>>> parser.parse_args(["cost", "--budget", "8"]).budget
8.0
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from tocsin.cli.made_files import keep

WRITTEN: Final = "COST.md"
_OVER: Final = 1
_NOBODY: Final = 3
_WITHIN_S: Final = 30.0


def add_to(commands: Any) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser("cost", help="reckon what the monitoring costs a month")
    parser.add_argument("--service", type=Path, metavar="FILE", help="the service's tocsin.toml")
    parser.add_argument(
        "--environment", default="prod", metavar="NAME", help="Terraform's values (%(default)s)"
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--requests-per-month", type=float, metavar="N", help="other traffic")
    source.add_argument(
        "--measured", metavar="URL|FILE", help="a rehearsal cloud, or what its /read/usage told"
    )
    parser.add_argument("--budget", type=float, metavar="DOLLARS", help="1 if it costs more")
    told = parser.add_mutually_exclusive_group()
    told.add_argument("--json", action="store_true", help="for programs")
    told.add_argument("--write", action="store_true", help=f"put the tables into {WRITTEN}")
    told.add_argument("--check", action="store_true", help=f"only say if {WRITTEN} is stale")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Reckon and tell.

    Raises:
        DeclarationError: the traffic, the prices or the configuration is missing or wrong.
    """
    from tocsin.monitoring.cost import measured, page  # noqa: PLC0415 - an extra
    from tocsin.monitoring.cost.plan import plan_of  # noqa: PLC0415 - as above
    from tocsin.monitoring.cost.prices import read_prices  # noqa: PLC0415 - as above
    from tocsin.monitoring.cost.report import report_of  # noqa: PLC0415 - as above
    from tocsin.monitoring.service import Service  # noqa: PLC0415 - as above

    service = Service.load(chosen.service)
    plan, prices = plan_of(service, chosen.environment), read_prices(service.prices)
    if chosen.requests_per_month is not None:
        plan = plan.with_requests(chosen.requests_per_month)
    try:
        usage = _usage(chosen.measured, measured) if chosen.measured else None
    except OSError as error:
        sys.stderr.write(f"tocsin: {chosen.measured} does not answer: {error}\n")
        return _NOBODY
    report = report_of(plan, prices, usage)
    if chosen.write or chosen.check:
        file = service.runbooks.parent / WRITTEN
        stale = keep(
            file,
            page.put_into(file, report),
            made_by="tocsin cost --write",
            check=chosen.check,
        )
        return max(stale, _over(report.bill.total, chosen.budget))
    sys.stdout.write(
        json.dumps(page.data(report), indent=2) + "\n" if chosen.json else page.text(report)
    )
    return _over(report.bill.total, chosen.budget)


def _usage(place: str, measured: Any) -> Any:
    """What a cloud counted, from its page or from a file."""
    if not place.startswith(("http://", "https://")):
        from tocsin.monitoring.sources import read  # noqa: PLC0415 - as above

        return measured.usage_in(read(Path(place)), place)
    import httpx  # noqa: PLC0415 - comes with the extra

    url = place.rstrip("/").removesuffix(measured.PATH) + measured.PATH
    try:
        answer = httpx.get(url, timeout=_WITHIN_S)
    except httpx.TransportError as error:
        raise ConnectionError(str(error)) from error
    return measured.usage_in(answer.text, url)


def _over(total: float, budget: float | None) -> int:
    if budget is None or total <= budget:
        return 0
    sys.stderr.write(f"tocsin: ${total:,.2f} a month is over the budget of ${budget:,.2f}\n")
    return _OVER
