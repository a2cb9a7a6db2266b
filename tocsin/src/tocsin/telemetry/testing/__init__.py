"""Doubles for those who test a service that uses tocsin: a clock moved by hand, captured lines."""

from tocsin.telemetry.testing.clock import HandClock

__all__ = ["HandClock"]
