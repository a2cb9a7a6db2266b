"""What a runbook says to do, done as it is written there: a page that misleads fails its drill.

A statement is found by a word of it, and what stands in capitals is filled in, as the reader
would. Nothing else is changed.

>>> from pathlib import Path
>>> page = Runbook(Path("/nowhere"), "| lock | `SELECT pg_terminate_backend(PID);` |")
>>> page.statement("pg_terminate_backend", PID="42")
'SELECT pg_terminate_backend(42);'
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drills.database import Database, DatabaseRefusedError

_PAGES: Final = Path(__file__).parents[1] / "docs" / "runbooks"
_STATEMENT: Final = re.compile(r"`(SELECT [^`]+;)`")


class RunbookError(Exception):
    """The page does not say what it should, or what it says does not work."""


@dataclass(frozen=True)
class Runbook:
    """One page."""

    file: Path
    text: str

    @classmethod
    def of(cls, name: str) -> "Runbook":
        """The page of this name, without its ending."""
        file = _PAGES / f"{name}.md"
        return cls(file, file.read_text(encoding="utf-8"))

    def statement(self, word: str, **filled_in: str) -> str:
        """The one statement of the page that holds ``word``.

        Raises:
            RunbookError: there is none, or more than one.
        """
        found = [one for one in _STATEMENT.findall(self.text) if word in one]
        if len(found) != 1:
            raise RunbookError(f"{self.file.name}: {len(found)} statements with {word!r}, not one")
        statement = found[0]
        for name, value in filled_in.items():
            statement = re.sub(rf"\b{name}\b", value, statement)
        return statement

    def asked_of(self, database: Database, word: str, **filled_in: str) -> list[str]:
        """What the database answers to that statement: the first column of each row.

        Raises:
            RunbookError: it refuses.
        """
        try:
            rows = database.asked(self.statement(word, **filled_in))
        except DatabaseRefusedError as error:
            raise RunbookError(f"{self.file.name}: {error}") from error
        return [row.split("|")[0] for row in rows]
