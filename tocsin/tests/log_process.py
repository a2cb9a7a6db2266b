"""Real processes that log, and what came out of their streams."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from tocsin.telemetry.testing import parse_lines

_HERE = Path(__file__).parent
_WITHIN_S = 60
_PROLOGUE = """
import asyncio, logging, os, signal, sys, threading, time, warnings
from tocsin.clock import SystemClock
from tocsin.telemetry.context import RequestContext, request_context
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.logs import LogPipeline, get_logger, mark_recorded
from tocsin.telemetry.redaction import Redactor
from tocsin.telemetry.settings import Environment, TelemetrySettings

log = get_logger("shop.cart")

def pipeline(**settings):
    known = {"service": "shop", "environment": Environment.PRODUCTION}
    guard = Guard()
    return LogPipeline(
        TelemetrySettings(**{**known, **settings}),
        redactor=Redactor(guard=guard), guard=guard, clock=SystemClock(),
    )
"""


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    code: int
    out: bytes
    err: bytes

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Standard output, read strictly: each line one JSON object."""
        return parse_lines(self.out)

    def messages(self) -> list[str]:
        return [entry["message"] for entry in self.entries]


def environment(**more: str) -> dict[str, str]:
    """As little as a container has."""
    paths = [str(_HERE.parent / "src"), str(_HERE)]
    return {"PYTHONPATH": ":".join(paths), "PATH": "/usr/bin:/bin", **more}


def start(script: str, *args: str, **streams: Any) -> "subprocess.Popen[bytes]":
    """Start a script, with the names above at hand."""
    source = _PROLOGUE + dedent(script)
    return subprocess.Popen([sys.executable, "-c", source, *args], env=environment(), **streams)


def run(script: str, *args: str) -> Ended:
    """Run a script to its end."""
    process = start(script, *args, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(timeout=_WITHIN_S)
    finally:
        process.kill()
        process.wait()
    return Ended(process.returncode, out, err)
