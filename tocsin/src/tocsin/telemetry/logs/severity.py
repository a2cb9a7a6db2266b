"""Python's levels in Cloud Logging's vocabulary.

Google knows nine names and stores any other as DEFAULT, where no filter finds it
(``LogSeverity`` in google/logging/type/log_severity.proto), so a level of one's own maps
to the nearest name below it.

>>> severity_of(25), severity_of(5, "TRACE"), severity_of(35, "ALERT")
('NOTICE', 'DEBUG', 'ALERT')
"""

from typing import Final

SEVERITIES: Final = (
    "DEFAULT",
    "DEBUG",
    "INFO",
    "NOTICE",
    "WARNING",
    "ERROR",
    "CRITICAL",
    "ALERT",
    "EMERGENCY",
)
PYTHON_NAMES: Final = frozenset(
    {"NOTSET", "DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL"}
)

_NAMES: Final = frozenset(SEVERITIES) - {"DEFAULT"}
_FLOORS: Final = (
    (70, "EMERGENCY"),
    (60, "ALERT"),
    (50, "CRITICAL"),
    (40, "ERROR"),
    (30, "WARNING"),
    (25, "NOTICE"),
    (20, "INFO"),
    (1, "DEBUG"),
)


def severity_of(level: int, name: str = "") -> str:
    """The severity of a level; a level that bears a severity's own name keeps it."""
    upper = name.upper()
    if upper in _NAMES:
        return upper
    for floor, severity in _FLOORS:
        if level >= floor:
            return severity
    return "DEFAULT"
