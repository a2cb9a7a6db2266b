"""What a variant is: an application to measure, and the proof that it did its work.

A variant that does nothing would win every race. So each one states how often per
request its evidence must show (lines in its file, requests counted by its registry,
spans exported), and the harness counts after the clock has stopped.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final


@dataclass
class Built:
    """An application ready to be driven.

    ``drain`` runs inside the timed region, so that work put off to a thread or a batch
    is charged to the requests that caused it. ``between`` runs outside of it, before
    every block. ``evidence`` tells running totals since the start.
    """

    app: Any
    drain: Callable[[], None] | None = None
    between: Callable[[], None] | None = None
    evidence: Callable[[], dict[str, int]] = field(default=dict)
    check: Callable[[], None] | None = None
    """Asserts once, after all measuring, whatever counting cannot show."""


@dataclass(frozen=True)
class Variant:
    """A name in the table; its module is imported only by the process that measures it."""

    name: str
    what: str
    module: str
    alone: bool = False
    """Needs a process of its own: it changes what others would measure."""
    owes: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Evidence per request, as a range."""

    def build(self) -> Built:
        build = getattr(import_module(f"overhead.variants.{self.module}"), f"build_{self.name}")
        return build()


ONCE: Final = (1.0, 1.0)

VARIANTS: Final = {
    variant.name: variant
    for variant in (
        Variant("bare", "FastAPI, nothing added", "floor"),
        Variant("bare_2", "the same again: what it differs by is noise (A/A control)", "floor"),
        Variant("asgi_noop", "a middleware that passes everything on", "floor"),
        Variant("asgi_noop_send", "the same, wrapping send", "floor"),
        Variant("asgi_correlation_id", "request id alone, defaults", "ids"),
        Variant(
            "prom_instrumentator",
            "prometheus-fastapi-instrumentator, defaults",
            "metrics",
            owes={"counted": ONCE},
        ),
        Variant(
            "structlog_line",
            "one line by structlog and orjson, flushed to a file",
            "lines",
            owes={"lines": ONCE},
        ),
        Variant("slowapi", "slowapi as documented, in memory", "limits", owes={"hits": ONCE}),
        Variant(
            "otel_trace_10",
            "OpenTelemetry for FastAPI, 10 % of the traces, exporter discards",
            "tracing",
            owes={"spans": (0.2, 0.5)},
        ),
        Variant(
            "stack_today",
            "the five above together, as their documents say",
            "stack",
            alone=True,
            owes={"lines": ONCE, "counted": ONCE, "hits": ONCE, "spans": (0.2, 0.6)},
        ),
        Variant(
            "tocsin",
            "ids, trace context, context, metrics, redaction, JSON access line to a file",
            "ours",
            owes={"lines": ONCE, "counted": ONCE},
        ),
        Variant(
            "tocsin_trace_10",
            "the same, and a vetted span of 10 % of the traces, exporter discards",
            "ours",
            owes={"lines": ONCE, "counted": ONCE, "spans": (0.08, 0.12)},
        ),
    )
}


def chosen(names: str, *, together: bool) -> list[str]:
    """The variants of a comma-separated list (all if empty), ``bare`` first.

    Raises:
        SystemExit: a name is unknown, or cannot share a process where it would have to.
    """
    wanted = (
        names.split(",")
        if names
        else [name for name, one in VARIANTS.items() if not (together and one.alone)]
    )
    for name in wanted:
        if name not in VARIANTS:
            raise SystemExit(f"no variant is called {name!r}: use {', '.join(VARIANTS)}")
        if together and VARIANTS[name].alone:
            raise SystemExit(f"{name} needs a process of its own: use `run --only {name}`")
    return ["bare", *(name for name in wanted if name != "bare")]


def missing_evidence(variant: Variant, evidence: Mapping[str, int], requests: int) -> list[str]:
    """What a variant owes and does not show after ``requests`` requests."""
    found = []
    for name, (least, most) in variant.owes.items():
        shown = evidence.get(name, 0)
        if not least * requests <= shown <= most * requests:
            found.append(
                f"{variant.name}: {shown} {name} for {requests} requests, "
                f"owed {least:g} to {most:g} each"
            )
    return found
