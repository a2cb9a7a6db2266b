"""Vague questions are asked back; short ones are not vague."""

import pytest

from app.services.pipeline.clarity import doubts
from app.services.provider.library import read_corpus
from app.services.provider.retrieval import Library


@pytest.mark.parametrize(
    "clear",
    ["What is DNA?", "Explain photosynthesis", "F = ma", "why do leaves change colour", "atoms"],
)
def test_a_short_question_is_clear_enough(clear: str):
    """An earlier rule asked for eight words and tripped over its own example."""
    assert doubts(clear) == ()


@pytest.mark.parametrize(
    "vague",
    ["help me please", "I don't understand this", "?????", "can you explain it", "12345", "stuff"],
)
def test_a_question_without_a_telling_word_is_asked_back(vague: str):
    """Three questions, of which the first names examples."""
    asked = doubts(vague)

    assert len(asked) == 3
    assert asked[0].startswith("Which topic")


@pytest.mark.parametrize("subject", ["physics", "chemistry", "biology", "maths", "geometry"])
def test_the_name_of_a_whole_subject_is_too_broad(subject: str):
    """The examples are of that subject."""
    assert f"Which part of {subject}" in doubts(f"I need help with {subject}")[0]


def test_every_example_that_we_offer_has_an_answer():
    """Whoever takes our hint gets a lesson."""
    library = Library(read_corpus())
    subjects = ("physics", "chemistry", "biology", "maths", "algebra", "geometry", "astronomy",
                "geology", "this")  # fmt: skip

    hints = [doubts(f"help with {subject}")[0] for subject in subjects]

    for hint in hints:
        topics = hint.partition("example ")[2].rstrip("?").replace(" or ", ", ").split(", ")
        for topic in topics:
            assert library.search(topic, grade_level=10), topic
