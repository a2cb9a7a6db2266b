"""What becomes of events while no pipeline is installed: JSON lines on standard error.

That is the time of imports, of a script that never installs one, and after the end. The
level is INFO, and everything is redacted as ever.
"""

import sys
from typing import Any, BinaryIO, cast

from tocsin.clock import SystemClock
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.logs.doors import Destination
from tocsin.telemetry.logs.pipeline import LogPipeline
from tocsin.telemetry.redaction import Redactor
from tocsin.telemetry.settings import Environment, TelemetrySettings


class _StandardError:
    """``sys.stderr`` as it is at the moment of each write; a missing one swallows."""

    def write(self, data: Any) -> int:
        stream = sys.stderr
        if stream is not None:
            stream.write(bytes(data).decode())
        return len(data)

    def flush(self) -> None:
        if sys.stderr is not None:
            sys.stderr.flush()

    def isatty(self) -> bool:
        return sys.stderr is not None and sys.stderr.isatty()


def standard_error() -> Destination:
    """A pipeline that nobody configured."""
    settings = TelemetrySettings(service="unconfigured", environment=Environment.DEVELOPMENT)
    guard = Guard()
    return LogPipeline(
        settings,
        redactor=Redactor(guard=guard),
        guard=guard,
        stream=cast("BinaryIO", _StandardError()),
        clock=SystemClock(),
    )
