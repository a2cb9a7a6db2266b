"""The page of all settings, written from the settings themselves.

``python -m app.core.settings_table > docs/SETTINGS.md`` writes it anew; a test holds it
to the code, so that the page cannot tell of a setting that is gone.

>>> page().splitlines()[0]
'# Settings'
"""

import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.core.config import Settings

_HEAD: Final = """\
# Settings

Every setting is an environment variable. A setting that is missing or wrong stops the
start with one line that says which, what is wrong and how to mend it; values are never
shown, for they may be secrets. An empty variable counts as not set. Values of more than
one part are JSON, lists are comma-joined. Names that end in `_S` are seconds.

This page is made by `python -m app.core.settings_table`.

| name | takes | default | what it does |
|---|---|---|---|
"""
_WORDS: Final = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true, false",
    Path: "path",
    SecretStr: "secret",
    tuple: "list",
    dict: "JSON object",
}
_BOUNDS: Final = {Ge: ("ge", "≥ {}"), Gt: ("gt", "> {}"), Le: ("le", "≤ {}"), Lt: ("lt", "< {}")}


def page() -> str:
    """The whole page, in Markdown."""
    rows = (_row(name, field) for name, field in Settings.model_fields.items())
    return _HEAD + "\n".join(rows) + "\n"


def _row(name: str, field: FieldInfo) -> str:
    variable = (field.alias or name).upper()
    meaning = " ".join((field.description or "").split())
    cells = (f"`{variable}`", _takes(field), _default(field), meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _takes(field: FieldInfo) -> str:
    return ", ".join([_kind(field.annotation), *_bounds(field)])


def _kind(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is UnionType:
        return " or ".join(_kind(one) for one in arguments if one is not NoneType)
    if origin is Literal:
        return ", ".join(str(one) for one in arguments)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ", ".join(annotation)
    return _WORDS[origin or annotation]


def _bounds(field: FieldInfo) -> Iterator[str]:
    for one in field.metadata:
        for kind, (attribute, form) in _BOUNDS.items():
            if isinstance(one, kind):
                yield form.format(f"{getattr(one, attribute):,}")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**must be set**"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", (), {}):
        return "not set"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    sys.stdout.write(page())
