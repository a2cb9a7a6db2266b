"""What the telemetry of one process is told at its start.

Plain frozen data: a service builds it from its own settings, so that there is one place
where the environment is read. ``Environment`` is the one vocabulary for where we run;
every spelling that deployments are known to send is an alias of it (defects D17, D93).

>>> Environment.parse("prod") is Environment.PRODUCTION
True
>>> TelemetrySettings(service="shop", environment=Environment.TEST).strict
True
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from tocsin.errors import DeclarationError

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


class Environment(StrEnum):
    """Where a process runs."""

    DEVELOPMENT = "development"
    TEST = "test"
    STAGING = "staging"
    PRODUCTION = "production"

    @classmethod
    def parse(cls, text: str) -> "Environment":
        """Read a deployment's spelling.

        Raises:
            DeclarationError: no environment goes by that name.
        """
        name = text.strip().lower()
        try:
            return cls(_ALIASES.get(name, name))
        except ValueError:
            known = ", ".join(sorted([*cls, *_ALIASES]))
            raise DeclarationError(
                f"no environment is called {text!r}: use one of {known}"
            ) from None


_ALIASES = {
    "dev": "development",
    "local": "development",
    "testing": "test",
    "ci": "test",
    "stage": "staging",
    "stg": "staging",
    "prod": "production",
    "live": "production",
}


def _instance() -> str:
    return socket.gethostname()


@dataclass(frozen=True, kw_only=True)
class TelemetrySettings:
    """Everything that telemetry needs to know; times in seconds, sizes in bytes."""

    service: str
    environment: Environment
    version: str = "unknown"
    commit: str = "unknown"
    instance: str = field(default_factory=_instance)
    google_project: str = ""
    """Makes trace fields `projects/P/traces/T`; empty leaves the bare trace id."""

    log_format: Literal["json", "console"] = "json"
    log_level: Level = "INFO"
    logger_levels: Mapping[str, Level] = field(default_factory=lambda: MappingProxyType({}))
    """Level by logger name; a name covers its children (`sqlalchemy` → `sqlalchemy.engine`)."""

    debug_sample_ratio: float = 0.1
    """Share of traces whose DEBUG lines are kept (the plan's R244)."""
    trace_ratio: float = 0.1
    """Share of the traces that begin here and are recorded, where tracing is on."""
    trace_unsampled_parents: bool = False
    """Take this share of the traces, too, that a caller began and did not sample.

    Cloud Run's front end begins a trace for every request and samples one in ten seconds
    per instance: behind it nothing else gives ``trace_ratio`` a meaning. The decision is
    by trace id, so services of one ratio still agree."""
    slow_request_s: float = 2.0
    """A request that took longer keeps its DEBUG lines, whatever its trace."""

    trusted_proxies: int = 0
    """How many reverse proxies of our own stand before the process (Cloud Run: 1)."""
    probe_paths: frozenset[str] = frozenset(
        {"/health", "/health/ready", "/health/detailed", "/metrics"}
    )
    """Whole paths whose requests are kept out of the service's indicators."""

    @classmethod
    def of(cls, service: str, environment: str) -> "TelemetrySettings":
        """The least that has to be told; at a developer's desk lines are written for people.

        Raises:
            DeclarationError: no environment goes by that name.

        >>> TelemetrySettings.of("shop", "dev").log_format
        'console'
        """
        where = Environment.parse(environment)
        at_a_desk = where is Environment.DEVELOPMENT
        return cls(
            service=service, environment=where, log_format="console" if at_a_desk else "json"
        )

    @property
    def strict(self) -> bool:
        """Under test a failure of telemetry is raised, not counted."""
        return self.environment is Environment.TEST

    @property
    def process(self) -> str:
        """The process id as text: part of every writer's identity."""
        return str(os.getpid())
