"""A small Google Cloud on this desk, and what is rehearsed on it.

Nothing in here imports ``tocsin.telemetry``: it meets a service over the wire only, as
Google does, and that keeps it honest.
"""
