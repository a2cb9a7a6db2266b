"""The log pipeline of one process: from every logger to one stream, redacted.

>>> import io
>>> from tocsin.clock import SystemClock
>>> from tocsin.telemetry.guard import Guard
>>> from tocsin.telemetry.logs import get_logger
>>> from tocsin.telemetry.redaction import Redactor
>>> from tocsin.telemetry.settings import Environment, TelemetrySettings
>>> lines, guard = io.BytesIO(), Guard()
>>> pipeline = LogPipeline(
...     TelemetrySettings(service="shop", environment=Environment.PRODUCTION),
...     redactor=Redactor(), guard=guard, stream=lines, clock=SystemClock(),
... )
>>> pipeline.install()
>>> get_logger("shop.cart").info("cart_filled", items=3)
>>> pipeline.uninstall()
>>> b'"message":"cart_filled"' in lines.getvalue(), b'"items":3' in lines.getvalue()
(True, True)
"""

import atexit
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final
from zlib import crc32

import structlog

from tocsin.clock import Clock
from tocsin.telemetry.context import RequestContext
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.logs.console import ConsoleRendering
from tocsin.telemetry.logs.doors import lead_to
from tocsin.telemetry.logs.draft import Happening
from tocsin.telemetry.logs.encoding import encode
from tocsin.telemetry.logs.entry import EntryShape, Redacts
from tocsin.telemetry.logs.error_events import ErrorJudge
from tocsin.telemetry.logs.levels import LevelTable
from tocsin.telemetry.logs.loggers import PROCESSORS, EventLogger, door_for
from tocsin.telemetry.logs.process_hooks import ProcessHooks
from tocsin.telemetry.logs.recorder import OWN_NAME, Recorder
from tocsin.telemetry.logs.ring import DebugRing, RingBudget, RingOnDemand, RingState
from tocsin.telemetry.logs.sink import LineSink
from tocsin.telemetry.logs.standard_library import RecordHandler, StandardLibrary
from tocsin.telemetry.logs.timestamps import rfc3339
from tocsin.telemetry.settings import TelemetrySettings

_AT_EXIT_S: Final = 2.0
_HASHES: Final = 2**32


class LogPipeline:
    """Everything between the loggers of a process and its log stream."""

    def __init__(
        self,
        settings: TelemetrySettings,
        *,
        redactor: Redacts,
        guard: Guard,
        clock: Clock,
        stream: BinaryIO | None = None,
        on_dropped: Callable[[str], None] | None = None,
        ring_budget: RingBudget | None = None,
    ) -> None:
        """Make it, touching nothing yet; ``stream`` is standard output unless given.

        ``on_dropped`` hears a cause for each line that is lost: ``backlog_full``,
        ``closed``, ``failed``, ``debug_ring_full``, ``debug_budget_spent``.

        Raises:
            DeclarationError: a level in the settings is unknown.
        """
        self.guard = guard
        self.levels = LevelTable(settings.log_level, settings.logger_levels)
        self._on_dropped = on_dropped
        self._sampled_below = round(settings.debug_sample_ratio * _HASHES)
        self.shape = EntryShape(settings, redactor=redactor, started_ns=clock.wall_ns())
        self._clock = clock
        stream = stream if stream is not None else _standard_output()
        self._render = _rendering(settings, stream)
        self._sink = LineSink(stream, on_dropped=self._dropped, announce=self._announcement)
        self._put = self._sink.put
        # An entry that its caller encodes itself, when the sink asks: see `put_later`.
        self.write_later = self._sink.put_later
        self._budget = ring_budget or RingBudget()
        self.ring_on_demand = RingOnDemand(self._budget)
        self._recorder = Recorder(
            self.shape,
            clock=clock,
            guard=guard,
            write=self.write,
            on_dropped=self._dropped,
            sampled=self.debug_sampled,
        )
        self.now_ns = self._recorder.now_ns
        self.next_sequence = self._recorder.next_sequence
        self._handler = RecordHandler(self._recorder, self.levels, self._sink.drain)
        self._library = StandardLibrary(self._handler, self.levels)
        self._hooks = ProcessHooks(self._recorder)
        self._structlog_before: dict[str, Any] | None = None

    def install(self) -> None:
        """Lead every logger of the process here.

        May be repeated, and should be after somebody else's ``dictConfig``. A pipeline
        that was installed before steps back until this one is uninstalled.
        """
        if _installed and _installed[-1] is not self:
            _installed[-1]._detach()  # noqa: SLF001 - one of our own kind
        if self in _installed:
            _installed.remove(self)
        _installed.append(self)
        self._attach()

    def uninstall(self) -> None:
        """Give everything back as it was found, and flush."""
        if self not in _installed:
            return
        on_top = _installed[-1] is self
        _installed.remove(self)
        if on_top:
            self._detach()
            if _installed:
                _installed[-1]._attach()  # noqa: SLF001 - one of our own kind
        self._sink.flush(_AT_EXIT_S)

    def close(self, timeout_s: float = _AT_EXIT_S) -> bool:
        """Uninstall and let go of the stream; whether every line was out in time."""
        self.uninstall()
        return self._sink.close(timeout_s)

    def ring(self) -> DebugRing:
        """A ring for one request's lines that its level leaves out."""
        return DebugRing(self._budget)

    def keep(self, ring: DebugRing) -> None:
        """Write a ring's lines: its request failed, was slow, or is sampled."""
        with self.guard("logs.keep"):
            self._recorder.keep(ring)

    def discard(self, ring: DebugRing) -> None:
        """Drop a ring's lines: its request went well."""
        ring.close(RingState.DISCARDED)

    def settle(self, context: RequestContext, *, keep: bool) -> None:
        """Write or drop what the ring of a request or job holds, now that it has ended.

        ``keep`` says that it failed or was slow. What a sampled trace says has been
        written already.
        """
        ring = context.ring
        if ring is self.ring_on_demand:
            if not keep:
                return  # it said nothing, and what it may still say is as unwanted
            ring = self.ring_on_demand.ring_of(context)
        if isinstance(ring, DebugRing):
            if keep or ring.state is RingState.KEPT:
                self.keep(ring)
            else:
                self.discard(ring)

    def take(self, told: Happening, *, written: bool) -> None:
        """Record an event (for loggers)."""
        self._recorder.take(told, written=written)

    def judge_errors(self, judge: ErrorJudge | None) -> None:
        """Let ``judge`` decide which errors are events; without one, every exception is."""
        self._recorder.judge = judge

    def send_also(
        self, also: Callable[[Sequence[bytes]], None] | None, *, instead: bool = False
    ) -> None:
        """Give every line to an exporter as well, or ``instead`` of the stream; None ends it.

        It is called with the lines of one write, in the thread that made them, and must
        neither wait nor raise (:class:`~tocsin.telemetry.exporters.cloud_logging.LogLines`).
        """
        self._sink.send_also(also, instead=instead)

    def open_package(self, name: str) -> None:
        """Let the standard-library loggers of a package of ours fill the rings too."""
        self._library.open_package(name)

    def write(self, entry: dict[str, Any]) -> None:
        """Write a finished entry, whose fields are safe already, in Cloud Logging's shape."""
        self._put(self._render(entry))

    def flush(self, timeout_s: float) -> bool:
        """Whether every line was out within ``timeout_s`` seconds."""
        return self._sink.flush(timeout_s)

    def debug_sampled(self, trace_id: str) -> bool:
        """Whether DEBUG lines of this trace are kept, whatever becomes of its requests.

        The same in every service that is given the same ratio: the trace id alone
        decides, by its CRC-32.
        """
        if not trace_id:
            return False
        return crc32(trace_id.lower().encode("ascii", "replace")) < self._sampled_below

    def _attach(self) -> None:
        self._library.take_over()
        self._hooks.put_on()
        lead_to(self)
        if self._structlog_before is None:
            self._structlog_before = structlog.get_config() if structlog.is_configured() else {}
        structlog.configure(
            processors=PROCESSORS,
            wrapper_class=EventLogger,
            context_class=dict,
            logger_factory=door_for,
            cache_logger_on_first_use=False,
        )
        atexit.unregister(self._at_exit)
        atexit.register(self._at_exit)

    def _detach(self) -> None:
        lead_to(None)
        structlog.reset_defaults()
        if self._structlog_before:
            structlog.configure(**self._structlog_before)
        self._structlog_before = None
        self._hooks.take_off()
        self._library.give_back()
        atexit.unregister(self._at_exit)

    def _at_exit(self) -> None:
        self._sink.flush(_AT_EXIT_S)

    def _dropped(self, cause: str) -> None:
        if self._on_dropped is not None:
            with self.guard("logs.on_dropped"):
                self._on_dropped(cause)

    def _announcement(self, counts: Mapping[str, int]) -> bytes:
        return self._render(
            {
                "severity": "WARNING",
                "time": rfc3339(self._clock.wall_ns()),
                "message": "log_lines_dropped",
                "logger": OWN_NAME,
                "logging.googleapis.com/labels": self.shape.labels,
                "dropped": sum(counts.values()),
                "causes": dict(counts),
            }
        )


_installed: list[LogPipeline] = []
"""The last one receives; those before it wait."""


def _rendering(
    settings: TelemetrySettings, stream: BinaryIO
) -> Callable[[Mapping[str, Any]], bytes]:
    if settings.log_format == "json":
        return encode
    # no-color.org: whoever sets it to anything wants none.
    return ConsoleRendering(colours=stream.isatty() and not os.environ.get("NO_COLOR"))


def _standard_output() -> BinaryIO:
    stream = getattr(sys.stdout, "buffer", None)
    return stream if stream is not None else Path(os.devnull).open("wb")
