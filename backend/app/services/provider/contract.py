"""What the pipeline asks of a provider of lessons, and in which words they speak.

The embedded provider (:mod:`app.services.provider.embedded`) fulfils it on one machine
without a network. Whoever wraps a provider, with a circuit breaker for one, fulfils the
same protocol.

>>> Scene("idea", "Gravity", "Every mass attracts every other mass.").sentences
('Every mass attracts every other mass.',)
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, Self

from app.core.vocabulary import ErrorType

OnProgress = Callable[[float], Awaitable[None]]
"""Told from time to time which share of the work is done, from 0 to 1."""

SceneKind = Literal["title", "idea", "picture", "example", "question"]

# A full stop inside a number or an abbreviation does not end a sentence.
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9«“])")


class ProviderError(Exception):
    """A provider could not do its part; ``error_type`` tells an operator why.

    The message is logged, so it must not repeat anything that the student wrote.
    """

    def __init__(self, error_type: ErrorType, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a student wants to know. The text is a child's: it enters no log line."""

    text: str = field(repr=False)
    grade_level: int
    interest: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Passage:
    """One idea of the corpus, in words that fit a slide, and how it may be pictured."""

    slug: str
    subject: str
    title: str
    grades: tuple[int, int]
    """The lowest and the highest grade that it is written for."""
    shape: str
    """The idea's abstract form, such as `cycle` or `balance`; an interest pictures it."""
    keywords: tuple[str, ...]
    idea: str
    detail: str
    likeness: str
    example: str
    question: str
    answer: str


@dataclass(frozen=True)
class Scene:
    """One picture of the lesson with its heading and the text that is spoken over it."""

    kind: SceneKind
    heading: str
    text: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """The text sentence by sentence: each becomes one caption. A question stays whole."""
        if self.kind == "question":
            return (self.text,)
        return tuple(_SENTENCE_END.split(self.text)) if self.text else ()


@dataclass(frozen=True, kw_only=True)
class Script:
    """A lesson in words; it is stored with the request as JSON."""

    title: str
    subject: str
    shape: str
    grade_level: int
    emblem: str
    """The drawing that stands for the student's interest."""
    scenes: tuple[Scene, ...]
    answer: str
    """The answer to the last scene's question."""
    sources: tuple[str, ...]
    """Slugs of the passages that it is made of."""

    def as_json(self) -> dict[str, Any]:
        """The script as plain data."""
        scenes = [{"kind": s.kind, "heading": s.heading, "text": s.text} for s in self.scenes]
        return {
            "title": self.title,
            "subject": self.subject,
            "shape": self.shape,
            "grade_level": self.grade_level,
            "emblem": self.emblem,
            "scenes": scenes,
            "answer": self.answer,
            "sources": list(self.sources),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The script that ``as_json`` made."""
        scenes = tuple(Scene(**scene) for scene in stored["scenes"])
        return cls(**{**stored, "scenes": scenes, "sources": tuple(stored["sources"])})


@dataclass(frozen=True, kw_only=True)
class Narration:
    """The spoken lesson: a WAV file, and how long each sentence of each scene takes."""

    wav: Path
    seconds: tuple[tuple[float, ...], ...]


class Provider(Protocol):
    """Makes lessons, one stage after the other.

    Each method may raise ProviderError. Each may be cancelled at any await, and then
    leaves no process running. ``folder`` and ``target`` lie in a workspace of this
    attempt's own, which is swept afterwards.
    """

    async def retrieve(self, question: Question) -> Sequence[Passage]:
        """The passages that answer the question, best first; none: it is out of scope."""
        ...

    async def write_script(self, question: Question, passages: Sequence[Passage]) -> Script:
        """A lesson in words, made of the passages and the student's interest."""
        ...

    async def narrate(self, script: Script, folder: Path) -> Narration | None:
        """The lesson spoken; None where no voice is to be had."""
        ...

    async def film(
        self, script: Script, narration: Narration | None, target: Path, on_progress: OnProgress
    ) -> float:
        """Write the lesson's MP4 to ``target``; the answer is its length in seconds."""
        ...

    async def record(self, narration: Narration, target: Path) -> float:
        """Write the voice alone as MP4 to ``target``; the answer is its length in seconds."""
        ...
