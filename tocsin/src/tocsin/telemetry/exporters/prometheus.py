"""What ``/metrics`` serves: the page that a Prometheus reads, in the format it asks for.

Prometheus' text format unless the reader prefers OpenMetrics, which alone can carry exemplars
(https://prometheus.io/docs/instrumenting/content_negotiation/). Whoever serves the page
guards it, and calls this in a thread: with several worker processes it reads their files.

>>> from tocsin.telemetry.metrics import MetricsClient
>>> client = MetricsClient("shop")
>>> client.counter("orders_total", "Orders.").inc()
>>> page(client)[1]
'text/plain; version=0.0.4; charset=utf-8'
>>> text, media_type = page(client, accept="application/openmetrics-text;version=1.0.0")
>>> media_type, text.splitlines()[-1]
('application/openmetrics-text; version=1.0.0; charset=utf-8', b'# EOF')
"""

from typing import Final

from tocsin.telemetry.metrics import MetricsClient

_OPENMETRICS: Final = "application/openmetrics-text"
_ELSE: Final = frozenset({"text/plain", "text/*", "*/*"})


def page(metrics: MetricsClient, *, accept: str = "") -> tuple[bytes, str]:
    """All numbers and their content type, for a reader whose ``Accept`` this is.

    Raises:
        OSError: the workers' directory cannot be read; a part would be worse than none.
    """
    return metrics.exposition(openmetrics=prefers_openmetrics(accept))


def prefers_openmetrics(accept: str) -> bool:
    """Whether OpenMetrics weighs more here than plain text, or as much and stands first.

    >>> prefers_openmetrics("text/plain;version=0.0.4;q=0.5, application/openmetrics-text;q=0.8")
    True
    >>> prefers_openmetrics("text/html, */*;q=0.8"), prefers_openmetrics("nonsense;q=x")
    (False, False)
    """
    best, chosen = 0.0, ""
    for part in accept.split(","):
        kind, *parameters = (text.strip().lower() for text in part.split(";"))
        weight = _weight(parameters)
        if weight > best and (kind == _OPENMETRICS or kind in _ELSE):
            best, chosen = weight, kind
    return chosen == _OPENMETRICS


def _weight(parameters: list[str]) -> float:
    told = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        return float(told)
    except ValueError:
        return 0.0
