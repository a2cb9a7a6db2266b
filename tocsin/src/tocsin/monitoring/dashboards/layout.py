"""Where each panel lies, and what must never be: overlaps, gaps, tiles beyond the edge.

>>> square = Tile("a", x=0, y=0, width=24, height=8)
>>> faults([square, Tile("b", x=0, y=6, width=24, height=8)], columns=48)
["'a' and 'b' overlap", "'b' leaves a gap above it"]
>>> faults([square, Tile("b", x=26, y=0, width=24, height=8)], columns=48)
["'b' ends at column 50 of 48", "'b' leaves a gap to its left"]
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from tocsin.monitoring.dashboards.declared import Dashboard, Panel


@dataclass(frozen=True)
class Tile:
    """A rectangle of a grid."""

    title: str
    x: int
    y: int
    width: int
    height: int

    def overlaps(self, other: "Tile") -> bool:
        """Whether the two share a cell."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


def laid_out(dashboard: Dashboard) -> Iterator[tuple[Panel, Tile]]:
    """Each panel with its place in columns of 48, row by row, from the left."""
    y = 0
    for row in dashboard.rows:
        x = 0
        for panel in row.panels:
            yield panel, Tile(panel.title, x, y, panel.width, row.height)
            x += panel.width
        y += row.height


def faults(tiles: Sequence[Tile], *, columns: int) -> list[str]:
    """All that is wrong with a grid, in words."""
    return [
        *_beyond(tiles, columns),
        *(
            f"{one.title!r} and {other.title!r} overlap"
            for one, other in combinations(tiles, 2)
            if one.overlaps(other)
        ),
        *_gaps(tiles),
    ]


def _beyond(tiles: Sequence[Tile], columns: int) -> Iterator[str]:
    for tile in tiles:
        if min(tile.x, tile.y) < 0 or min(tile.width, tile.height) < 1:
            yield f"{tile.title!r} has no area, or begins before the grid"
        if tile.x + tile.width > columns:
            yield f"{tile.title!r} ends at column {tile.x + tile.width} of {columns}"


def _gaps(tiles: Sequence[Tile]) -> Iterator[str]:
    """A tile touches the left edge or a neighbour; and the top or something above it."""
    for tile in tiles:
        others = [one for one in tiles if one is not tile]
        left = [one for one in others if one.x + one.width == tile.x and _beside(one, tile)]
        if tile.x > 0 and not left:
            yield f"{tile.title!r} leaves a gap to its left"
        above = [one for one in others if one.y + one.height == tile.y and _below(one, tile)]
        if tile.y > 0 and not above:
            yield f"{tile.title!r} leaves a gap above it"


def _beside(one: Tile, tile: Tile) -> bool:
    return one.y <= tile.y < one.y + one.height


def _below(one: Tile, tile: Tile) -> bool:
    return one.x <= tile.x < one.x + one.width
