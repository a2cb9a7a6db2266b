"""What every WebSocket leaves in the metrics: how many, how long, how much, and why it closed.

>>> from tocsin.telemetry.metrics import MetricsClient, bounded
>>> sockets = WebSocketMetrics(MetricsClient("shop"), bounded("endpoint", 20))
>>> sockets.opened()
>>> sockets.closed("/chat", 4242, 1.5)
>>> sockets.closes.value(endpoint="/chat", code="4xxx")
1.0
"""

from typing import Final

from tocsin.telemetry.metrics.client import MetricsClient
from tocsin.telemetry.metrics.instrument import Instrument
from tocsin.telemetry.metrics.labels import Label, one_of

CONNECTION_BUCKETS_S: Final = (1.0, 10.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)
_CLOSE_CODES: Final = (*(str(code) for code in range(1000, 1016)), "3xxx", "4xxx")


class WebSocketMetrics:
    """The instruments of WebSockets; times in seconds, ``endpoint`` a bounded label."""

    def __init__(self, client: MetricsClient, endpoint: Label) -> None:
        self.connections = client.gauge(
            "websocket_connections", "WebSockets that are open now.", across_workers="livesum"
        ).bind()
        self.duration = client.histogram(
            "websocket_connection_duration_seconds",
            "Life of a WebSocket.",
            labels=(endpoint,),
            buckets=CONNECTION_BUCKETS_S,
        )
        self.messages = client.counter(
            "websocket_messages_total",
            "Messages over WebSockets.",
            labels=(endpoint, one_of("direction", "received", "sent")),
        )
        self.closes = client.counter(
            "websocket_closes_total",
            "WebSockets closed, by close code.",
            labels=(endpoint, one_of("code", *_CLOSE_CODES)),
        )
        self.by_endpoint: tuple[Instrument, ...] = (self.duration, self.messages, self.closes)

    def opened(self) -> None:
        """A WebSocket was accepted."""
        self.connections.inc()

    def message(self, endpoint: str, direction: str) -> None:
        """A message was ``received`` or ``sent``."""
        self.messages.inc(endpoint=endpoint, direction=direction)

    def closed(self, endpoint: str, code: int, duration_s: float) -> None:
        """An accepted WebSocket is over; ``code`` as in RFC 6455, section 7.4."""
        self.connections.dec()
        self.duration.observe(duration_s, endpoint=endpoint)
        self.closes.inc(endpoint=endpoint, code=_close_code(code))


def _close_code(code: int) -> str:
    """The registered code, or the range it is in: clients may invent the rest."""
    text = str(code)
    return text if text in _CLOSE_CODES else f"{text[:1]}xxx"
