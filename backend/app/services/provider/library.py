"""The corpus that ships with the repository: passages in TOML, one file per subject.

Every passage is checked when it is read, because a text that is too long would be cut on
its slide: better that the start fails than the lesson.

>>> passages = read_corpus()
>>> len(passages) >= 40, passages[0].subject
(True, 'biology')
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.services.provider.contract import Passage

CORPUS = Path(__file__).parent / "corpus"

SUBJECTS: Mapping[str, str] = {
    "biology": "Biology",
    "chemistry": "Chemistry",
    "earth_science": "Earth science",
    "maths": "Mathematics",
    "physics": "Physics",
}
"""Display name by file name."""

SHAPES = frozenset(
    {
        "balance",
        "change",
        "cycle",
        "flow",
        "growth",
        "message",
        "parts",
        "pattern",
        "pull",
        "wave",
    }
)

_AT_MOST: Mapping[str, int] = {
    "title": 48,
    "idea": 200,
    "detail": 560,
    "likeness": 130,
    "example": 190,
    "question": 120,
    "answer": 150,
}
"""Length of each text in characters: what fits its slide."""


class CorpusError(Exception):
    """A passage cannot be used; the message names file, passage and what to mend."""


def read_corpus(folder: Path = CORPUS) -> tuple[Passage, ...]:
    """All passages of a folder, in the order of file names.

    Raises:
        CorpusError: a passage lacks a field, is too long or repeats a slug.
    """
    passages: dict[str, Passage] = {}
    for path in sorted(folder.glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("passage", []):
            passage = _passage(path, entry)
            if passage.slug in passages:
                raise CorpusError(f"{path.name}: {passage.slug}: the slug is taken: choose another")
            passages[passage.slug] = passage
    if not passages:
        raise CorpusError(f"{folder.name}: holds no passage: is the corpus installed?")
    return tuple(passages.values())


def _passage(path: Path, entry: Mapping[str, Any]) -> Passage:
    where = f"{path.name}: {entry.get('slug', '(no slug)')}"
    if path.stem not in SUBJECTS:
        raise CorpusError(f"{where}: no subject is called {path.stem}: add it to SUBJECTS")
    try:
        passage = Passage(
            **{
                **entry,
                "subject": path.stem,
                "grades": tuple(entry["grades"]),
                "keywords": tuple(entry["keywords"]),
            }
        )
    except (TypeError, KeyError) as error:
        raise CorpusError(f"{where}: a field is missing or unknown: {error}") from None
    if passage.shape not in SHAPES:
        raise CorpusError(f"{where}: no shape is called {passage.shape}: use one of SHAPES")
    for name, at_most in _AT_MOST.items():
        length = len(getattr(passage, name))
        if not 0 < length <= at_most:
            raise CorpusError(
                f"{where}: {name} has {length} characters and may have 1 to {at_most}: shorten it"
            )
    return passage
