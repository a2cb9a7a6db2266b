"""What a service declares so that its alarms can be drilled.

``tocsin.toml`` names an object of :class:`Drills` by its import path (``drills =
"drills:CAUSES"``). Its ``stage`` starts the real service with what it stands on; each
:class:`Cause` brings one incident about and mends it again.

>>> Cause(alert="ServiceDown", deed="kill it", cause=print, mend=print).within_s
45.0
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tocsin.errors import TocsinError
from tocsin.rehearsal.cloud.faults import Faults
from tocsin.rehearsal.uptime.check import UptimeCheck


class NotReadyError(TocsinError):
    """The service, its telemetry or the uptime check did not come up in time."""


class DrilledService(Protocol):
    """What a drill reads of ``tocsin.toml`` (:class:`tocsin.monitoring.service.Service`)."""

    @property
    def file(self) -> Path: ...  # noqa: D102 - as there

    @property
    def rule_files(self) -> tuple[Path, ...]: ...  # noqa: D102 - as there

    @property
    def escalation(self) -> Path | None: ...  # noqa: D102 - as there

    @property
    def drills(self) -> str | None: ...  # noqa: D102 - as there

    def named(self, import_path: str) -> Any: ...  # noqa: D102 - as there


@dataclass(frozen=True, kw_only=True)
class Backdrop:
    """What a stage is given: where to send telemetry, and where to keep files."""

    folder: Path
    project: str
    google_endpoint: str
    """``host:port`` of the rehearsal cloud's gRPC door"""
    export_every_s: float
    faults: Faults
    """trouble of the cloud on request"""


class Stage(Protocol):
    """The service in service; what else it has is between it and its causes."""

    @property
    def url(self) -> str:
        """Where it answers."""
        ...

    def people(self) -> Iterable[str]:
        """Accounts and addresses that took part: no notification may name one."""
        ...


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One incident, made for real. ``cause`` returns soon, and lasts until ``mend``.

    >>> slow = Cause(alert="QueueSlow", also=("QueueStuck",), deed="", cause=print, mend=print)
    >>> slow.alerts
    ('QueueSlow', 'QueueStuck')
    """

    alert: str
    deed: str
    """what is done, for a reader"""
    cause: Callable[[Any], object]
    mend: Callable[[Any], object]
    also: tuple[str, ...] = ()
    """alarms that the same incident must raise too"""
    may: frozenset[str] = frozenset()
    """alarms that it may raise besides"""
    thresholds: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """by alarm, comparisons with a time that shrink with it: ``{"A": {"> 300": "> 10"}}``"""
    within_s: float = 45.0
    """from cause to the last channel, and again from mending to the last all-clear"""

    @property
    def alerts(self) -> tuple[str, ...]:
        """All that must ring."""
        return (self.alert, *self.also)


@dataclass(frozen=True, kw_only=True)
class Drills:
    """All of a service's."""

    stage: Callable[[Backdrop], AbstractContextManager[Stage]]
    uptime: UptimeCheck
    causes: tuple[Cause, ...]
    """in the order in which they are best caused"""
    not_drilled: Mapping[str, str] = field(default_factory=dict)
    """alarms that cannot be caused here, and why"""
    summing: Mapping[str, str] = field(default_factory=dict)
    """alarms over hours, which several incidents raise together or none does; and why they may
    ring at any time after the first of them"""

    def cause_of(self, alert: str) -> Cause | None:
        """How this alarm is caused."""
        return next((one for one in self.causes if alert in one.alerts), None)

    def why_not(self, alert: str) -> str:
        """Why this alarm is not caused."""
        reasons = {**self.summing, **self.not_drilled}
        return reasons.get(alert, "no cause is declared for it")
