"""A log pipeline that writes to memory, and what it wrote, read strictly."""

import io
import logging
from types import TracebackType
from typing import Any, Self

from tocsin.clock import Clock
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.logs import LogPipeline, RingBudget
from tocsin.telemetry.redaction import Redactor
from tocsin.telemetry.settings import Environment, TelemetrySettings
from tocsin.telemetry.testing import HandClock, parse_lines

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN_ID = "00f067aa0ba902b7"


class Logged:
    """An installed pipeline of its own; settings by keyword."""

    def __init__(
        self,
        *,
        redactor: Any = None,
        guard: Guard | None = None,
        clock: Clock | None = None,
        ring_budget: RingBudget | None = None,
        **settings: Any,
    ) -> None:
        known = {"service": "shop", "environment": Environment.TEST, "instance": "i-1"}
        self.stream = io.BytesIO()
        self.clock = clock or HandClock()
        self.guard = guard or Guard(strict=True)
        self.dropped: list[str] = []
        self.pipeline = LogPipeline(
            TelemetrySettings(**{**known, **settings}),
            redactor=redactor or Redactor(guard=self.guard),
            guard=self.guard,
            stream=self.stream,
            clock=self.clock,
            on_dropped=self.dropped.append,
            ring_budget=ring_budget,
        )

    def __enter__(self) -> Self:
        # pytest's own handler formats every record itself, and raises where that fails.
        self._others, logging.root.handlers = logging.root.handlers, []
        self.pipeline.install()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.pipeline.uninstall()
        logging.root.handlers = self._others

    def lines(self, message: str = "") -> list[dict[str, Any]]:
        """All lines so far, or those with this message."""
        assert self.pipeline.flush(5.0)
        entries = parse_lines(self.stream.getvalue())
        return [one for one in entries if not message or one["message"] == message]

    def line(self, message: str = "") -> dict[str, Any]:
        """The one line (with this message)."""
        (entry,) = self.lines(message)
        return entry
