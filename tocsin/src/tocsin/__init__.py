"""Observability for FastAPI services on Google Cloud.

``tocsin`` (an alarm bell) knows nothing of the service that uses it. What a running
process says lives in :mod:`tocsin.telemetry`.
"""

__version__ = "0.1.0"
