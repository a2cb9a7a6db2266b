"""The whole of telemetry with its output in memory, for tests of a service that uses it.

>>> from tocsin.telemetry.logs import get_logger
>>> with CapturedTelemetry() as captured:
...     get_logger("shop.orders").info("order_paid", cents=1250)
>>> captured.line("order_paid")["cents"]
1250
"""

import io
import os
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Self

from starlette.applications import Starlette

from tocsin.clock import Clock
from tocsin.telemetry.access import LOGGER as ACCESS_LOGGER
from tocsin.telemetry.assembly import Telemetry
from tocsin.telemetry.http_metrics import HttpMetrics
from tocsin.telemetry.metrics import MetricsClient
from tocsin.telemetry.settings import Environment, TelemetrySettings
from tocsin.telemetry.testing.clock import HandClock
from tocsin.telemetry.testing.lines import parse_lines

_KEY: Final = b"a key for tests, and only for tests"
_FLUSH_WITHIN_S: Final = 5.0


class CapturedTelemetry:
    """A :class:`~tocsin.telemetry.assembly.Telemetry` of its own, installed within a block.

    Its clock is a :class:`HandClock` unless another is given, its metrics start at 0, and
    its settings are those of a test (failures of telemetry are raised) unless said
    otherwise: ``CapturedTelemetry(environment=Environment.PRODUCTION)``.
    """

    def __init__(
        self,
        settings: TelemetrySettings | None = None,
        *,
        app: Starlette | None = None,
        clock: Clock | None = None,
        namespace: str = "test",
        random_bytes: Callable[[int], bytes] = os.urandom,
        **changes: Any,
    ) -> None:
        known = settings or TelemetrySettings(service="test", environment=Environment.TEST)
        self.stream = io.BytesIO()
        self.clock = clock if clock is not None else HandClock()
        self.metrics = MetricsClient(namespace)
        self.http = HttpMetrics(self.metrics)
        self.telemetry = Telemetry(
            replace(known, **changes),
            metrics=self.metrics,
            http=self.http,
            pseudonym_key=_KEY,
            stream=self.stream,
            clock=self.clock,
            random_bytes=random_bytes,
        )
        if app is not None:
            self.telemetry.wrap(app)

    def __enter__(self) -> Self:
        self.telemetry.install()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.telemetry.close()

    def lines(self, message: str = "") -> list[dict[str, Any]]:
        """Every line so far, or those with this message, strictly parsed."""
        self.telemetry.logs.flush(_FLUSH_WITHIN_S)
        entries = parse_lines(self.stream.getvalue())
        return [entry for entry in entries if not message or entry["message"] == message]

    def line(self, message: str) -> dict[str, Any]:
        """The one line with this message.

        Raises:
            AssertionError: there is none, or more than one.
        """
        return _only(self.lines(message), f"line with the message {message!r}")

    def access_lines(self) -> list[dict[str, Any]]:
        """The access lines so far."""
        return [entry for entry in self.lines() if entry.get("logger") == ACCESS_LOGGER]

    def access_line(self) -> dict[str, Any]:
        """The one access line.

        Raises:
            AssertionError: there is none, or more than one.
        """
        return _only(self.access_lines(), "access line")

    def exposition(self) -> str:
        """The metrics as ``/metrics`` would show them."""
        return self.metrics.exposition()[0].decode()


def _only(entries: list[dict[str, Any]], what: str) -> dict[str, Any]:
    if len(entries) != 1:
        raise AssertionError(f"expected one {what}, found {len(entries)}: {entries}")
    return entries[0]
