"""The Logging query language, as far as people filter entries with it.

Held: comparisons ``= != > >= < <= : =~ !~``, quoted and bare values, values in parentheses,
``field:*``, search in all fields, ``AND``, ``OR`` (which binds tighter than AND), ``NOT`` and
``-``, parentheses, comments, ``log_id()``. Comparisons ignore case, regular expressions do
not. Not held: ``SEARCH``, ``sample``, ``ip_in_net``, ``source``; they are refused by name.

Source: https://docs.cloud.google.com/logging/docs/view/logging-query-language

>>> from tocsin.rehearsal.cloud.logs.messages import LogEntry
>>> entry = LogEntry(text_payload="Lesson finished", severity=200)
>>> Query('severity>=INFO AND NOT textPayload:"failed"').matches(entry)
True
"""

from typing import Any

from tocsin.rehearsal.cloud.logs.query.matching import EntryFields
from tocsin.rehearsal.cloud.logs.query.parsing import Predicate, QueryError, parse


class Query:
    """A filter, read once and asked of many entries."""

    def __init__(self, text: str) -> None:
        """Read ``text``.

        Raises:
            QueryError: it is not written in the language.
        """
        self._matches: Predicate = parse(text)

    def matches(self, entry: Any) -> bool:
        """Whether the filter lets ``entry`` through."""
        return self._matches(EntryFields(entry))


def everything() -> Query:
    """The filter that lets all through."""
    return Query("")


__all__ = ["Query", "QueryError", "everything"]
