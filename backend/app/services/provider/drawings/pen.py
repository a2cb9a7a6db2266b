"""A pen for simple vector drawings on a Pillow canvas, in units of its field.

The canvas is larger than the picture by ``OVERSAMPLING`` and is scaled down afterwards:
Pillow draws hard edges, and that makes them smooth.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import ImageDraw

OVERSAMPLING = 2
Colour = str
"""As Pillow takes it, such as `#17382c`."""
Point = tuple[float, float]


@dataclass(frozen=True)
class Palette:
    """The colours of a subject."""

    ink: Colour
    accent: Colour
    soft: Colour
    """A light tint of the accent."""
    paper: Colour
    spark: Colour
    """The one contrasting colour, for what moves."""


@dataclass(frozen=True)
class Pen:
    """Draws in a field whose left upper corner lies at ``left``, ``top`` pixels of the canvas."""

    canvas: ImageDraw.ImageDraw
    palette: Palette
    left: float
    top: float
    unit: float
    """Pixels per unit."""

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A filled circle."""
        self.canvas.ellipse(self._box(x, y, radius), fill=colour)

    def ring(self, x: float, y: float, radius: float, colour: Colour, width: float = 3) -> None:
        """A circle's outline."""
        self.canvas.ellipse(self._box(x, y, radius), outline=colour, width=self._px(width))

    def oval(
        self, x: float, y: float, half: Point, colour: Colour, *, width: float | None = None
    ) -> None:
        """An ellipse with the half axes ``half``, filled unless it has a width."""
        left, top = self._at(x - half[0], y - half[1])
        right, bottom = self._at(x + half[0], y + half[1])
        if width is None:
            self.canvas.ellipse((left, top, right, bottom), fill=colour)
        else:
            self.canvas.ellipse((left, top, right, bottom), outline=colour, width=self._px(width))

    def arc(
        self, centre: Point, radius: float, degrees: Point, colour: Colour, width: float = 3
    ) -> None:
        """A part of a circle; ``degrees`` from and to, clockwise from three o'clock."""
        box = self._box(*centre, radius)
        self.canvas.arc(box, *degrees, fill=colour, width=self._px(width))

    def line(self, points: Sequence[Point], colour: Colour, width: float = 3) -> None:
        """A line through the points, with round ends and joints."""
        pixels = [self._at(x, y) for x, y in points]
        self.canvas.line(pixels, fill=colour, width=self._px(width), joint="curve")
        for x, y in (points[0], points[-1]):
            self.disc(x, y, width / 2, colour)

    def area(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled polygon."""
        self.canvas.polygon([self._at(x, y) for x, y in points], fill=colour)

    def bar(self, corner: Point, size: Point, colour: Colour, rounding: float = 3) -> None:
        """A filled rectangle with round corners; ``corner`` is its left upper one."""
        left, top = self._at(*corner)
        right, bottom = self._at(corner[0] + size[0], corner[1] + size[1])
        self.canvas.rounded_rectangle((left, top, right, bottom), self._px(rounding), fill=colour)

    def arrow(self, start: Point, end: Point, colour: Colour, width: float = 4) -> None:
        """A line with a head at its end."""
        (x0, y0), (x1, y1) = start, end
        angle = math.atan2(y1 - y0, x1 - x0)
        head = 3 * width
        neck = (x1 - head * 0.8 * math.cos(angle), y1 - head * 0.8 * math.sin(angle))
        self.line([start, neck], colour, width)
        self.head(end, math.degrees(angle), colour, head)

    def head(self, tip: Point, degrees: float, colour: Colour, size: float = 12) -> None:
        """An arrow's head that points in the direction ``degrees``."""
        sides = (math.radians(degrees + 180 - 28), math.radians(degrees + 180 + 28))
        back = [(tip[0] + size * math.cos(a), tip[1] + size * math.sin(a)) for a in sides]
        self.area([tip, *back], colour)

    def field(self, x: float, y: float, scale: float) -> "Pen":
        """A pen for a smaller field within this one."""
        left, top = self._at(x, y)
        return Pen(self.canvas, self.palette, left, top, self.unit * scale)

    def _at(self, x: float, y: float) -> Point:
        return (self.left + x * self.unit, self.top + y * self.unit)

    def _box(self, x: float, y: float, radius: float) -> tuple[float, float, float, float]:
        left, top = self._at(x - radius, y - radius)
        right, bottom = self._at(x + radius, y + radius)
        return (left, top, right, bottom)

    def _px(self, units: float) -> int:
        return max(1, round(units * self.unit))
