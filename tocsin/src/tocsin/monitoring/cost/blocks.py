r"""Terraform's files, as far as a bill needs them: resources with plain values and variables.

It is no interpreter: a value is a literal or ``var.NAME``, and what is neither is told as
text. ``count`` and ``for_each`` are not followed: a block is one resource.

>>> text = 'resource "a_check" "up" {\n  period = var.period\n  places = ["x", "y"]\n}\n'
>>> [(one.name, one.value("period", {"period": "60s"})) for one in resources(text, "a_check")]
[('up', '60s')]
>>> next(resources(text, "a_check")).value("places", {})
['x', 'y']
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.sources import read

_RESOURCE: Final = re.compile(r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_VARIABLE: Final = re.compile(r'^variable "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_COMMENT: Final = re.compile(r"(?:^|\s)(?:#|//).*$")
_REFERENCE: Final = re.compile(r"var\.(\w+)")


@dataclass(frozen=True)
class Block:
    """One resource."""

    name: str
    body: str

    def value(self, key: str, variables: Mapping[str, Any]) -> Any:
        """What ``key`` is set to; None if it is not set at all.

        Raises:
            DeclarationError: a variable that has no value.
        """
        found = _set_to(self.body, key)
        reference = _REFERENCE.fullmatch(found) if isinstance(found, str) else None
        if reference is None:
            return found
        if reference[1] not in variables:
            raise DeclarationError(f"{self.name}: {key} is var.{reference[1]}, which has no value")
        return variables[reference[1]]


def resources(text: str, kind: str) -> Iterator[Block]:
    """The resources of one type."""
    for found, name, body in _RESOURCE.findall(text):
        if found == kind:
            yield Block(name, body)


def text_of(folder: Path) -> str:
    """All of a folder's configuration."""
    files = sorted(folder.glob("*.tf"))
    if not files:
        raise DeclarationError(f"{folder}: no *.tf file: `terraform` names the folder of some")
    return "\n".join(read(file) for file in files)


def variables_of(text: str, values: Path | None) -> dict[str, Any]:
    """Every variable that has a plain value: by default, or in a file of values."""
    known = {name: _set_to(body, "default") for name, body in _VARIABLE.findall(text)}
    if values is not None:
        given = read(values)
        set_to = {name: _set_to(given, name, indent="") for name in known}
        known |= {name: value for name, value in set_to.items() if value is not None}
    return {name: value for name, value in known.items() if value is not None}


def _set_to(body: str, key: str, indent: str = "  ") -> Any:
    found = re.search(rf"^{indent}{key}\s*=\s*(.+)$", body, re.MULTILINE)
    if found is None:
        return None
    text = found[1].strip() if '"' in found[1] else _COMMENT.sub("", found[1]).strip()
    if '"' in text:
        text = re.sub(r'(["\]])\s*(?:#|//).*$', r"\1", text)
    try:
        return json.loads(text)
    except ValueError:
        return text
