"""Where the watching middleware sits: outside of everything, Starlette's own included.

Starlette's first layer answers unhandled exceptions with 500. What stands inside of it
never sees such an answer; in an earlier system the logger stood innermost, so that no
429 and no lockout was ever counted (D31, D33). Hence we stand around the finished stack.
"""

from collections.abc import Callable

from fastapi import FastAPI
from starlette.types import ASGIApp

from tocsin.telemetry.assembly import Telemetry

Layer = Callable[[ASGIApp], ASGIApp]


def enclose(app: FastAPI, telemetry: Telemetry, *layers: Layer) -> None:
    """Put ``layers`` around the whole of ``app``, the first outermost, telemetry around them."""
    build = app.build_middleware_stack

    def build_enclosed() -> ASGIApp:
        stack = build()
        for layer in reversed(layers):
            stack = layer(stack)
        return stack

    app.build_middleware_stack = build_enclosed  # type: ignore[method-assign] # Starlette's seam
    telemetry.wrap(app)
