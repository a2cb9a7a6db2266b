"""``tocsin dashboards pull|push|diff``: the rendered dashboards and a project's own.

They are compared with what ``tocsin render`` wrote; fields that the server sets are left out.
Exit status: 0 they are the same, 1 something differs or was kept, 2 it could not be asked.

>>> import argparse
>>> parser = argparse.ArgumentParser()
>>> add_to(parser.add_subparsers())
>>> parser.parse_args(["dashboards", "diff", "--project", "demo"]).what
'diff'
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tocsin.errors import DeclarationError


def add_to(commands: Any) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser("dashboards", help="pull, push and diff dashboards at Google")
    parser.add_argument("what", choices=("pull", "push", "diff"))
    parser.add_argument("--project", required=True, help="the Google project")
    parser.add_argument("--service", type=Path, metavar="FILE", help="the service's tocsin.toml")
    parser.add_argument(
        "--endpoint", metavar="URL", help="another cloud's address, as http://127.0.0.1:8085"
    )
    parser.add_argument(
        "--environment",
        metavar="NAME",
        help="dashboards are called «TITLE (NAME)», as Terraform does",
    )
    parser.add_argument("--metric-prefix", metavar="TEXT", help="as for `tocsin render`")
    parser.add_argument("--folder", type=Path, help="of what was pulled (rendered/pulled)")
    parser.add_argument(
        "--overwrite", action="store_true", help="push: replace also what was not pulled"
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Ask the project.

    Raises:
        DeclarationError: it cannot be asked, or there is nothing rendered.
    """
    from tocsin.monitoring.dashboards import exchange  # noqa: PLC0415 - an extra
    from tocsin.monitoring.dashboards.site import site_at  # noqa: PLC0415
    from tocsin.monitoring.service import Service  # noqa: PLC0415

    service = Service.load(chosen.service)
    ours = _rendered(service, chosen)
    site = site_at(chosen.project, chosen.endpoint)
    folder = chosen.folder or service.rendered / "pulled"
    if chosen.what == "diff":
        outcomes = exchange.diff(ours, site)
    elif chosen.what == "pull":
        outcomes = exchange.pull(ours, site, folder)
    else:
        outcomes = exchange.push(ours, site, folder, overwrite=chosen.overwrite)
    for one in outcomes:
        sys.stdout.write(f"{one.text()}\n")
    return 0 if all(one.is_well for one in outcomes) else 1


def _rendered(service: Any, chosen: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """What was rendered, as it is called in the project."""
    from tocsin.monitoring.dashboards.site import titled  # noqa: PLC0415 - an extra

    files = sorted((service.rendered / "google").glob("*.json"))
    if not files:
        raise DeclarationError(f"{service.rendered}/google holds no dashboard: run `tocsin render`")
    texts = {file.stem: file.read_text() for file in files}
    if chosen.metric_prefix is not None and service.prefix:
        texts = {
            name: text.replace(service.prefix, chosen.metric_prefix) for name, text in texts.items()
        }
    return {name: titled(json.loads(text), chosen.environment) for name, text in texts.items()}
