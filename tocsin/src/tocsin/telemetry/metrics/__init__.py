"""Metrics: declared with bounds, recorded in memory, read by whoever asks.

>>> client = MetricsClient("shop")
>>> orders = client.counter(
...     "orders_total", "Orders taken.", labels=(one_of("channel", "web", "phone"),)
... )
>>> orders.inc(channel="web")
>>> orders.value(channel="web"), orders.value(channel="phone")
(1.0, 0.0)
"""

from tocsin.telemetry.metrics.catalogue import InstrumentSpec, Shape
from tocsin.telemetry.metrics.children import BoundCounter, BoundGauge, BoundHistogram
from tocsin.telemetry.metrics.client import MetricsClient, Resource
from tocsin.telemetry.metrics.instruments import Counter, Gauge, Histogram
from tocsin.telemetry.metrics.labels import (
    INVALID,
    OTHER,
    UNKNOWN,
    Label,
    LabelKind,
    bounded,
    one_of,
    pseudonym,
    status_code,
)
from tocsin.telemetry.metrics.self_metrics import SelfMetrics

__all__ = [
    "INVALID",
    "OTHER",
    "UNKNOWN",
    "BoundCounter",
    "BoundGauge",
    "BoundHistogram",
    "Counter",
    "Gauge",
    "Histogram",
    "InstrumentSpec",
    "Label",
    "LabelKind",
    "MetricsClient",
    "Resource",
    "SelfMetrics",
    "Shape",
    "bounded",
    "one_of",
    "pseudonym",
    "status_code",
]
