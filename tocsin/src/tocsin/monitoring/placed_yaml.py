r"""YAML whose mappings know where they stand, so that an error names file and line.

>>> from pathlib import Path
>>> one = loaded("a: 1\nb: {c: 2}", Path("x.yaml"))
>>> one["b"].line, one["b"].place
(2, 'x.yaml:2')
"""

from pathlib import Path
from typing import Any

import yaml

from tocsin.errors import DeclarationError


class Placed(dict[str, Any]):
    """A mapping of a file."""

    file: Path
    line: int

    @property
    def place(self) -> str:
        """``file:line``."""
        return f"{self.file}:{self.line}"


def loaded(text: str, file: Path) -> Any:
    """What ``text`` says.

    Raises:
        DeclarationError: it is no YAML, or says the same key twice.
    """

    class Loader(yaml.SafeLoader):
        """Safe, and remembers lines."""

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> Placed:
        made = Placed()
        made.file, made.line = file, node.start_mark.line + 1
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node)
            if key in made:
                line = key_node.start_mark.line + 1
                raise DeclarationError(f"{file}:{line}: {key!r} stands here twice: keep one")
            made[key] = loader.construct_object(value_node, deep=True)
        return made

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DeclarationError(f"{file}:{line}: no YAML: {error.problem}") from error
