"""What tocsin raises, so that a caller can tell our mistakes from its own.

>>> issubclass(DeclarationError, TocsinError)
True
"""


class TocsinError(Exception):
    """The root of everything that tocsin raises on purpose."""


class DeclarationError(TocsinError, ValueError):
    """A metric, label or setting was declared in a way that cannot work."""


class TelemetryMisuseError(TocsinError, TypeError):
    """A recording call does not fit its declaration (a missing label, a wrong name)."""
