"""A dashboard as its YAML declares it.

>>> Line(300, "half a break").value
300
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

COLUMNS: Final = 48
"""Google's proto says 12; GoogleCloudPlatform/monitoring-dashboard-samples has 48 in most."""
SHOWN_AS: Final = ("lines", "stacked", "bars", "number", "table")


@dataclass(frozen=True)
class Query:
    """One expression; ``legend`` may hold labels, as in ``${endpoint}``."""

    expr: str
    legend: str
    place: str


@dataclass(frozen=True)
class Line:
    """A number drawn across a panel that is no alert's, and why it is there."""

    value: float
    label: str


@dataclass(frozen=True)
class Panel:
    """One picture. ``alerts`` are drawn as lines, ``see`` are named only."""

    title: str
    unit: str
    tells: str
    queries: tuple[Query, ...]
    shown_as: str
    width: int
    plan: str
    alerts: tuple[str, ...]
    see: tuple[str, ...]
    lines: tuple[Line, ...]
    place: str


@dataclass(frozen=True)
class Row:
    """Panels side by side, of one height."""

    height: int
    panels: tuple[Panel, ...]
    place: str


@dataclass(frozen=True)
class Dashboard:
    """A page of panels; ``name`` is its file's."""

    name: str
    title: str
    about: str
    rows: tuple[Row, ...]
    file: Path

    @property
    def panels(self) -> Iterator[Panel]:
        """All panels, as they are read."""
        return (panel for row in self.rows for panel in row.panels)
