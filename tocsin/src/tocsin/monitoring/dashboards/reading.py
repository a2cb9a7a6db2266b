r"""Reads a dashboard's YAML; nothing unknown is let pass.

>>> from pathlib import Path
>>> board = dashboard_from('''
... title: Shop
... about: How the shop does.
... rows:
... - height: 12
...   panels:
...   - title: Orders
...     unit: per second
...     tells: How much is sold.
...     queries: [{expr: "sum by (namespace) (rate(orders_total[5m]))", legend: orders}]
... ''', Path("shop.yaml"))
>>> board.name, [(panel.title, panel.width) for panel in board.panels]
('shop', [('Orders', 48)])
"""

from pathlib import Path
from typing import Any

from tocsin.errors import DeclarationError
from tocsin.monitoring.dashboards.declared import (
    COLUMNS,
    SHOWN_AS,
    Dashboard,
    Line,
    Panel,
    Query,
    Row,
)
from tocsin.monitoring.dashboards.units import UNITS
from tocsin.monitoring.placed_yaml import Placed, loaded


def read_dashboards(folder: Path) -> tuple[Dashboard, ...]:
    """The dashboards of a folder, by name.

    Raises:
        DeclarationError: there are none, or one is wrong.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise DeclarationError(f"{folder}: no dashboard is here (*.yaml)")
    return tuple(dashboard_from(file.read_text(), file) for file in files)


def dashboard_from(text: str, file: Path) -> Dashboard:
    """The dashboard that ``text`` declares.

    Raises:
        DeclarationError: it says something unknown, or leaves out what is needed.
    """
    data = loaded(text, file)
    if not isinstance(data, Placed):
        raise DeclarationError(f"{file}: a dashboard is a mapping with title, about and rows")
    _only(data, needed={"title", "about", "rows"})
    return Dashboard(
        name=file.stem,
        title=str(data["title"]),
        about=_text(data["about"]),
        rows=tuple(_row(one) for one in _list(data, "rows")),
        file=file,
    )


def _row(data: Placed) -> Row:
    _only(data, needed={"height", "panels"})
    height = _even(data, "height")
    panels = _list(data, "panels")
    given = sum(_even(one, "width") for one in panels if "width" in one)
    free = [one for one in panels if "width" not in one]
    share = (COLUMNS - given) // len(free) // 2 * 2 if free else 0
    return Row(height, tuple(_panel(one, share) for one in panels), data.place)


def _panel(data: Placed, share: int) -> Panel:
    _only(
        data,
        needed={"title", "unit", "tells", "queries"},
        more={"show", "width", "plan", "alerts", "see", "lines"},
    )
    _one_of(data, "unit", tuple(UNITS))
    shown_as = _one_of(data, "show", SHOWN_AS) if "show" in data else "lines"
    return Panel(
        title=str(data["title"]),
        unit=str(data["unit"]),
        tells=_text(data["tells"]),
        queries=tuple(_query(one) for one in _list(data, "queries")),
        shown_as=shown_as,
        width=_even(data, "width") if "width" in data else share,
        plan=str(data.get("plan", "")),
        alerts=_names(data, "alerts"),
        see=_names(data, "see"),
        lines=tuple(_line(one) for one in _list(data, "lines", at_least=0)),
        place=data.place,
    )


def _query(data: Placed) -> Query:
    _only(data, needed={"expr", "legend"})
    return Query(_text(data["expr"]), str(data["legend"]), data.place)


def _line(data: Placed) -> Line:
    _only(data, needed={"value", "label"})
    if not isinstance(data["value"], int | float):
        raise DeclarationError(f"{data.place}: value {data['value']!r} is no number")
    return Line(float(data["value"]), str(data["label"]))


def _text(value: object) -> str:
    """Without the line breaks that only fit the file's width."""
    return " ".join(str(value).split())


def _only(data: Any, *, needed: set[str], more: set[str] | None = None) -> None:
    known = needed | (more or set())
    if unknown := sorted(set(data) - known):
        names = ", ".join(sorted(known))
        raise DeclarationError(
            f"{data.place}: {unknown[0]!r} means nothing here: known are {names}"
        )
    if missing := sorted(one for one in needed if data.get(one) in (None, "")):
        raise DeclarationError(f"{data.place}: {missing[0]!r} is missing: say it")


def _list(data: Placed, key: str, *, at_least: int = 1) -> list[Placed]:
    found = data.get(key, [])
    if (
        not isinstance(found, list)
        or len(found) < at_least
        or not all(isinstance(one, Placed) for one in found)
    ):
        raise DeclarationError(f"{data.place}: {key} is a list of mappings, {at_least} at least")
    return found


def _names(data: Placed, key: str) -> tuple[str, ...]:
    found = data.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise DeclarationError(f"{data.place}: {key} is a list of names of alerts")
    return tuple(found)


def _even(data: Placed, key: str) -> int:
    """Grafana has half as many columns: what is odd has no place there."""
    found = data.get(key)
    if not isinstance(found, int) or isinstance(found, bool) or found < 2 or found % 2:  # noqa: PLR2004
        raise DeclarationError(f"{data.place}: {key} {found!r} is no even number from 2 on")
    return found


def _one_of(data: Placed, key: str, known: tuple[str, ...]) -> str:
    if data[key] not in known:
        raise DeclarationError(
            f"{data.place}: {key} {data[key]!r} is unknown: take one of {', '.join(known)}"
        )
    return str(data[key])
