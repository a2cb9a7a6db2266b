"""Finding passages: what the corpus knows is found, what it does not know is refused."""

import pytest

from app.services.provider.contract import Passage
from app.services.provider.library import CorpusError, read_corpus
from app.services.provider.retrieval import Library

LIBRARY = Library(read_corpus())

KNOWN = {
    "What is photosynthesis": "photosynthesis",
    "How do plants make their own food": "photosynthesis",
    "Explain newtons 3rd law please": "newtons-third-law",
    "what's newton's second law": "newtons-second-law",
    "why do i need a seat belt in the bus": "newtons-first-law",
    "How do rockets move in space if there is nothing to push against?": "newtons-third-law",
    "why do things fall down": "gravity",
    "voltage current and resistance": "electric-current",
    "what is half-life": "radioactivity",
    "why does a rainbow have colours": "light-and-refraction",
    "how do magnets attract metal": "electromagnetism",
    "ionic vs covalent bonds": "chemical-bonds",
    "what is pH": "acids-and-bases",
    "Le Chatelier's principle": "chemical-equilibrium",
    "why does ice melt when heated": "states-of-matter",
    "how many atoms are in a mole": "the-mole",
    "what do mitochondria do": "cells",
    "how do genes get passed from parents to children": "inheritance",
    "Darwin's finches and adaptation": "natural-selection",
    "what does insulin do for blood sugar": "homeostasis",
    "how do antibodies fight a virus": "immune-system",
    "how do i solve quadratic equations": "quadratic-equations",
    "how to find the hypotenuse": "pythagorean-theorem",
    "odds of rolling a six with dice": "probability",
    "what is standard deviation": "statistics",
    "doubling time of bacteria": "exponential-growth",
    "area under a curve": "integrals",
    "why do we have seasons": "seasons",
    "what is a tsunami": "earthquakes",
    "is climate change caused by humans": "greenhouse-effect",
    "phases of the moon": "moon-and-tides",
    "how do black holes form": "life-of-stars",
    "where does rain come from": "water-cycle",
}
UNKNOWN = [
    "Who won the football world cup in 2018?",
    "How do I bake a chocolate cake?",
    "write me a poem about love",
    "explain the french revolution",
    "what is the meaning of life",
    "how to hack my school wifi",
    "what is your name",
    "history of the roman empire",
    "how do i conjugate the verb to be in spanish",
    "how does the supreme court work",
    "recommend a good movie to watch tonight",
    "what is bitcoin",
    "stock market tips",
    "how do i get a driving license",
    "why is my girlfriend mad at me",
    "best phone battery life tricks",
    "how do plants versus zombies levels work",
    "what are pronouns and adverbs",
    "explain supply and demand",
    "can you do my homework",
]


def best(question: str, grade_level: int = 10, interest: str = "") -> str | None:
    """The slug of the best passage."""
    found = LIBRARY.search(question, grade_level=grade_level, interest=interest)
    return found[0].slug if found else None


@pytest.mark.parametrize(("question", "slug"), KNOWN.items())
def test_a_question_finds_its_passage(question: str, slug: str):
    """In the words of students, not of the corpus."""
    assert best(question) == slug


@pytest.mark.parametrize("question", UNKNOWN)
def test_what_no_passage_covers_is_refused(question: str):
    """One chance word in common is no answer."""
    assert best(question) is None


@pytest.mark.parametrize(
    ("slip", "slug"),
    [
        ("what is fotosynthesis", "photosynthesis"),
        ("what do mitocondria do", "cells"),
        ("pythagorian theorem", "pythagorean-theorem"),
        ("acceleraton and force", "newtons-second-law"),
    ],
)
def test_a_slip_of_the_pen_is_mended(slip: str, slug: str):
    """Students misspell what they are just learning."""
    assert best(slip) == slug


def test_a_passage_of_ones_own_grade_comes_first():
    """Of two passages that answer equally well, the one for the grade is taken."""
    common = {
        "subject": "physics", "title": "Levers", "shape": "balance", "keywords": ("lever",),
        "idea": "A lever trades force for distance.", "detail": "-", "likeness": "-",
        "example": "-", "question": "-", "answer": "-",
    }  # fmt: skip
    young = Passage(slug="young", grades=(9, 9), **common)
    old = Passage(slug="old", grades=(12, 12), **common)
    library = Library([young, old])

    found = {grade: library.search("levers", grade_level=grade)[0].slug for grade in (9, 12)}

    assert found == {9: "young", 12: "old"}


def test_the_interest_is_not_taken_for_the_question():
    """«In basketball» says how to explain, not what."""
    assert best("Pythagorean theorem in basketball", interest="basketball") == "pythagorean-theorem"


@pytest.mark.parametrize(
    "hostile", ['" OR 1=1 --', "NEAR(a b) AND * ^ {title}:", "((((((", '"""', "a" * 500, "0 1 2 3"]
)
def test_the_query_language_is_no_way_in(hostile: str):
    """FTS5 has a language of its own; a student's text never speaks it."""
    assert best(hostile) is None


def test_the_corpus_is_large_enough_and_covers_every_subject():
    """57 passages, ten and more for each subject, every grade from 9 to 12."""
    passages = read_corpus()

    by_subject = [sum(p.subject == s for p in passages) for s in {p.subject for p in passages}]

    assert len(passages) >= 40
    assert len(by_subject) == 5
    assert min(by_subject) >= 10
    assert all(9 <= p.grades[0] <= p.grades[1] <= 12 for p in passages)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[[passage]]\nslug = "x"\n', "a field is missing"),
        ("", "holds no passage"),
    ],
)
def test_a_broken_corpus_is_named(tmp_path, text: str, complaint: str):
    """The error says which file and passage, and what is wrong."""
    (tmp_path / "physics.toml").write_text(text)

    with pytest.raises(CorpusError, match=complaint):
        read_corpus(tmp_path)


def test_a_text_that_would_not_fit_its_slide_is_refused(tmp_path):
    """Better that the start fails than that a lesson is cut."""
    fields = {
        "slug": "x", "title": "t" * 60, "shape": "flow", "idea": "i", "detail": "d",
        "likeness": "l", "example": "e", "question": "q", "answer": "a",
    }  # fmt: skip
    lines = [f'{name} = "{value}"' for name, value in fields.items()]
    entry = "\n".join(["[[passage]]", *lines, "grades = [9, 10]", 'keywords = ["k"]'])
    (tmp_path / "physics.toml").write_text(entry)

    with pytest.raises(CorpusError, match="title has 60 characters and may have 1 to 48"):
        read_corpus(tmp_path)
