"""OpenTelemetry's context variable itself, so that to attach a span costs two calls in C.

``opentelemetry.context.attach`` and ``detach`` go through five Python functions to set one
context variable. It has no public name, but whoever attaches a context finds it. Where the
context lives elsewhere (``OTEL_PYTHON_CONTEXT``), the public functions are used.

>>> from opentelemetry.trace import get_current_span
>>> token = enter(INVALID_SPAN)
>>> get_current_span() is INVALID_SPAN
True
>>> leave(token)
"""

from collections.abc import Callable
from contextvars import ContextVar, Token, copy_context
from typing import Any, Final

from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.trace import INVALID_SPAN, Span, set_span_in_context

_SPAN_KEY: Final = next(iter(set_span_in_context(INVALID_SPAN, Context())))


def _variable() -> ContextVar[Context] | None:
    """The variable that holds OpenTelemetry's context; looked for in a context of its own."""

    def found() -> ContextVar[Context] | None:
        mine = Context()
        attach(mine)
        return next((var for var, value in copy_context().items() if value is mine), None)

    return copy_context().run(found)


_VARIABLE: Final = _variable()


def _enter_quickly(span: Span) -> Any:
    held = _HELD(None)
    return _SET(Context({**held, _SPAN_KEY: span} if held else {_SPAN_KEY: span}))


def _enter(span: Span) -> Token[Context]:
    return attach(Context({**get_current(), _SPAN_KEY: span}))


_SET: Final[Any] = _VARIABLE.set if _VARIABLE is not None else None
_HELD: Final[Any] = _VARIABLE.get if _VARIABLE is not None else None

enter: Final[Callable[[Span], Token[Context]]] = _enter if _VARIABLE is None else _enter_quickly
"""Make a span the current one; the answer is for :func:`leave`."""
leave: Final[Callable[[Token[Context]], None]] = detach if _VARIABLE is None else _VARIABLE.reset
"""Give OpenTelemetry's context back as it was before."""
