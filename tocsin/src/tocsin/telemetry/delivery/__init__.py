"""How telemetry leaves the process: bounded queues, couriers, one flush at the end."""

from tocsin.telemetry.delivery.backoff import Backoff, RetryBudget
from tocsin.telemetry.delivery.bounded_queue import BoundedQueue
from tocsin.telemetry.delivery.carrier import Carrier, Receipt, Undelivered
from tocsin.telemetry.delivery.complaints import Complaints
from tocsin.telemetry.delivery.courier import Courier
from tocsin.telemetry.delivery.deliveries import CLOSE_WITHIN_S, Delivery
from tocsin.telemetry.delivery.delivery_metrics import DeliveryMetrics
from tocsin.telemetry.delivery.inheritance import Inheritance
from tocsin.telemetry.delivery.readings import Reading, Readings

__all__ = [
    "CLOSE_WITHIN_S",
    "Backoff",
    "BoundedQueue",
    "Carrier",
    "Complaints",
    "Courier",
    "Delivery",
    "DeliveryMetrics",
    "Inheritance",
    "Reading",
    "Readings",
    "Receipt",
    "RetryBudget",
    "Undelivered",
]
