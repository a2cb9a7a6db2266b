"""Metrics to Google Cloud Monitoring, by Google's own client library (extra ``gcp``)."""

from tocsin.telemetry.exporters.cloud_monitoring.carrier import CloudMonitoring, metrics_courier

__all__ = ["CloudMonitoring", "metrics_courier"]
