"""Finished spans in memory, vetted as they would leave, for tests of a service.

It turns tracing on for a :class:`~tocsin.telemetry.assembly.Telemetry`, and needs
OpenTelemetry, as tracing does.

>>> from tocsin.telemetry.testing import CapturedTelemetry
>>> with CapturedTelemetry(trace_ratio=1.0) as captured:
...     spans = CollectedSpans(captured.telemetry)
...     with captured.telemetry.job(correlation_id="lesson-42", name="render"):
...         pass
>>> spans.only().name
'render'
"""

from typing import TYPE_CHECKING, Any

from tocsin.telemetry.assembly import Telemetry

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan


class CollectedSpans:
    """A sink for one process's spans."""

    def __init__(self, telemetry: Telemetry) -> None:
        """Turn tracing on for ``telemetry``, with this as its sink.

        Raises:
            DeclarationError: OpenTelemetry is not installed.
        """
        self.raw: list[Any] = []
        self.bytes = 0
        self.tracing = telemetry.trace_to(self)

    def put(self, item: Any, size: int, /) -> None:
        """Take one finished span."""
        self.raw.append(item)
        self.bytes += size

    def finished(self) -> "list[ReadableSpan]":
        """All spans so far in the order of their ends."""
        vetted = [self.tracing.vetted(one) for one in list(self.raw)]
        return [span for span in vetted if span is not None]

    def named(self, name: str) -> "ReadableSpan":
        """The one span of this name.

        Raises:
            AssertionError: there is none, or more than one.
        """
        found = [span for span in self.finished() if span.name == name]
        if len(found) != 1:
            names = [span.name for span in self.finished()]
            raise AssertionError(f"expected one span {name!r}, found {len(found)} in {names}")
        return found[0]

    def only(self) -> "ReadableSpan":
        """The one span there is.

        Raises:
            AssertionError: there is none, or more than one.
        """
        spans = self.finished()
        if len(spans) != 1:
            raise AssertionError(f"expected one span, found {[span.name for span in spans]}")
        return spans[0]
