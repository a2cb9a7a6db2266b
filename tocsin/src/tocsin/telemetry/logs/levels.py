"""Which logger says how much: one level for all, others by name.

A name covers its children by whole segments, and the longest name wins: ``sqlalchemy``
covers ``sqlalchemy.engine`` and not ``sqlalchemy_utils``.

>>> levels = LevelTable("INFO", {"app": "WARNING", "app.services": "DEBUG"})
>>> levels.threshold("app.services.auth"), levels.threshold("app.api"), levels.threshold("other")
(10, 30, 20)
"""

import logging
from collections.abc import Mapping
from typing import Final

from tocsin.errors import DeclarationError
from tocsin.telemetry.settings import Level

_REMEMBERED: Final = 4096
_NUMBERS: Final[Mapping[str, int]] = {
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "CRITICAL": logging.CRITICAL,
}


def level_number(level: Level, where: str) -> int:
    """Python's number of a level.

    Raises:
        DeclarationError: there is no such level; ``where`` tells the reader whose.
    """
    try:
        return _NUMBERS[level]
    except KeyError:
        known = ", ".join(_NUMBERS)
        raise DeclarationError(
            f"{where}: no level is called {level!r}: use one of {known}"
        ) from None


class LevelTable:
    """The thresholds of all loggers, as Python's level numbers."""

    def __init__(self, level: Level, by_name: Mapping[str, Level]) -> None:
        """Read the levels.

        Raises:
            DeclarationError: a level is unknown.
        """
        self.root = level_number(level, "log_level")
        self.by_name: Mapping[str, int] = {
            name: level_number(one, f"logger_levels[{name!r}]") for name, one in by_name.items()
        }
        self._found: dict[str, int | None] = {}

    def threshold(self, name: str) -> int:
        """The lowest level that a logger writes."""
        named = self._named(name)
        return self.root if named is None else named

    def rings(self, name: str) -> bool:
        """Whether lines below the threshold are kept for a request that fails.

        They are, unless the logger was named with WARNING or above: who turns one
        logger down does not want it back through the rings.
        """
        named = self._named(name)
        return named is None or named < logging.WARNING

    def _named(self, name: str) -> int | None:
        try:
            return self._found[name]
        except KeyError:
            pass
        if len(self._found) >= _REMEMBERED:  # names made at run time must not pile up
            self._found.clear()
        found = self._found[name] = self._longest(name)
        return found

    def _longest(self, name: str) -> int | None:
        while name:
            if name in self.by_name:
                return self.by_name[name]
            name = name.rpartition(".")[0]
        return None
