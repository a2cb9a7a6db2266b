"""The provider that needs no network: a small corpus, an espeak voice, an ffmpeg film.

>>> import asyncio
>>> provider = EmbeddedProvider()
>>> question = Question(text="What is gravity?", grade_level=9, interest="basketball")
>>> passages = asyncio.run(provider.retrieve(question))
>>> asyncio.run(provider.write_script(question, passages)).title
'Gravity'
"""

from collections.abc import Sequence
from pathlib import Path

from app.services.provider import video
from app.services.provider.contract import Narration, OnProgress, Passage, Question, Script
from app.services.provider.interests import Interests
from app.services.provider.library import CORPUS, read_corpus
from app.services.provider.narration import Narrator, installed_voice
from app.services.provider.retrieval import Library
from app.services.provider.script import compose


class EmbeddedProvider:
    """Fulfils :class:`app.services.provider.contract.Provider` on one machine.

    ``voice`` is the program that speaks; without one, lessons have captions only.
    """

    def __init__(self, *, corpus: Path = CORPUS, voice: str | None = None) -> None:
        """Read and index the corpus.

        Raises:
            CorpusError: a passage cannot be used.
        """
        self._library = Library(read_corpus(corpus))
        self._interests = Interests()
        self._narrator = Narrator(voice)

    @classmethod
    def with_installed_voice(cls) -> "EmbeddedProvider":
        """The provider with espeak-ng, where it is installed."""
        return cls(voice=installed_voice())

    async def retrieve(self, question: Question) -> Sequence[Passage]:
        """The passages that answer the question; a search takes well under a millisecond."""
        return self._library.search(
            question.text, grade_level=question.grade_level, interest=question.interest
        )

    async def write_script(self, question: Question, passages: Sequence[Passage]) -> Script:
        """Five scenes on the best passage."""
        return compose(question, passages, self._interests)

    async def narrate(self, script: Script, folder: Path) -> Narration | None:
        """The voice's narration, or None without a voice."""
        return await self._narrator.narrate(script, folder)

    async def film(
        self, script: Script, narration: Narration | None, target: Path, on_progress: OnProgress
    ) -> float:
        """A film with captions, and with the voice if there is one."""
        return await video.film(script, narration, target, on_progress)

    async def record(self, narration: Narration, target: Path) -> float:
        """The voice alone."""
        return await video.record(narration, target)
