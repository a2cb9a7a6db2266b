"""Drawings that stand for a student's interest; each fills a field of 100 by 100 units."""

import math
from collections.abc import Mapping

from app.services.provider.drawings.pen import Pen
from app.services.provider.drawings.shapes import Drawing


def ball(pen: Pen, t: float) -> None:
    """A ball that bounces."""
    colours = pen.palette
    up = 34 * abs(math.sin(2.6 * t))
    y = 66 - up
    pen.oval(50, 93, (26 - up / 4, 4), colours.soft)
    pen.disc(50, y, 24, colours.spark)
    pen.ring(50, y, 24, colours.ink, 3)
    pen.line([(28, y), (72, y)], colours.ink, 2)
    pen.line([(50, y - 22), (50, y + 22)], colours.ink, 2)
    pen.arc((16, y), 24, (-43, 43), colours.ink, 2)
    pen.arc((84, y), 24, (137, 223), colours.ink, 2)


def book(pen: Pen, t: float) -> None:
    """An open book with a turning page."""
    colours = pen.palette
    pen.area([(50, 30), (10, 22), (10, 78), (50, 86)], colours.accent)
    pen.area([(50, 30), (90, 22), (90, 78), (50, 86)], colours.accent)
    pen.area([(50, 26), (14, 19), (14, 72), (50, 80)], colours.paper)
    pen.area([(50, 26), (86, 19), (86, 72), (50, 80)], colours.paper)
    for row in range(4):
        pen.line([(21, 32 + 10 * row), (43, 36 + 10 * row)], colours.soft, 3)
        pen.line([(57, 36 + 10 * row), (79, 32 + 10 * row)], colours.soft, 3)
    x = 50 + 36 * math.cos(math.pi * ((t / 2.5) % 1))
    pen.area([(50, 26), (x, 15), (x, 68), (50, 80)], colours.spark)


def controller(pen: Pen, t: float) -> None:
    """A game controller whose buttons light up in turn."""
    colours = pen.palette
    pen.bar((10, 34), (80, 36), colours.accent, 17)
    pen.disc(24, 66, 14, colours.accent)
    pen.disc(76, 66, 14, colours.accent)
    pen.bar((22, 48), (20, 6), colours.paper, 2)
    pen.bar((29, 41), (6, 20), colours.paper, 2)
    lit = int(t * 2) % 4
    for index, (x, y) in enumerate(((68, 43), (76, 51), (68, 59), (60, 51))):
        pen.disc(x, y, 4.5, colours.spark if index == lit else colours.soft)


def note(pen: Pen, t: float) -> None:
    """Two notes that swing."""
    colours = pen.palette
    lift = 4 * math.sin(3 * t)
    pen.area([(36, 22 + lift), (80, 12 + lift), (80, 24 + lift), (36, 34 + lift)], colours.accent)
    pen.line([(37, 28 + lift), (37, 76 + lift)], colours.accent, 4)
    pen.line([(79, 18 + lift), (79, 66 + lift)], colours.accent, 4)
    pen.oval(28, 77 + lift, (11, 8), colours.spark)
    pen.oval(70, 67 + lift, (11, 8), colours.spark)


def palette(pen: Pen, t: float) -> None:
    """A painter's palette with a brush at work."""
    colours = pen.palette
    pen.oval(48, 56, (40, 32), colours.accent)
    pen.disc(56, 72, 8, colours.paper)
    wells = ((26, 56), (36, 40), (54, 35), (72, 46))
    paints = (colours.spark, colours.paper, colours.soft, colours.ink)
    for (left, top), colour in zip(wells, paints, strict=True):
        pen.disc(left, top, 6.5, colour)
    x = 58 + 5 * math.sin(2 * t)
    pen.line([(x, 58), (x + 30, 14)], colours.ink, 5)
    pen.line([(x, 58), (x + 5, 50)], colours.spark, 7)


def pan(pen: Pen, t: float) -> None:
    """A pot with steam."""
    colours = pen.palette
    pen.bar((20, 46), (60, 40), colours.accent, 8)
    pen.bar((14, 40), (72, 9), colours.ink, 4)
    pen.bar((4, 54), (16, 7), colours.ink, 3)
    pen.bar((80, 54), (16, 7), colours.ink, 3)
    for index, x in enumerate((34, 50, 66)):
        points = [(x + 3 * math.sin(y / 5 + 3 * t + index), 34 - y) for y in range(0, 24, 3)]
        pen.line(points, colours.spark, 3)


def paw(pen: Pen, t: float) -> None:
    """A paw print."""
    colours = pen.palette
    size = 1 + 0.04 * math.sin(3 * t)
    pen.oval(50, 68, (23 * size, 19 * size), colours.accent)
    for x, y in ((22, 48), (40, 28), (60, 28), (78, 48)):
        pen.oval(x, y, (9 * size, 12 * size), colours.spark)


def rocket(pen: Pen, t: float) -> None:
    """A rocket in flight."""
    colours = pen.palette
    shake = 1.2 * math.sin(17 * t)
    flame = 12 + 5 * math.sin(23 * t)
    x = 50 + shake
    pen.area([(x - 9, 72), (x + 9, 72), (x, 78 + flame)], colours.spark)
    pen.area([(x - 13, 46), (x - 28, 72), (x - 13, 68)], colours.ink)
    pen.area([(x + 13, 46), (x + 28, 72), (x + 13, 68)], colours.ink)
    pen.area(
        [
            (x, 4),
            (x + 10, 20),
            (x + 14, 40),
            (x + 12, 72),
            (x - 12, 72),
            (x - 14, 40),
            (x - 10, 20),
        ],
        colours.accent,
    )
    pen.disc(x, 38, 7, colours.paper)


def runner(pen: Pen, t: float) -> None:
    """Somebody who runs."""
    colours = pen.palette
    swing = 22 * math.sin(5 * t)
    pen.oval(50, 94, (30, 3), colours.soft)
    pen.disc(56, 16, 10, colours.spark)
    pen.line([(52, 30), (46, 58)], colours.accent, 11)
    pen.line([(51, 33), (51 + swing, 48)], colours.accent, 6)
    pen.line([(51, 33), (51 - swing, 48)], colours.accent, 6)
    pen.line([(46, 58), (48 + swing * 0.8, 74), (44 + swing * 1.2, 91)], colours.ink, 7)
    pen.line([(46, 58), (48 - swing * 0.8, 74), (40 - swing, 91)], colours.ink, 7)


def star(pen: Pen, t: float) -> None:
    """A star that turns a little."""
    colours = pen.palette
    points = []
    for index in range(10):
        radius = 42 if index % 2 == 0 else 18
        angle = math.radians(-90 + 36 * index + 7 * math.sin(1.5 * t))
        points.append((50 + radius * math.cos(angle), 52 + radius * math.sin(angle)))
    pen.area(points, colours.spark)


EMBLEM_DRAWINGS: Mapping[str, Drawing] = {
    drawing.__name__: drawing
    for drawing in (ball, book, controller, note, palette, pan, paw, rocket, runner, star)
}
