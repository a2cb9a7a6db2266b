"""The handbook's pages, and what stands in them to be copied."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

BACKEND = Path(__file__).parents[2]
DOCS = BACKEND / "docs"
PLAYBOOKS = sorted(one for one in (DOCS / "playbooks").glob("*.md") if one.stem != "README")
HANDBOOK = [DOCS / "MONITORING_SYSTEM.md", DOCS / "TRAINING.md", DOCS / "ROLLOUT.md", *PLAYBOOKS]
WITH_GCLOUD = [
    *HANDBOOK,
    *sorted((DOCS / "runbooks").glob("*.md")),
    BACKEND / "terraform" / "monitoring" / "README.md",
]

_SPAN = re.compile(r"`([^`\n]+)`")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^(?: {4,}).*$", re.MULTILINE)
_COMPUTED = re.compile(r"\$\([^)]*\)")
_NAMED = re.compile(r"\$\{?(\w+)\}?")


def spans(page: Path) -> list[str]:
    """What stands in backquotes within the text."""
    return _SPAN.findall(_BLOCK.sub("", page.read_text()))


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return [text for found, text in _BLOCK.findall(page.read_text()) if found == language]


def commands(page: Path, program: str) -> Iterator[list[str]]:
    """Each call of ``program`` as words; what a shell would fill in is filled in."""
    indented = "\n".join(_INDENTED.findall(page.read_text())).replace("\\\n", " ")
    for line in [*map(str.strip, indented.splitlines()), *spans(page)]:
        if line.startswith(f"{program} "):
            filled = _NAMED.sub("vividly-prod", _COMPUTED.sub("2026-01-31T00:00:00Z", line))
            yield _first_of_pipe(shlex.split(filled, comments=True))


def _first_of_pipe(words: list[str]) -> list[str]:
    return words[: words.index("|")] if "|" in words else words
