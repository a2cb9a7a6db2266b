"""What is said of health, in the words of the draft for health checks of APIs.

``application/health+json`` with ``status``, ``notes``, ``checks`` and the rest are those of
https://datatracker.ietf.org/doc/html/draft-inadarei-api-health-check-06. Strangers are told a
status and nothing else: no names, no versions, no texts of errors (D39, behaviour 33).

>>> alive().body
{'status': 'pass', 'notes': ['alive']}
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from tocsin.health.check import Status
from tocsin.health.checkup import Result, overall
from tocsin.health.life import Life, Phase

MEDIA_TYPE: Final = "application/health+json"
ASK_AGAIN_S: Final = 5
_OK: Final = 200
_UNAVAILABLE: Final = 503
_NS: Final = 1_000_000_000


@dataclass(frozen=True)
class Answer:
    """A status, a body of plain data, and headers that go with it."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


def alive() -> Answer:
    """The process runs, and so does its loop."""
    return _answer(Status.PASS, {"notes": ["alive"]})


def not_alive() -> Answer:
    """The loop is stuck, or was for much of the last minute."""
    return _answer(Status.FAIL, {"notes": ["stuck"]})


def readiness(
    status: Status, results: Iterable[Result], *, phase: Phase, with_names: bool
) -> Answer:
    """Whether requests may come; what is amiss is named to those who may know."""
    more: dict[str, Any] = {}
    if with_names:
        more["phase"] = phase.value
        amiss = [one for one in results if one.status is not Status.PASS]
        more["checks"] = {one.check.name: [_component(one)] for one in amiss}
    return _answer(status, more)


def detailed(
    results: Iterable[Result],
    *,
    life: Life,
    release: Mapping[str, str],
    parts: Mapping[str, Any],
) -> Answer:
    """Everything; always 200, because it was answered: its ``status`` says how things stand."""
    known = list(results)
    status = overall(known) if life.phase is Phase.READY else Status.FAIL
    body = {
        "status": status.value,
        **release,
        "phase": life.phase.value,
        "started": _moment(life.started_ns),
        "checks": {one.check.name: [_component(one)] for one in known},
        **parts,
    }
    return Answer(_OK, body)


def _answer(status: Status, more: Mapping[str, Any]) -> Answer:
    if status is Status.FAIL:
        headers = {"retry-after": str(ASK_AGAIN_S)}
        return Answer(_UNAVAILABLE, {"status": status.value, **more}, headers)
    return Answer(_OK, {"status": status.value, **more})


def _component(one: Result) -> dict[str, Any]:
    told: dict[str, Any] = {
        "status": one.status.value,
        "criticality": one.check.criticality.value,
        "owner": one.check.owner,
        "took_s": round(one.took_s, 6),
    }
    if one.asked_ns:
        told |= {"time": _moment(one.asked_ns), "since": _moment(one.since_ns)}
    if one.reason:
        told["output"] = one.reason
    if one.observed is not None:
        told |= {"observedValue": one.observed, "observedUnit": one.unit}
    return told


def _moment(ns: int) -> str:
    return datetime.fromtimestamp(ns / _NS, UTC).isoformat(timespec="milliseconds")
