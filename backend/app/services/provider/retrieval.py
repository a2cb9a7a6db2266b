"""Finds the passages that answer a question: SQLite's FTS5, with a floor below which we say no.

BM25 orders what it finds but knows no «not at all»: a query of which one chance word
occurs somewhere has a best match too. So each passage is also measured by the share of
the question that it covers, every word weighed by how rare it is in the corpus, and a
passage below the floor does not count as an answer. Words that the corpus does not know
are mended when they are a slip of a known keyword, else they weigh against every passage.

FTS5 and its ``bm25()``: https://www.sqlite.org/fts5.html (sections 3 and 5.1.1).

>>> from app.services.provider.library import read_corpus
>>> library = Library(read_corpus())
>>> library.search("How do plants make food from light?", grade_level=9)[0].slug
'photosynthesis'
>>> library.search("Who won the football world cup?", grade_level=9)
[]
"""

import math
import sqlite3
import weakref
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from threading import Lock

from app.services.provider.contract import Passage
from app.services.provider.wording import terms

FLOORS = (0.6, 0.5, 0.4, 0.34)
"""The share of a question that an answer must cover, if it has 1, 2, 3, or more telling words."""

_BODY_SHARE = 0.45  # a word in the text says less than one in the title or the keywords
_GRADE_STEP = 0.25  # how much a passage loses for each grade that it is away
_MEND_FROM_LENGTH = 6
_MEND_LIKENESS = 0.82

_SCHEMA = """
CREATE VIRTUAL TABLE passages USING fts5(
    title, keywords, idea, detail, example,
    tokenize = 'porter unicode61 remove_diacritics 2'
)
"""
_BY_RANK = """
SELECT rowid, bm25(passages, 6.0, 4.0, 2.0, 1.0, 1.0) FROM passages WHERE passages MATCH ?
"""


class Library:
    """The corpus, indexed in memory; safe to ask from several threads."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = tuple(passages)
        self._lock = Lock()
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        # It lies in memory and goes with us; Python 3.13 warns of one that nobody closed.
        weakref.finalize(self, self._index.close)
        self._index.execute(_SCHEMA)
        self._index.executemany(
            "INSERT INTO passages(rowid, title, keywords, idea, detail, example) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            [
                (row, p.title, " ; ".join(p.keywords), p.idea, p.detail, p.example)
                for row, p in enumerate(self._passages)
            ],
        )
        named = (text for p in self._passages for text in (p.title, *p.keywords))
        self._names = sorted(
            {word for text in named for word in terms(text) if len(word) >= _MEND_FROM_LENGTH}
        )

    def search(
        self, text: str, *, grade_level: int, interest: str = "", at_most: int = 3
    ) -> list[Passage]:
        """The best passages for a question, none below the floor; the best comes first.

        Words of the student's interest do not count as part of the question, unless it
        consists of nothing else.
        """
        asked = terms(text)
        themed = set(terms(interest))
        asked = [word for word in asked if word not in themed] or asked
        with self._lock:
            found = self._measure([self._mended(word) for word in asked])
        floor = FLOORS[min(len(asked), len(FLOORS)) - 1]
        passing = {row: rank for row, (share, rank) in found.items() if share >= floor}
        # BM25 counts downwards from zero: the more negative, the better.
        best = sorted(passing, key=lambda row: passing[row] * self._grade_factor(row, grade_level))
        return [self._passages[row] for row in best[:at_most]]

    def _mended(self, word: str) -> str:
        if len(word) < _MEND_FROM_LENGTH or self._rows(f'"{word}"'):
            return word
        close = get_close_matches(word, self._names, n=1, cutoff=_MEND_LIKENESS)
        # A word inside another is another word: a revolution is no evolution.
        return next((name for name in close if name not in word and word not in name), word)

    def _measure(self, asked: Iterable[str]) -> dict[int, tuple[float, float]]:
        """By row: the share of the question that it covers, and its BM25 rank."""
        words = list(dict.fromkeys(asked))
        if not words:
            return {}
        covered: dict[int, float] = {}
        total = 0.0
        for word in words:
            anywhere = self._rows(f'"{word}"')
            named = self._rows(f'{{title keywords}} : "{word}"')
            weight = self._rarity(len(anywhere))
            total += weight
            for row in anywhere:
                share = weight if row in named else weight * _BODY_SHARE
                covered[row] = covered.get(row, 0.0) + share
        match = " OR ".join(f'"{word}"' for word in words)
        ranks = dict(self._index.execute(_BY_RANK, (match,)).fetchall())
        return {row: (share / total, ranks[row]) for row, share in covered.items()}

    def _rows(self, match: str) -> set[int]:
        rows = self._index.execute("SELECT rowid FROM passages WHERE passages MATCH ?", (match,))
        return {row for (row,) in rows}

    def _rarity(self, found: int) -> float:
        """Inverse document frequency; a word that nothing holds weighs like the rarest."""
        holding = max(found, 1)
        return math.log(1 + (len(self._passages) - holding + 0.5) / (holding + 0.5))

    def _grade_factor(self, row: int, grade_level: int) -> float:
        low, high = self._passages[row].grades
        away = max(low - grade_level, grade_level - high, 0)
        return 1 / (1 + _GRADE_STEP * away)
