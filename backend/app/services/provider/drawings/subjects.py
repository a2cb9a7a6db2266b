"""Drawings that stand for the subjects; each fills a field of 100 by 100 units."""

import math
from collections.abc import Mapping

from app.services.provider.drawings.pen import Pen
from app.services.provider.drawings.shapes import Drawing


def biology(pen: Pen, t: float) -> None:
    """A plant whose leaves move in the air."""
    colours = pen.palette
    sway = 2.5 * math.sin(1.6 * t)
    pen.line([(50, 92), (50, 60), (50 + sway, 34)], colours.accent, 5)
    for side, y in ((-1, 66), (1, 54), (-1, 42)):
        tip = (50 + side * 36 + sway, y - 20)
        pen.area([(50, y), (50 + side * 12, y - 19), tip, (50 + side * 26, y + 1)], colours.accent)
        pen.line([(50, y), (50 + side * 27 + sway, y - 15)], colours.soft, 2)
    pen.disc(50 + sway, 24, 11, colours.spark)
    pen.disc(50 + sway, 24, 5, colours.paper)
    pen.bar((26, 88), (48, 8), colours.ink, 4)


def chemistry(pen: Pen, t: float) -> None:
    """A flask in which bubbles rise."""
    colours = pen.palette
    pen.area([(41, 12), (59, 12), (59, 40), (86, 90), (14, 90), (41, 40)], colours.soft)
    pen.area([(31, 60), (69, 60), (84, 88), (16, 88)], colours.accent)
    pen.line([(41, 12), (41, 40), (14, 90), (86, 90), (59, 40), (59, 12)], colours.ink, 3)
    pen.bar((34, 8), (32, 6), colours.ink, 3)
    for index, x in enumerate((36, 48, 60, 53, 42)):
        rise = (t * 11 + index * 17) % 62
        room = min(1.0, (84 - rise - 12) / 46)  # the neck is narrow
        wobble = 2 * math.sin(t * 3 + index)
        pen.disc(50 + (x - 50 + wobble) * room, 84 - rise, 2.5 + index % 3, colours.spark)


def earth_science(pen: Pen, t: float) -> None:
    """The Earth, and the Moon that goes round it."""
    colours = pen.palette
    angle = t * 0.9
    pen.oval(50, 50, (46, 17), colours.soft, width=2)
    behind = math.sin(angle) < 0
    moon = (50 + 46 * math.cos(angle), 50 + 17 * math.sin(angle))
    if behind:
        pen.disc(*moon, 7, colours.spark)
    pen.disc(50, 50, 30, colours.accent)
    pen.area([(34, 34), (46, 27), (54, 34), (49, 44), (54, 52), (44, 62), (37, 50)], colours.soft)
    pen.area([(62, 42), (72, 40), (76, 52), (68, 66), (62, 58)], colours.soft)
    if not behind:
        pen.disc(*moon, 7, colours.spark)


def maths(pen: Pen, t: float) -> None:
    """Axes, a curve, and a point that runs along it."""
    colours = pen.palette
    pen.arrow((16, 88), (16, 6), colours.ink, 3)
    pen.arrow((16, 88), (96, 88), colours.ink, 3)
    for step in range(1, 4):
        pen.line([(16 + 19 * step, 20), (16 + 19 * step, 84)], colours.soft, 1)
        pen.line([(20, 88 - 18 * step), (84, 88 - 18 * step)], colours.soft, 1)

    def height(x: float) -> float:
        return 24 + 0.036 * (x - 51) ** 2

    pen.line([(x, height(x)) for x in range(16, 88, 3)], colours.accent, 5)
    x = 51 + 33 * math.sin(t)
    pen.disc(x, height(x), 6, colours.spark)


def physics(pen: Pen, t: float) -> None:
    """A pendulum that swings."""
    colours = pen.palette
    angle = math.radians(90 + 30 * math.cos(2.4 * t))
    x, y = 50 + 66 * math.cos(angle), 12 + 66 * math.sin(angle)
    pen.arc((50, 12), 67.5, (58, 122), colours.soft, 3)
    pen.bar((22, 6), (56, 6), colours.ink, 3)
    pen.line([(50, 12), (x, y)], colours.ink, 2)
    pen.disc(x, y, 13, colours.accent)
    pen.disc(x - 4, y - 4, 4, colours.soft)
    pen.disc(50, 12, 4, colours.spark)


SUBJECT_DRAWINGS: Mapping[str, Drawing] = {
    drawing.__name__: drawing for drawing in (biology, chemistry, earth_science, maths, physics)
}
