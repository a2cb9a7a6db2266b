"""Nothing that names a child or opens a door leaves in telemetry.

Values are hidden by the name they stand under and by their own form, in fields,
messages, exception texts, tracebacks and URLs. What is hidden and what is missed, by
kind, is measured on a labelled corpus and published in ``docs/redaction.md``.

A name of a person has no form of its own: it is hidden under a telling key, and cannot
be found in free text.

>>> redactor = Redactor()
>>> redactor.text("login failed for ada@school.example: password='hunter2'")
"login failed for [redacted]: password='[redacted]'"
>>> is_secret_key("X-Api-Key"), is_secret_key("author")
(True, False)
"""

from tocsin.telemetry.redaction.keys import is_secret_key
from tocsin.telemetry.redaction.limits import Limits
from tocsin.telemetry.redaction.mask import MASK, WITHHELD
from tocsin.telemetry.redaction.walker import Redactor

__all__ = ["MASK", "WITHHELD", "Limits", "Redactor", "is_secret_key"]
