"""Composes a lesson in words: five scenes from one passage and the student's interest.

>>> from app.services.provider.library import read_corpus
>>> from app.services.provider.retrieval import Library
>>> question = Question(text="What is gravity?", grade_level=9, interest="basketball")
>>> script = compose(question, Library(read_corpus()).search("gravity", grade_level=9), Interests())
>>> [scene.kind for scene in script.scenes]
['title', 'idea', 'picture', 'example', 'question']
>>> script.scenes[2].text[:14]
'In basketball,'
"""

from collections.abc import Sequence

from app.services.provider.contract import Passage, Question, Scene, Script
from app.services.provider.interests import Interests


def compose(question: Question, passages: Sequence[Passage], interests: Interests) -> Script:
    """The lesson on the best passage; the others are named as sources to read on."""
    best = passages[0]
    picture = interests.picture(question.interest, best.shape)
    interest = interests.displayed(question.interest)
    scenes = (
        Scene("title", best.title, f"Today: {best.title}."),
        Scene("idea", "The idea", best.idea),
        Scene("picture", _picture_heading(interest), f"{picture.text} {best.likeness}"),
        Scene("example", "For example", best.example),
        Scene("question", "Now you", best.question),
    )
    return Script(
        title=best.title,
        subject=best.subject,
        shape=best.shape,
        grade_level=question.grade_level,
        emblem=picture.emblem,
        scenes=scenes,
        answer=best.answer,
        sources=tuple(passage.slug for passage in passages),
    )


def _picture_heading(interest: str) -> str:
    return f"Think of {interest}" if interest else "Picture it"
