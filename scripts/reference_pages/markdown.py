"""Tables in Markdown.

>>> table(("name", "means"), [("a", "one")])
['| name | means |', '|---|---|', '| a | one |']
"""

from collections.abc import Iterable, Sequence

HEAD = """\
<!-- Made by `python scripts/write_reference.py` from {source}: change that, not this. -->
# {title}

{about}"""


def table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Its lines; a cell stays in its cell whatever it holds."""
    lines = [_line(names), "|---" * len(names) + "|"]
    return [*lines, *(_line(row) for row in rows)]


def page(title: str, about: str, *, source: str, body: Iterable[str]) -> str:
    """A whole page."""
    return HEAD.format(title=title, about=about, source=source) + "\n" + "\n".join(body) + "\n"


def code(text: object) -> str:
    """As a program would read it."""
    return f"`{text}`"


def _line(cells: Sequence[object]) -> str:
    shown = (" ".join(str(cell).replace("|", "\\|").split()) for cell in cells)
    return "| " + " | ".join(shown) + " |"
