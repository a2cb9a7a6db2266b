r"""Pull, push and diff: the rendered dashboards and those of a project.

``pull`` keeps what is there, with its etag. ``push`` replaces a dashboard that differs only
if it is still the one that was pulled: work by hand is seen before it is lost.

>>> Outcome("Shop", "differs", ("mosaicLayout.columns: 48 here, 12 there",)).text()
'Shop: differs\n    mosaicLayout.columns: 48 here, 12 there'
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.dashboards.comparing import differences
from tocsin.monitoring.dashboards.rendering import as_text
from tocsin.monitoring.dashboards.site import ChangedSinceError, Site
from tocsin.monitoring.dashboards.strict import everything, plain

WELL: Final = frozenset({"same", "created", "replaced", "foreign"})

Boards = Mapping[str, Mapping[str, Any]]
"""Rendered dashboards by file name."""


@dataclass(frozen=True)
class Outcome:
    """What became of one dashboard."""

    title: str
    state: str
    details: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in WELL

    def text(self) -> str:
        """For a person."""
        return "\n    ".join([f"{self.title}: {self.state}", *self.details])


def diff(ours: Boards, site: Site) -> list[Outcome]:
    """How the project's dashboards differ from ours."""
    return _compared(ours, site.all())


def pull(ours: Boards, site: Site, folder: Path) -> list[Outcome]:
    """Keep all that the project has below ``folder``, and say what differs."""
    theirs = site.all()
    names = {str(data["displayName"]): name for name, data in ours.items()}
    folder.mkdir(parents=True, exist_ok=True)
    for title, one in theirs.items():
        file = folder / f"{names.get(title) or slug(title)}.json"
        file.write_text(as_text(everything(one)))
    return _compared(ours, theirs)


def push(ours: Boards, site: Site, folder: Path, *, overwrite: bool = False) -> list[Outcome]:
    """Create what is missing, replace what differs."""
    theirs = site.all()
    return [_pushed(name, data, theirs, site, folder, overwrite) for name, data in ours.items()]


def slug(title: str) -> str:
    """A file's name for a title.

    >>> slug("Vividly · Lessons (staging)")
    'vividly-lessons-staging'
    """
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "untitled"


def _compared(ours: Boards, theirs: Mapping[str, Any]) -> list[Outcome]:
    outcomes = []
    for name, data in ours.items():
        title = str(data["displayName"])
        if title not in theirs:
            outcomes.append(Outcome(title, "missing"))
            continue
        found = tuple(differences(plain(data, name), plain(theirs[title])))
        outcomes.append(Outcome(title, "differs" if found else "same", found))
    known = {str(data["displayName"]) for data in ours.values()}
    return outcomes + [Outcome(title, "foreign") for title in theirs if title not in known]


def _pushed(  # noqa: PLR0917 - what a push is made of
    name: str,
    data: Mapping[str, Any],
    theirs: Mapping[str, Any],
    site: Site,
    folder: Path,
    overwrite: bool,  # noqa: FBT001 - as above
) -> Outcome:
    title = str(data["displayName"])
    if title not in theirs:
        site.create(data)
        return Outcome(title, "created")
    there = theirs[title]
    if plain(data, name) == plain(there):
        return Outcome(title, "same")
    etag = there.etag if overwrite else _pulled_etag(folder / f"{name}.json", there.name)
    if not etag:
        return Outcome(title, "kept", ("it differs and was not pulled: pull, or --overwrite",))
    try:
        site.replace(data, name=there.name, etag=etag)
    except ChangedSinceError:
        return Outcome(title, "kept", ("it was changed since it was pulled: pull again",))
    return Outcome(title, "replaced")


def _pulled_etag(file: Path, name: str) -> str:
    """The etag under which ``name`` was pulled; nothing if it was not."""
    if not file.exists():
        return ""
    try:
        kept = json.loads(file.read_text())
    except ValueError as error:
        raise DeclarationError(f"{file}: no JSON: {error}; pull again") from error
    return str(kept.get("etag", "")) if kept.get("name") == name else ""
