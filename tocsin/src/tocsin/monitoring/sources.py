r"""Pieces of files, and the alarms of a rule file with the place of each of their fields.

>>> source = Source.whole(Path("a.yaml"), "one\ntwo three")
>>> place = source.place("three")
>>> place.line, place.column, place.excerpt
(2, 4, 'two three')
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tocsin.errors import DeclarationError


@dataclass(frozen=True)
class Place:
    """Where: the line counts from 1, ``column`` from 0."""

    file: Path
    line: int
    column: int
    length: int
    excerpt: str


@dataclass(frozen=True)
class Source:
    """A piece of a file, from ``start`` to ``end`` of its ``text``."""

    file: Path
    text: str
    start: int
    end: int

    @classmethod
    def whole(cls, file: Path, text: str) -> "Source":
        """All of a file."""
        return cls(file, text, 0, len(text))

    @classmethod
    def from_line(cls, file: Path, text: str, line: int) -> "Source":
        """A file from a line (from 1) on."""
        before = text.splitlines(keepends=True)[: line - 1]
        return cls(file, text, len("".join(before)), len(text))

    @property
    def line(self) -> int:
        """The line, from 1, on which it begins."""
        return self.text.count("\n", 0, self.start) + 1

    def place(self, token: str = "", nth: int = 0) -> Place:
        """Where ``token`` stands for the ``nth`` time (from 0), or else the piece's beginning."""
        at, length = self.start, 1
        found = self.start - 1
        for _ in range(nth + 1 if token else 0):
            found = self.text.find(token, found + 1, self.end)
            if found < 0:
                break
            at, length = found, len(token)
        line_start = self.text.rfind("\n", 0, at) + 1
        line_end = self.text.find("\n", at)
        excerpt = self.text[line_start : line_end if line_end >= 0 else len(self.text)]
        return Place(self.file, self.text.count("\n", 0, at) + 1, at - line_start, length, excerpt)


@dataclass(frozen=True)
class Field:
    """A value of a rule and where it stands."""

    value: str
    source: Source


@dataclass(frozen=True)
class Alert:
    """A rule; ``fields`` are by name: ``expr``, ``for``, ``labels.severity``, ``annotations.…``."""

    name: str
    fields: dict[str, Field]
    interval: Field | None
    source: Source

    def text(self, field: str) -> str:
        """The value of a field, or nothing."""
        return self.fields[field].value if field in self.fields else ""

    def place(self, field: str = "alert") -> Place:
        """Where a field stands, or the alarm's name if it has none such."""
        known = self.fields.get(field) or self.fields["alert"]
        return known.source.place(known.value.split("\n", 1)[0].strip())


def read(file: Path) -> str:
    """A file's text.

    Raises:
        DeclarationError: it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise DeclarationError(f"cannot read {file}: {reason}") from error


def alerts_in(file: Path, text: str) -> Iterator[Alert]:
    """The alarms of a Prometheus rule file, as they stand there.

    Raises:
        DeclarationError: it is no rule file.
    """
    import yaml  # noqa: PLC0415 - an extra

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DeclarationError(f"{file}:{line}: no YAML: {error.problem}") from error
    groups = _pairs(root).get("groups")
    if groups is None:
        raise DeclarationError(f"{file}: no rule file: it has no `groups`")
    for group in _items(groups, file):
        fields = _pairs(group)
        interval = fields.get("interval")
        for rule in _items(fields.get("rules"), file):
            yield from _alert(rule, Source.whole(file, text), interval)


def _alert(rule: Any, whole: Source, interval: Any) -> Iterator[Alert]:
    fields = dict(_flat(rule, whole))
    if "alert" not in fields:
        return  # a recording rule
    line = rule.start_mark.line + 1
    if not fields.get("expr"):
        raise DeclarationError(f"{whole.file}:{line}: an alarm without `expr`: say when it rings")
    yield Alert(
        name=fields["alert"].value,
        fields=fields,
        interval=_field(interval, whole) if interval is not None else None,
        source=Source(whole.file, whole.text, rule.start_mark.index, rule.end_mark.index),
    )


def _flat(node: Any, whole: Source, before: str = "") -> Iterator[tuple[str, Field]]:
    for key, value in _pairs(node).items():
        if hasattr(value, "value") and isinstance(value.value, str):
            yield f"{before}{key}", _field(value, whole)
        else:
            yield from _flat(value, whole, f"{before}{key}.")


def _field(node: Any, whole: Source) -> Field:
    source = Source(whole.file, whole.text, node.start_mark.index, node.end_mark.index)
    return Field(str(node.value), source)


def _pairs(node: Any) -> dict[str, Any]:
    pairs = getattr(node, "value", None)
    if not isinstance(pairs, list) or not all(isinstance(one, tuple) for one in pairs):
        return {}
    return {key.value: value for key, value in pairs}


def _items(node: Any, file: Path) -> list[Any]:
    found = getattr(node, "value", None)
    if not isinstance(found, list):
        line = node.start_mark.line + 1 if node is not None else 1
        raise DeclarationError(f"{file}:{line}: here a list is needed, of groups or of rules")
    return found
