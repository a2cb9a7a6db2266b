"""An exception as an event of a span: once in a trace, at the innermost span it left.

The event goes by OpenTelemetry's conventions
(https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/); spans further
out are marked as failed and name its type only. The mark hangs on the exception and
names the trace, for an exception object that is raised again is news elsewhere.

>>> error = ValueError("bad")
>>> is_told(error, "4bf9"), tell(error, "4bf9")["exception.type"], is_told(error, "4bf9")
(False, 'ValueError', True)
"""

from typing import Any, Final

from tocsin.telemetry.logs.exceptions import stack_text

EVENT: Final = "exception"
MESSAGE: Final = "exception.message"
STACK: Final = "exception.stacktrace"

_TOLD: Final = "_tocsin_told_trace"
_MESSAGE_CHARS: Final = 4_096
_NESTED_GROUPS: Final = 32


def error_type(error: BaseException) -> str:
    """The class's full name, which is what tells kinds of failures apart.

    >>> error_type(KeyError("ada")), error_type(OSError())
    ('KeyError', 'OSError')
    """
    kind = type(error)
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def is_told(error: BaseException, trace_id: str, depth: int = 0) -> bool:
    """Whether ``error`` (of a group: each member) is an event of this trace already."""
    if error.__dict__.get(_TOLD) == trace_id:
        return True
    if isinstance(error, BaseExceptionGroup) and depth < _NESTED_GROUPS:
        return all(is_told(one, trace_id, depth + 1) for one in error.exceptions)
    return False


def tell(error: BaseException, trace_id: str) -> dict[str, Any]:
    """The event's attributes, not yet redacted; from here on ``error`` is told."""
    error.__dict__[_TOLD] = trace_id
    try:
        message = str(error)[:_MESSAGE_CHARS]
    except Exception as failure:  # noqa: BLE001 - an exception's own code may raise anything
        message = f"<could not be shown: {type(failure).__name__}>"
    return {"exception.type": error_type(error), MESSAGE: message, STACK: stack_text(error)}
