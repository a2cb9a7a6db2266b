"""Drawings of ideas by their abstract shape; each fills a field of 220 by 100 units."""

import math
from collections.abc import Callable, Mapping

from app.services.provider.drawings.pen import Pen, Point

Drawing = Callable[[Pen, float], None]


def _on_circle(x: float, y: float, radius: float, degrees: float) -> Point:
    angle = math.radians(degrees)
    return (x + radius * math.cos(angle), y + radius * math.sin(angle))


def _smooth(share: float) -> float:
    """From 0 to 1, starting and ending gently."""
    return (1 - math.cos(math.pi * min(max(share, 0.0), 1.0))) / 2


def balance(pen: Pen, t: float) -> None:
    """A pair of scales that comes to rest."""
    colours = pen.palette
    swung = t % 6
    tilt = 12 * math.exp(-swung / 2) * math.cos(3 * swung)
    left, right = (_on_circle(110, 24, 62, 180 + tilt), _on_circle(110, 24, 62, tilt))
    pen.area([(110, 22), (96, 92), (124, 92)], colours.soft)
    pen.bar((82, 88), (56, 7), colours.accent)
    pen.line([left, right], colours.accent, 5)
    pen.disc(110, 24, 7, colours.spark)
    for x, y in (left, right):
        pen.line([(x, y), (x - 18, y + 34)], colours.accent, 2)
        pen.line([(x, y), (x + 18, y + 34)], colours.accent, 2)
        pen.bar((x - 24, y + 33), (48, 8), colours.accent, 4)
    pen.bar((left[0] - 11, left[1] + 13), (22, 20), colours.spark)
    pen.disc(right[0], right[1] + 22, 11, colours.spark)


def change(pen: Pen, t: float) -> None:
    """Pairs on the left become new groups on the right."""
    colours = pen.palette
    share = _smooth((t % 4) / 2.4)
    pen.arrow((88, 50), (132, 50), colours.accent, 5)
    for index, (y0, x1, y1) in enumerate(((22, 160, 34), (50, 176, 62), (78, 192, 34))):
        for half, (x0, colour) in enumerate(((30, colours.accent), (50, colours.spark))):
            end = (x1 + half * 14 - 7, y1 + (14 if half and index != 1 else 0))
            pen.disc(x0, y0, 9, colours.soft)
            pen.disc(x0 + (end[0] - x0) * share, y0 + (end[1] - y0) * share, 9, colour)


def cycle(pen: Pen, t: float) -> None:
    """Four stations on a circle, and a dot that goes round."""
    colours = pen.palette
    for start in range(0, 360, 90):
        pen.arc((110, 50), 36, (start + 20, start + 66), colours.accent, 5)
        pen.head(_on_circle(110, 50, 33.5, start + 76), start + 76 + 88, colours.accent, 15)
        pen.disc(*_on_circle(110, 50, 33.5, start), 8, colours.soft)
        pen.ring(*_on_circle(110, 50, 33.5, start), 8, colours.accent, 2)
    pen.disc(*_on_circle(110, 50, 33.5, 90 * t % 360), 6, colours.spark)


def flow(pen: Pen, t: float) -> None:
    """Dots that are handed on from station to station."""
    colours = pen.palette
    pen.line([(24, 50), (196, 50)], colours.soft, 16)
    for x in (24, 81, 139, 196):
        pen.disc(x, 50, 17, colours.accent)
        pen.disc(x, 50, 11, colours.paper)
    for step in range(5):
        share = (t / 5 + step / 5) % 1
        pen.disc(24 + 172 * share, 50, 6, colours.spark)
    for x in (52, 110, 168):
        pen.head((x + 6, 50), 0, colours.accent, 12)


def growth(pen: Pen, t: float) -> None:
    """Bars that rise, each above the one before, and the curve over them."""
    colours = pen.palette
    heights = [8 + 64 * (1.38**i - 1) / (1.38**6 - 1) for i in range(7)]
    pen.line([(30, 90), (194, 90)], colours.ink, 2)
    tops = []
    for index, height in enumerate(heights):
        grown = height * _smooth((t % 7) * 1.6 - index * 0.35)
        x = 36 + index * 22
        pen.bar(
            (x, 89 - grown),
            (15, grown),
            colours.spark if height == heights[-1] else colours.accent,
            2,
        )
        tops.append((x + 7.5, 80 - height))
    pen.line(tops, colours.soft, 3)
    pen.head((186, 5), -58, colours.soft, 11)


def message(pen: Pen, t: float) -> None:
    """A row of signs that travels from a sender to a receiver."""
    colours = pen.palette
    pen.bar((14, 28), (44, 44), colours.accent, 8)
    pen.bar((162, 28), (44, 44), colours.accent, 8)
    for x in (36, 184):
        for index, width in enumerate((24, 16, 22)):
            pen.bar((x - 12, 39 + 9 * index), (width, 4), colours.paper, 2)
    pen.line([(66, 50), (154, 50)], colours.soft, 4)
    for step in range(6):
        share = (t / 3 + step / 6) % 1
        size = 5 if step % 3 else 8
        colour = colours.spark if step % 2 else colours.accent
        pen.disc(66 + 88 * share, 50, size, colour)


def parts(pen: Pen, t: float) -> None:
    """Pieces that come together and make one whole."""
    colours = pen.palette
    apart = 16 * (1 - _smooth((t % 6) / 2)) + 2
    tints = (colours.accent, colours.spark, colours.soft, colours.accent, colours.soft,
             colours.accent)  # fmt: skip
    for index in range(6):
        column, row = index % 3, index // 3
        x = 110 + (column - 1) * (32 + apart) - 15
        y = 50 + (row - 0.5) * (32 + apart) - 15
        pen.bar((x, y), (30, 30), tints[index], 5)


def pattern(pen: Pen, t: float) -> None:
    """Points around a middle, and the line that sums them up."""
    colours = pen.palette
    pen.line([(34, 8), (34, 88), (192, 88)], colours.ink, 2)
    offsets = (9, -6, 4, -9, 11, -5, 8, -8, 3, -10, 6)
    shown = min(len(offsets), int((t % 6) * 4) + 1)
    pen.line([(40, 76), (186, 20)], colours.soft, 4)
    for index, offset in enumerate(offsets[:shown]):
        x = 46 + index * 13.5
        pen.disc(x, 76 - (x - 40) * 56 / 146 + offset, 5, colours.accent)
    if shown == len(offsets):
        pen.line([(40, 76), (186, 20)], colours.spark, 3)


def pull(pen: Pen, t: float) -> None:
    """A large body that draws a small one in."""
    colours = pen.palette
    for index in range(3):
        radius = 52 + 20 * ((index - t / 2) % 3)
        pen.arc((62, 50), radius, (-38, 38), colours.soft, 3)
    pen.disc(62, 50, 32, colours.accent)
    pen.disc(52, 40, 8, colours.soft)
    share = ((t % 3.2) / 2.4) ** 2
    x = max(104.0, 196 - 92 * share)
    if share < 0.5:  # noqa: PLR2004 - later there is no room for it
        pen.arrow((x - 14, 50), (x - 38, 50), colours.ink, 3)
    pen.disc(x, 50, 10, colours.spark)


def wave(pen: Pen, t: float) -> None:
    """A wave that travels, while one bit of it goes up and down."""
    colours = pen.palette
    pen.line([(16, 50), (204, 50)], colours.soft, 2)

    def height(x: float) -> float:
        return 50 - 30 * math.sin(2 * math.pi * (x / 74 - t / 2))

    pen.line([(x, height(x)) for x in range(16, 205, 3)], colours.accent, 5)
    pen.line([(110, 16), (110, 84)], colours.soft, 2)
    pen.disc(110, height(110), 8, colours.spark)


SHAPE_DRAWINGS: Mapping[str, Drawing] = {
    drawing.__name__: drawing
    for drawing in (balance, change, cycle, flow, growth, message, parts, pattern, pull, wave)
}
