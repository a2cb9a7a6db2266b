"""Doubles for those who test a service that uses tocsin.

A clock that is moved by hand, telemetry whose output stays in memory, and a strict
reader of log lines.
"""

from tocsin.telemetry.testing.captured import CapturedTelemetry
from tocsin.telemetry.testing.clock import HandClock
from tocsin.telemetry.testing.lines import parse_lines

__all__ = ["CapturedTelemetry", "HandClock", "parse_lines"]
