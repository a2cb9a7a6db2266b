"""``google.api.http`` path templates: which path they match, and what they take from it.

Source: https://github.com/googleapis/googleapis/blob/master/google/api/http.proto

>>> template = PathTemplate("/v1/{name=projects/*/services/*}:enable")
>>> template.match("/v1/projects/p/services/run.googleapis.com:enable")
{'name': 'projects/p/services/run.googleapis.com'}
>>> template.match("/v1/projects/p/services") is None
True
"""

import re
from typing import Final
from urllib.parse import unquote

_VARIABLE: Final = re.compile(r"\{([\w.]+)(?:=([^}]*))?\}")
_KEPT_ENCODED: Final = re.compile(r"(%2[fF])")


class PathTemplate:
    """One template, ready to be matched against undecoded paths."""

    def __init__(self, template: str) -> None:
        self.template = template
        self._names: list[tuple[str, bool]] = []
        pattern, at = "", 0
        for variable in _VARIABLE.finditer(template):
            pattern += re.escape(template[at : variable.start()])
            segments = variable[2] or "*"
            self._names.append((variable[1], segments == "*"))
            pattern += f"({_segments_pattern(segments)})"
            at = variable.end()
        self._pattern = re.compile(pattern + re.escape(template[at:]))

    def match(self, path: str) -> dict[str, str] | None:
        """The fields that ``path`` gives, decoded; None if it is another method's path."""
        found = self._pattern.fullmatch(path)
        if found is None:
            return None
        return {
            name: unquote(value) if single else _decoded_but_slashes(value)
            for (name, single), value in zip(self._names, found.groups(), strict=True)
        }


def _segments_pattern(segments: str) -> str:
    parts = re.split(r"(\*\*|\*)", segments)
    pattern = {"**": ".+", "*": "[^/]+"}
    return "".join(pattern.get(part) or re.escape(part) for part in parts)


def _decoded_but_slashes(value: str) -> str:
    """A variable of several segments keeps ``%2F``: else it would seem one segment more."""
    parts = _KEPT_ENCODED.split(value)
    return "".join(part if index % 2 else unquote(part) for index, part in enumerate(parts))
