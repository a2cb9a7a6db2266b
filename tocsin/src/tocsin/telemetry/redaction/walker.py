"""The redactor: what every log field, message and path passes through.

It makes new values and leaves the caller's alone; it is bounded in depth, items and
characters; and it fails closed: what it cannot redact is withheld, and the guard is told.

>>> redactor = Redactor(extra_keys=["studentQuery"])
>>> redactor.event({"password": "hunter2", "student_query": "why?", "token_count": 3})
{'password': '[redacted]', 'student_query': '[redacted]', 'token_count': 3}
>>> redactor.value("note", {"to": ["ada@school.example"], "at": "2026-11-23T18:10:00Z"})
{'to': ['[redacted]'], 'at': '2026-11-23T18:10:00Z'}
>>> redactor.url_path("/students/ada-lovelace/lessons/42")
'/students/[redacted]/lessons/42'
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tocsin.telemetry.guard import Guard
from tocsin.telemetry.redaction.keys import Vocabulary
from tocsin.telemetry.redaction.limits import Limits
from tocsin.telemetry.redaction.mask import WITHHELD
from tocsin.telemetry.redaction.text import TextMasker
from tocsin.telemetry.redaction.values import ValueWalk

_NO_LIMITS_OF_ITS_OWN: Final = Limits()


class Redactor:
    """Hides secrets and personal data by name and by form; never raises.

    ``extra_keys`` are names of the service's own whose values are hidden, in any
    spelling. A guard that is ``strict`` raises what it is told, as it does everywhere.
    """

    def __init__(
        self,
        *,
        extra_keys: Iterable[str] = (),
        guard: Guard | None = None,
        limits: Limits = _NO_LIMITS_OF_ITS_OWN,
    ) -> None:
        self._guard = guard if guard is not None else Guard()
        self._vocabulary = Vocabulary(extra_keys)
        self._limits = limits
        self._masker = TextMasker(self._vocabulary, chars_at_most=limits.text_chars)

    def text(self, text: str) -> str:
        """A message, an exception's text or a traceback without what must not leave."""
        try:
            return self._masker.masked(text)
        except Exception as error:  # noqa: BLE001 - fails closed (behaviour 31)
            return self._withheld("redaction.text", error)

    def value(self, key: str, value: Any) -> Any:
        """What may be shown of ``value`` under the name ``key``.

        Numbers, dates and the like come back as they are, containers as new lists,
        tuples and dicts with text for keys, everything else as redacted text.
        """
        try:
            return self._walk().named(key, value, depth=0)
        except Exception as error:  # noqa: BLE001 - fails closed (behaviour 31)
            return self._withheld("redaction.value", error)

    def event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of one log line, each fit to leave."""
        try:
            return self._walk().mapping(event, depth=0)
        except Exception as error:  # noqa: BLE001 - fails closed (behaviour 31)
            return {"event": self._withheld("redaction.event", error)}

    def url_path(self, path: str) -> str:
        """The path of a request without its query; numbers and UUIDs stay."""
        try:
            return self._masker.path(path)
        except Exception as error:  # noqa: BLE001 - fails closed (behaviour 31)
            return self._withheld("redaction.path", error)

    def _walk(self) -> ValueWalk:
        return ValueWalk(self._vocabulary, self._masker, self._limits, self._withheld)

    def _withheld(self, site: str, error: Exception) -> str:
        self._guard.failed(site, error)
        return WITHHELD
