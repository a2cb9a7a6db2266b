"""``tocsin gate``: may this revision have more traffic? For a rollout's script, between two steps.

Exit status: 0 it may, 1 it must not, 2 wrong use or too few requests to tell, 3 nobody answers.
Cloud Run's figures arrive up to four minutes late: ask after the minutes that are asked for and
those four.

>>> import argparse
>>> parser = argparse.ArgumentParser()
>>> add_to(parser.add_subparsers())
>>> said = ["gate", "--project", "p", "--run-service", "api", "--revision", "api-2"]
>>> parser.parse_args(said).minutes
10
"""

import argparse
import sys
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.gate import Ask, CannotTellError, Limits, figures, objections

_GOOGLE: Final = "https://monitoring.googleapis.com"
_SCOPE: Final = "https://www.googleapis.com/auth/monitoring.read"
_WITHIN_S: Final = 30.0
_NOBODY: Final = 3


def add_to(commands: Any) -> None:
    """Declare the subcommand."""
    limits = Limits()
    parser = commands.add_parser("gate", help="judge a new revision by its own figures")
    parser.add_argument("--project", required=True, help="the Google project")
    parser.add_argument("--run-service", required=True, metavar="NAME", help="on Cloud Run")
    parser.add_argument("--revision", required=True, help="the new one")
    parser.add_argument("--against", metavar="REVISION", help="the one that it replaces")
    parser.add_argument("--minutes", type=int, default=10, help="how far back (%(default)s)")
    parser.add_argument(
        "--least-requests", type=int, default=limits.least_requests, help="(%(default)s)"
    )
    parser.add_argument(
        "--most-errors", type=float, default=limits.most_errors, help="as a share (%(default)s)"
    )
    parser.add_argument("--endpoint", default=_GOOGLE, metavar="URL", help="another cloud's")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Ask and judge.

    Raises:
        DeclarationError: what was asked for cannot be.
    """
    if chosen.minutes < 1:
        raise DeclarationError(f"--minutes {chosen.minutes}: at least one")
    limits = Limits(least_requests=chosen.least_requests, most_errors=chosen.most_errors)
    try:
        ask = _asking(chosen.endpoint, chosen.project)
        new = figures(ask, chosen.run_service, chosen.revision, chosen.minutes)
        old = (
            figures(ask, chosen.run_service, chosen.against, chosen.minutes)
            if chosen.against
            else None
        )
        found = objections(new, old, limits)
    except CannotTellError as error:
        raise DeclarationError(f"{chosen.revision}: {error}") from error
    except OSError as error:
        sys.stderr.write(f"tocsin: {chosen.endpoint} does not answer: {error}\n")
        return _NOBODY
    for one in found:
        sys.stdout.write(f"{chosen.revision}: {one}\n")
    if not found:
        sys.stdout.write(f"{chosen.revision} may have more: {new.requests:.0f} requests are well\n")
    return 1 if found else 0


def _asking(endpoint: str, project: str) -> Ask:
    """How one number is asked for; only Google itself is told who asks."""
    try:
        import requests  # noqa: PLC0415 - comes with the extra
        from google.auth import default, exceptions  # noqa: PLC0415 - an extra
        from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise DeclarationError(f'gate needs {error.name}: pip install "tocsin[gcp]"') from error
    session: Any = requests.Session()
    if endpoint == _GOOGLE:
        try:
            session = AuthorizedSession(default(scopes=[_SCOPE])[0])  # type: ignore[no-untyped-call]
        except exceptions.DefaultCredentialsError as error:
            raise DeclarationError(
                "no credentials: `gcloud auth application-default login`, or --endpoint"
            ) from error
    path = f"{endpoint}/v1/projects/{project}/location/global/prometheus/api/v1/query"

    def ask(query: str) -> float | None:
        answer = session.post(path, data={"query": query}, timeout=_WITHIN_S)
        answer.raise_for_status()
        found = answer.json()["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    return ask
