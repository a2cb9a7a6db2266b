"""``tocsin canary``: may this revision have more traffic? For a rollout's script, between steps.

Exit status: 0 it may, 1 it must not, 2 wrong use, 3 nobody answers, 4 nobody can tell yet. Only
0 is a yes. Cloud Run's figures arrive up to four minutes late: ask after the minutes that are
asked for and those four.

>>> import argparse
>>> parser = argparse.ArgumentParser()
>>> add_to(parser.add_subparsers())
>>> said = ["canary", "--project", "p", "--run-service", "api", "--revision", "api-2"]
>>> parser.parse_args(said).minutes
10
"""

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.canary.figures import Ask, Figures, figures
from tocsin.monitoring.canary.verdict import Judgement, Limits, Verdict, judged

_GOOGLE: Final = "https://monitoring.googleapis.com"
_SCOPE: Final = "https://www.googleapis.com/auth/monitoring.read"
_WITHIN_S: Final = 30.0
_NOBODY: Final = 3
_STATUSES: Final = {Verdict.MORE: 0, Verdict.BACK: 1, Verdict.WAIT: 4}


def add_to(commands: Any) -> None:
    """Declare the subcommand."""
    limits = Limits()
    parser = commands.add_parser("canary", help="judge a new revision beside the one before")
    parser.add_argument("--project", required=True, help="the Google project")
    parser.add_argument("--run-service", required=True, metavar="NAME", help="on Cloud Run")
    parser.add_argument("--revision", required=True, help="the new one")
    parser.add_argument("--against", metavar="REVISION", help="the one that it replaces")
    parser.add_argument("--minutes", type=int, default=10, help="how far back (%(default)s)")
    parser.add_argument(
        "--most-errors", type=float, default=limits.most_errors, help="as a share (%(default)s)"
    )
    parser.add_argument(
        "--most-slow",
        type=float,
        default=limits.most_slow,
        help="more slow requests than before, as a share (%(default)s)",
    )
    parser.add_argument("--sure", type=float, default=limits.sure, help="(%(default)s)")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--endpoint", default=_GOOGLE, metavar="URL", help="another cloud's")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Ask and judge.

    Raises:
        DeclarationError: what was asked for cannot be.
    """
    limits = _limits(chosen)
    try:
        ask = _asking(chosen.endpoint, chosen.project)
        new = figures(ask, chosen.run_service, chosen.revision, chosen.minutes)
        old = (
            figures(ask, chosen.run_service, chosen.against, chosen.minutes)
            if chosen.against
            else None
        )
    except OSError as error:
        sys.stderr.write(f"tocsin: {chosen.endpoint} does not answer: {error}\n")
        return _NOBODY
    judgement = judged(new, old, limits)
    sys.stdout.write(_told(chosen, new, judgement))
    return _STATUSES[judgement.verdict]


def _limits(chosen: argparse.Namespace) -> Limits:
    if chosen.minutes < 1:
        raise DeclarationError(f"--minutes {chosen.minutes}: at least one")
    if chosen.revision == chosen.against:
        raise DeclarationError(f"--against {chosen.against}: the same revision as the new one")
    for name in ("most_errors", "most_slow"):
        if not 0 <= getattr(chosen, name) < 1:
            option = name.replace("_", "-")
            raise DeclarationError(f"--{option} {getattr(chosen, name)}: a share, as 0.01 for 1 %")
    if not 0.5 < chosen.sure < 1:  # noqa: PLR2004 - a coin is as sure as that
        raise DeclarationError(f"--sure {chosen.sure}: between 0.5 and 1, as 0.99")
    return Limits(most_errors=chosen.most_errors, most_slow=chosen.most_slow, sure=chosen.sure)


def _told(chosen: argparse.Namespace, new: Figures, judgement: Judgement) -> str:
    if chosen.json:
        said = {
            "revision": chosen.revision,
            "verdict": judgement.verdict.name.lower(),
            "reasons": judgement.reasons,
            "requests": round(new.requests),
        }
        return json.dumps(said, indent=2) + "\n"
    reasons = "".join(f"  {one}\n" for one in judgement.reasons)
    return f"{chosen.revision}: {judgement.verdict.value}\n{reasons}"


def _asking(endpoint: str, project: str) -> Ask:
    """How series are asked for; only Google itself is told who asks."""
    try:
        import requests  # noqa: PLC0415 - comes with the extra
        from google.auth import default, exceptions  # noqa: PLC0415 - an extra
        from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise DeclarationError(f'canary needs {error.name}: pip install "tocsin[gcp]"') from error
    session: Any = requests.Session()
    if endpoint == _GOOGLE:
        try:
            session = AuthorizedSession(default(scopes=[_SCOPE])[0])  # type: ignore[no-untyped-call]
        except exceptions.DefaultCredentialsError as error:
            raise DeclarationError(
                "no credentials: `gcloud auth application-default login`, or --endpoint"
            ) from error
    path = f"{endpoint}/v1/projects/{project}/location/global/prometheus/api/v1/query"

    def ask(query: str) -> list[tuple[Mapping[str, str], float]]:
        answer = session.post(path, data={"query": query}, timeout=_WITHIN_S)
        answer.raise_for_status()
        found = answer.json()["data"]["result"]
        return [(one["metric"], float(one["value"][1])) for one in found]

    return ask
