"""The lesson in words: five scenes, themed on the interest, fit for their slides."""

import itertools

import pytest

from app.services.provider.contract import Question, Scene, Script
from app.services.provider.drawings.emblems import EMBLEM_DRAWINGS
from app.services.provider.drawings.shapes import SHAPE_DRAWINGS
from app.services.provider.drawings.subjects import SUBJECT_DRAWINGS
from app.services.provider.interests import Interests
from app.services.provider.library import SHAPES, SUBJECTS, read_corpus
from app.services.provider.narration import spoken
from app.services.provider.script import compose
from app.services.provider.slides import CAPTION, HEADING, TITLE, fitted, missing_glyphs

PASSAGES = read_corpus()
INTERESTS = Interests()
LONGEST_INTEREST = "mountain biking and video editing"
KINDS = ("basketball", "skating", "K-pop", "Minecraft", "baking", "drawing", "horses", "robots",
         "Star Wars", "collecting stamps", "")  # fmt: skip


def lesson(passage, interest: str) -> Script:
    """The script on one passage."""
    question = Question(text="?", grade_level=10, interest=interest)
    return compose(question, [passage], INTERESTS)


def test_the_interest_pictures_the_idea():
    """A sentence from the student's world, then the bridge to the idea."""
    gravity = next(p for p in PASSAGES if p.slug == "gravity")

    picture = lesson(gravity, "Basketball").scenes[2]

    assert picture.heading == "Think of basketball"
    assert picture.sentences == (
        "In basketball, however high you send the ball, something brings it back down.",
        gravity.likeness,
    )


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("MINECRAFT", "Minecraft"),
        ("f1", "Formula 1"),
        ("  my   dog\n Rex!! ", "my dog Rex"),
        ("<script>alert(1)</script>", "script alert 1 /script"),
        ("fútbol", "fútbol"),
        ("日本語 🎸", ""),
        ("x" * 100, "x" * 32),
        ("{title} %s {0}", "title s 0"),
    ],
)
def test_an_interest_is_tidied_before_it_is_shown(written: str, shown: str):
    """A child's free text: no markup, no line breaks, no letters that would be empty boxes."""
    assert INTERESTS.displayed(written) == shown


def test_a_script_survives_its_way_through_the_database():
    """JSON and back is the same script."""
    script = lesson(PASSAGES[0], "chess")

    assert Script.from_json(script.as_json()) == script


def test_sentences_end_where_a_reader_would_say():
    """Not inside numbers; a question stays one caption."""
    scene = Scene("idea", "", "About 9.8 metres. The Moon has less: 1.6. Really?")

    assert scene.sentences == ("About 9.8 metres.", "The Moon has less: 1.6.", "Really?")
    assert Scene("question", "", "It has pH 3. Is it acidic?").sentences == (
        "It has pH 3. Is it acidic?",
    )


def test_no_text_of_any_lesson_is_cut():
    """Every passage with every kind of interest, the longest included, keeps all its words."""
    scenes = {
        scene
        for passage, interest in itertools.product(PASSAGES, (*KINDS, LONGEST_INTEREST))
        for scene in lesson(passage, interest).scenes
    }

    for scene in scenes:
        heading = fitted(scene.heading, TITLE if scene.kind == "title" else HEADING)
        captions = [fitted(sentence, CAPTION) for sentence in scene.sentences]

        assert " ".join(heading.lines) == scene.heading
        assert " ".join(line for one in captions for line in one.lines) == scene.text


def test_captions_stay_large_enough_to_read():
    """No sentence is squeezed below 16 pixels on a picture of 360."""
    sizes = [
        fitted(sentence, CAPTION).size
        for passage in PASSAGES
        for scene in lesson(passage, LONGEST_INTEREST).scenes
        for sentence in scene.sentences
    ]

    assert min(sizes) >= 16


def test_the_typeface_has_every_sign_that_is_shown():
    """An unknown sign would be an empty box."""
    texts = [
        text
        for passage in PASSAGES
        for scene in lesson(passage, "").scenes
        for text in (scene.heading, scene.text)
    ]

    assert missing_glyphs(texts) == set()


def test_every_letter_that_an_interest_may_have_can_be_shown():
    """What `displayed` lets through, the slides can draw."""
    letters = [chr(code) for code in range(0x21, 0x2FFF)]

    shown = [letter for letter in letters if INTERESTS.displayed(f"a{letter}a") == f"a{letter}a"]

    assert len(shown) > 200
    assert missing_glyphs(shown) == set()


def test_every_shape_subject_and_emblem_has_its_drawing():
    """No lesson finds itself without a picture."""
    emblems = {INTERESTS.picture(interest, "flow").emblem for interest in KINDS}

    assert SHAPE_DRAWINGS.keys() == SHAPES
    assert SUBJECT_DRAWINGS.keys() == SUBJECTS.keys()
    assert emblems == EMBLEM_DRAWINGS.keys()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("a² + b² = c²", "a squared + b squared = c squared"),
        (
            "x = (\u2212b ± √c) ÷ 2a",
            "x = ( minus b plus or minus the square root of c) divided by 2a",
        ),
        ("30 °C", "30 degrees C"),
        ("a\x00b\x1bc", "a b c"),
    ],
)
def test_signs_are_spoken_as_words(written: str, said: str):
    """A voice that says «x two» for a square teaches nonsense."""
    assert spoken(written) == said
