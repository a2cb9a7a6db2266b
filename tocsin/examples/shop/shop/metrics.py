"""Every metric of the shop, declared once; ``monitoring/tocsin.toml`` names this module.

>>> sorted(one.name for one in metrics.catalogue() if "order" in one.name)
['shop_oldest_unpacked_order_age_seconds', 'shop_orders_total']
"""

from typing import Final

from tocsin.telemetry.http_metrics import HttpMetrics
from tocsin.telemetry.metrics import MetricsClient, one_of

metrics: Final = MetricsClient(namespace="shop")
HTTP: Final = HttpMetrics(metrics, websockets=False)
ORDERS: Final = metrics.counter(
    "orders_total",
    "Orders by what became of them; a card that its bank declined is no fault of ours.",
    labels=(one_of("outcome", "paid", "declined", "failed"),),
)
PAYMENT_ATTEMPTS: Final = metrics.counter(
    "payment_attempts_total",
    "Calls of the payment provider; an order makes two at the most.",
    labels=(one_of("result", "charged", "declined", "unavailable"),),
)
OLDEST_UNPACKED: Final = metrics.gauge(
    "oldest_unpacked_order_age_seconds",
    "How long the oldest order that is paid and not packed has waited; 0 if there is none.",
)
