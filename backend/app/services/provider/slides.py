"""Lays out a lesson's slides, 640 by 360 pixels, with text that is never cut.

A text gets the largest size at which it fits its lines; a word that is too long for a
line is broken. The typeface is Manrope (SIL Open Font License), from the package
`font-manrope`: it has the signs of mathematics, and accents for interests.

>>> text = fitted("Every mass attracts every other mass.", CAPTION)
>>> text.lines, text.size
(('Every mass attracts every other mass.',), 20)
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from PIL import Image, ImageColor, ImageDraw, ImageFont

from app.services.provider.contract import Scene, Script
from app.services.provider.drawings.emblems import EMBLEM_DRAWINGS
from app.services.provider.drawings.pen import OVERSAMPLING, Colour, Palette, Pen
from app.services.provider.drawings.shapes import SHAPE_DRAWINGS
from app.services.provider.drawings.subjects import SUBJECT_DRAWINGS
from app.services.provider.library import SUBJECTS

WIDTH, HEIGHT = 640, 360

Weight = Literal["Medium", "Bold", "ExtraBold"]

_WHITE = "#ffffff"
_PALETTES: Mapping[str, Palette] = {
    "biology": Palette("#17382c", "#26845c", "#bee2ce", "#f6fbf7", "#f09632"),
    "chemistry": Palette("#123442", "#148092", "#b8e0e6", "#f5fbfc", "#ec645c"),
    "earth_science": Palette("#202e4e", "#326cb2", "#c0d6ee", "#f6f9fd", "#ee9e3e"),
    "maths": Palette("#362248", "#7a4ca8", "#dbccec", "#faf7fd", "#f08a40"),
    "physics": Palette("#1e2454", "#4858c4", "#cdd3f4", "#f7f8fe", "#f6824c"),
}
_MARGIN = 36
_DRAWING_TOP, _DRAWING_HEIGHT = 92, 158
_BAND_TOP, _BAND_BOTTOM = 262, 342


@dataclass(frozen=True)
class Room:
    """Where a text has to fit: sizes from the wanted to the least, in pixels."""

    width: int
    height: int
    sizes: tuple[int, int]
    weight: Weight


CAPTION = Room(width=556, height=70, sizes=(20, 13), weight="Medium")
HEADING = Room(width=568, height=40, sizes=(30, 17), weight="ExtraBold")
TITLE = Room(width=350, height=178, sizes=(44, 22), weight="ExtraBold")
SUBTITLE = Room(width=350, height=50, sizes=(19, 13), weight="Medium")


@dataclass(frozen=True)
class Fitted:
    """A text broken into lines at the size at which it fits."""

    lines: tuple[str, ...]
    size: int
    weight: Weight

    @property
    def line_height(self) -> int:
        """Pixels from one line to the next."""
        return _line_height(self.size)


@cache
def _font(weight: Weight, size: int) -> ImageFont.FreeTypeFont:
    path = files("font_manrope") / "files" / f"Manrope-{weight}.ttf"
    return ImageFont.truetype(str(path), size)


def _line_height(size: int) -> int:
    return round(size * 1.28)


def fitted(text: str, room: Room) -> Fitted:
    """The text in the largest size that fits the room; at the least size, as many lines as fit."""
    largest, least = room.sizes
    for size in range(largest, least - 1, -1):
        font = _font(room.weight, size)
        lines = _wrapped(text, font, room.width)
        # A smaller size comes before a broken word; only the least size breaks any.
        whole = _longest_word(text, font) <= room.width or size == least
        if whole and len(lines) * _line_height(size) <= room.height:
            return Fitted(_balanced(text, font, room.width, lines), size, room.weight)
    return Fitted(tuple(lines[: room.height // _line_height(least)]), least, room.weight)


def _longest_word(text: str, font: ImageFont.FreeTypeFont) -> float:
    return max(map(font.getlength, text.split()), default=0.0)


def _balanced(
    text: str, font: ImageFont.FreeTypeFont, width: int, lines: list[str]
) -> tuple[str, ...]:
    """The same number of lines, as even as can be: no word is left alone on the last."""
    low, high = max(width // 2, math.ceil(min(_longest_word(text, font), width))), width
    while low < high:
        middle = (low + high) // 2
        if len(_wrapped(text, font, middle)) > len(lines):
            low = middle + 1
        else:
            high = middle
    return tuple(_wrapped(text, font, high))


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split():
        if font.getlength(f"{line} {word}".strip()) <= width:
            line = f"{line} {word}".strip()
            continue
        lines += [line] if line else []
        *whole, line = _broken(word, font, width)
        lines += whole
    return [*lines, line] if line else lines


def _broken(word: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and font.getlength(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


class Slide:
    """One scene's picture: what stands still is drawn once, what moves in every frame."""

    def __init__(self, script: Script, scene: Scene) -> None:
        self._script = script
        self._scene = scene
        self._palette = _PALETTES[script.subject]
        self._base = self._title() if scene.kind == "title" else self._page()
        self._captioned: dict[str, Image.Image] = {}

    def frame(self, t: float, caption: str, progress: float) -> Image.Image:
        """The picture at ``t`` seconds into the scene; ``progress`` is the lesson's, 0 to 1."""
        if caption not in self._captioned:
            self._captioned = {caption: self._with_caption(caption)}
        image = self._captioned[caption].copy()
        self._draw_moving(image, t)
        done = round(WIDTH * progress)
        if done:
            ImageDraw.Draw(image).rectangle((0, HEIGHT - 6, done, HEIGHT), fill=self._palette.spark)
        return image

    def _kicker(self) -> str:
        return f"{SUBJECTS[self._script.subject]}  ·  Grade {self._script.grade_level}".upper()

    def _title(self) -> Image.Image:
        palette = self._palette
        image = _gradient(palette.accent, palette.ink)
        draw = ImageDraw.Draw(image)
        title = fitted(self._script.title, TITLE)
        picture = next((s.heading for s in self._script.scenes if s.kind == "picture"), "")
        subtitle = fitted(picture, SUBTITLE)
        height = 34 + len(title.lines) * title.line_height + 14
        height += len(subtitle.lines) * subtitle.line_height
        top = (HEIGHT - height) // 2
        draw.text((_MARGIN, top), self._kicker(), font=_font("Bold", 13), fill=palette.soft)
        top = _lines(draw, title, _MARGIN, top + 28, _WHITE)
        _lines(draw, subtitle, _MARGIN, top + 14, palette.soft)
        with _enlarged(image, (400, 60, 216, 216)) as large:
            large.ellipse((1, 1, 216 * OVERSAMPLING - 2, 216 * OVERSAMPLING - 2), palette.paper)
        return image

    def _page(self) -> Image.Image:
        palette = self._palette
        image = _gradient(palette.paper, palette.soft)
        draw = ImageDraw.Draw(image)
        draw.text((_MARGIN, 20), self._kicker(), font=_font("Bold", 12), fill=palette.accent)
        _lines(draw, fitted(self._scene.heading, HEADING), _MARGIN, 38, palette.ink)
        return image

    def _with_caption(self, caption: str) -> Image.Image:
        image = self._base.copy()
        if self._scene.kind == "title":
            return image
        draw = ImageDraw.Draw(image)
        box = (24, _BAND_TOP, WIDTH - 24, _BAND_BOTTOM)
        draw.rounded_rectangle(box, radius=14, fill=self._palette.ink)
        text = fitted(caption, CAPTION)
        top = (_BAND_TOP + _BAND_BOTTOM - len(text.lines) * text.line_height) // 2
        font = _font(text.weight, text.size)
        for index, line in enumerate(text.lines):
            left = (WIDTH - font.getlength(line)) / 2
            draw.text((left, top + index * text.line_height), line, font=font, fill=_WHITE)
        return image

    def _draw_moving(self, image: Image.Image, t: float) -> None:
        if self._scene.kind == "title":
            area = (430, 90, 156, 156)
        else:
            area = (_MARGIN, _DRAWING_TOP, WIDTH - 2 * _MARGIN, _DRAWING_HEIGHT)
        width, height = area[2:]
        with _enlarged(image, area) as large:
            pen = Pen(large, self._palette, 0, 0, height * OVERSAMPLING / 100)
            self._illustrate(pen, width / height * 100, t)

    def _illustrate(self, pen: Pen, width: float, t: float) -> None:
        shape = SHAPE_DRAWINGS[self._script.shape]
        subject = SUBJECT_DRAWINGS[self._script.subject]
        emblem = EMBLEM_DRAWINGS[self._script.emblem]
        middle = width / 2
        if self._scene.kind == "title":
            subject(pen.field(4, 4, 0.92), t)
        elif self._scene.kind == "idea":
            shape(pen.field(middle - 110, 0, 1), t)
        elif self._scene.kind == "picture":
            emblem(pen.field(middle - 150, 0, 1), t)
            pen.arrow((middle - 36, 50), (middle - 8, 50), pen.palette.ink, 4)
            shape(pen.field(middle + 4, 14, 0.72), t)
        elif self._scene.kind == "example":
            subject(pen.field(middle - 120, 0, 1), t)
            shape(pen.field(middle - 6, 18, 0.64), t)
        else:
            _ask(pen.field(middle - 110, 0, 1), t)


@contextmanager
def _enlarged(image: Image.Image, area: tuple[int, int, int, int]) -> Iterator[ImageDraw.ImageDraw]:
    """Draw on an enlarged copy of an area, which then replaces it: smooth edges."""
    left, top, width, height = area
    # From what is there already, so that the edges blend into it.
    under = image.crop((left, top, left + width, top + height))
    size = (width * OVERSAMPLING, height * OVERSAMPLING)
    large = under.resize(size, Image.Resampling.NEAREST)
    yield ImageDraw.Draw(large)
    image.paste(large.reduce(OVERSAMPLING), (left, top))


def _ask(pen: Pen, t: float) -> None:
    """A speech bubble with a question mark, and dots that wait for an answer."""
    colours = pen.palette
    pen.bar((40, 4), (72, 66), colours.accent, 16)
    pen.area([(58, 64), (82, 64), (54, 90)], colours.accent)
    pen.arc((76, 28), 13, (180, 400), colours.paper, 6)
    pen.line([(83, 39), (76, 45), (76, 50)], colours.paper, 6)
    pen.disc(76, 60, 4, colours.paper)
    pen.bar((122, 36), (62, 42), colours.soft, 16)
    waiting = int(t * 3) % 4
    for index in range(3):
        colour = colours.spark if index < waiting else colours.paper
        pen.disc(138 + 15 * index, 57, 5, colour)


def _lines(draw: ImageDraw.ImageDraw, text: Fitted, left: int, top: int, colour: Colour) -> int:
    font = _font(text.weight, text.size)
    for line in text.lines:
        draw.text((left, top), line, font=font, fill=colour)
        top += text.line_height
    return top


def _gradient(upper: Colour, lower: Colour) -> Image.Image:
    column = Image.new("RGB", (1, 2))
    for row, colour in enumerate((upper, lower)):
        column.putpixel((0, row), ImageColor.getrgb(colour))
    return column.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)


def missing_glyphs(texts: Sequence[str]) -> set[str]:
    """The characters that the typeface cannot show: it would show an empty box."""
    font = _font("Medium", 20)
    absent = bytes(font.getmask("\U0010fffd"))
    characters = {character for text in texts for character in text if not character.isspace()}
    return {character for character in characters if bytes(font.getmask(character)) == absent}
