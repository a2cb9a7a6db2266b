"""Whether a question says enough to be answered, and what to ask back if it does not.

Short is not vague: «What is DNA?» is a fine question. Vague is one without a telling
word, or with none but the name of a whole subject.

>>> doubts("What is photosynthesis?")
()
>>> doubts("Can you help me with my physics homework?")[0]
'Which part of physics is it about: for example gravity, energy or electric current?'
>>> doubts("Can you help me with it, please?")[0]
'Which topic is it about: for example gravity, photosynthesis or probability?'
"""

from app.services.provider.wording import terms

_SUBJECTS = {
    "physics": "gravity, energy or electric current",
    "chemistry": "atoms, acids and bases or chemical reactions",
    "biology": "cells, photosynthesis or evolution",
    "math": "linear functions, probability or quadratic equations",
    "maths": "linear functions, probability or quadratic equations",
    "mathematics": "linear functions, probability or quadratic equations",
    "algebra": "linear functions, systems of equations or quadratic equations",
    "geometry": "the Pythagorean theorem or sine and cosine",
    "astronomy": "the life of stars, the seasons or the Moon",
    "geology": "plate tectonics, earthquakes or the rock cycle",
}
_TOO_BROAD = frozenset(
    {"sciences", "stem", "nature", "earth", "chapter", "unit", "page", "problem", "problems",
     "number", "stuff", "assignment", "worksheet", "class", "lecture", "teacher", "book"}
)  # fmt: skip
_ANY_TOPIC = "Which topic is it about: for example gravity, photosynthesis or probability?"
_WHICH_SIDE = "What would you like to know: how it works, why it happens, or how to calculate it?"
_WHICH_WORD = "Is there a word from your lesson or your book that you can add?"


def doubts(text: str) -> tuple[str, ...]:
    """What to ask back; nothing, if the question is clear enough to look for an answer."""
    telling = [word for word in terms(text) if word not in _TOO_BROAD]
    if any(word not in _SUBJECTS for word in telling):
        return ()
    if not telling:
        return (_ANY_TOPIC, _WHICH_SIDE, _WHICH_WORD)
    subject = telling[0]
    first = f"Which part of {subject} is it about: for example {_SUBJECTS[subject]}?"
    return (first, _WHICH_SIDE, _WHICH_WORD)
