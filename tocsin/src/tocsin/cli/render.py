r"""``tocsin render``: dashboards from their YAML into Google's and Grafana's JSON.

``--check`` writes nothing and says what is stale: 0 nothing, 1 something, 2 the dashboards
themselves are wrong. The form of the YAML stands in ``tocsin/docs/dashboards.md``.

>>> summary(["google/shop.json"], 12, checked=True)
'1 of 12 files is stale: run `tocsin render`\n  google/shop.json\n'
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def add_to(commands: Any) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser("render", help="write the dashboards for Google and Grafana")
    parser.add_argument("--service", type=Path, metavar="FILE", help="the service's tocsin.toml")
    parser.add_argument("--check", action="store_true", help="write nothing, say what is stale")
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where to, instead of the service's own folder"
    )
    parser.add_argument(
        "--metric-prefix",
        metavar="TEXT",
        help="instead of the service's prefix; empty for metrics that come over OTLP",
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Write or compare.

    Raises:
        DeclarationError: a dashboard is wrong.
    """
    from tocsin.monitoring.dashboards.rendering import stale, written  # noqa: PLC0415 - an extra
    from tocsin.monitoring.dashboards.service_boards import files_of  # noqa: PLC0415
    from tocsin.monitoring.service import Service  # noqa: PLC0415

    service = Service.load(chosen.service)
    wanted = files_of(service, shown_prefix=chosen.metric_prefix)
    folder = chosen.out or service.rendered
    touched = stale(folder, wanted) if chosen.check else written(folder, wanted)
    sys.stdout.write(summary(touched, len(wanted), checked=chosen.check))
    return 1 if chosen.check and touched else 0


def summary(touched: Sequence[str], total: int, *, checked: bool) -> str:
    """What was found or done."""
    if not touched:
        return f"all {total} files are as they should be\n"
    what = f"{len(touched)} of {total} files"
    verb = "is" if len(touched) == 1 else "are"
    head = f"{what} {verb} stale: run `tocsin render`" if checked else f"wrote {what}"
    return "\n  ".join([head, *touched]) + "\n"
