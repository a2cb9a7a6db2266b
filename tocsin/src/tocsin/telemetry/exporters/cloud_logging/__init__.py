"""Log lines to Google Cloud Logging's API, where no agent reads stdout (extra ``gcp``).

On Cloud Run and GKE an agent reads standard output already: there, leave this off, or the
lines are kept and paid twice.

    courier, lines = log_courier(endpoint, writer, log_id="shop")
    telemetry.logs.send_also(lines)
    delivery = Delivery([courier, …], …)
"""

from tocsin.telemetry.exporters.cloud_logging.carrier import CloudLogging, log_courier
from tocsin.telemetry.exporters.cloud_logging.lines import LogLines

__all__ = ["CloudLogging", "LogLines", "log_courier"]
