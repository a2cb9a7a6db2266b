"""What an engine made of a week: which incidents it found, how soon, and what rang for nothing.

>>> flood = Incident("flood", 600, 1200, must=("Flood",), least_s={"Flood": 60.0})
>>> verdict = judged("prometheus", [flood], {"Flood": [Firing(690, 1500)], "Down": []})
>>> [(one.alert, one.detected_s, one.cleared_s) for one in verdict.found], verdict.is_good
([('Flood', 90, 300)], True)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tocsin.rehearsal.week.firing import Firing
from tocsin.rehearsal.week.series import Incident

SETTLES_S: Final = 5400
"""An alarm over an hour's window may still begin to ring that long after its incident's end."""


@dataclass(frozen=True)
class Found:
    """One incident under one alarm: ``detected_s`` from its start (None: missed)."""

    incident: str
    alert: str
    least_s: float | None
    detected_s: int | None
    cleared_s: int | None
    """from the incident's end; below zero if the alarm fell silent before it"""


@dataclass(frozen=True)
class FalseFiring:
    """An alarm without an incident that accounts for it."""

    alert: str
    firing: Firing
    during: str = ""
    """an incident of that time, which may not raise it"""


@dataclass(frozen=True)
class Verdict:
    """All of one engine."""

    engine: str
    found: tuple[Found, ...]
    false_firings: tuple[FalseFiring, ...]
    silent: tuple[str, ...]
    """alarms that no incident must raise"""

    @property
    def missed(self) -> tuple[Found, ...]:
        """Incidents that an alarm did not ring for."""
        return tuple(one for one in self.found if one.detected_s is None)

    @property
    def is_good(self) -> bool:
        """Everything found, and nothing else rang."""
        return not self.missed and not self.false_firings


def judged(
    engine: str, incidents: Sequence[Incident], rang: Mapping[str, Sequence[Firing]]
) -> Verdict:
    """Hold what rang against what went wrong; times count from the week's beginning."""
    found = [_found(one, alert, rang.get(alert, ())) for one in incidents for alert in one.must]
    musts = {alert for one in incidents for alert in one.must}
    return Verdict(
        engine=engine,
        found=tuple(found),
        false_firings=tuple(_false_firings(incidents, rang)),
        silent=tuple(alert for alert in rang if alert not in musts),
    )


def _found(incident: Incident, alert: str, firings: Sequence[Firing]) -> Found:
    mine = [one for one in firings if _is_of(one, incident)]
    return Found(
        incident=incident.name,
        alert=alert,
        least_s=incident.least_s.get(alert),
        detected_s=mine[0].start_s - incident.start_s if mine else None,
        cleared_s=mine[-1].end_s - incident.end_s if mine else None,
    )


def _false_firings(
    incidents: Sequence[Incident], rang: Mapping[str, Sequence[Firing]]
) -> Iterator[FalseFiring]:
    for alert, firings in rang.items():
        for firing in firings:
            near = [one for one in incidents if _is_of(firing, one)]
            if not any(alert in (*one.must, *one.may) for one in near):
                yield FalseFiring(alert, firing, near[0].name if near else "")


def _is_of(firing: Firing, incident: Incident) -> bool:
    """Whether it began during the incident or while that settles."""
    return incident.start_s <= firing.start_s <= incident.end_s + SETTLES_S
